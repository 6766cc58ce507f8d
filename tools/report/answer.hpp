// The study's answer in a sentence: the slowest VM class, how slow, and why.
#pragma once

#include <cstddef>
#include <string>

#include "scenarios/run.hpp"
#include "scenarios/scenario.hpp"

namespace tools::report {

// What is asked of a study's results.
struct Question {
  std::string vm;      // a class; empty: whichever is worst
  std::string metric;  // of VMs, and worse at one of its ends (models::better); empty: throughput,
                       // or p99 of requests that come to a class by themselves
};

// The VM class that is furthest on the wrong side of its baseline, by the metric; where no baseline
// has a value, by the metric itself. No point when none can be judged.
struct Slowest {
  const scenarios::PointResults* point = nullptr;
  std::size_t vm_class = 0;
  const scenarios::Estimate* judged = nullptr;
  bool relative = true;  // to the baseline
  bool certain = false;  // worse than that by more than the interval
  std::string metric;
};
Slowest slowest(const scenarios::Study& study, const scenarios::StudyResults& results,
                const Question& question = {});

// What a class is compared with: "1 guest VM, pinned to cores", or alone on the host.
std::string baseline(const scenarios::Study& study, const scenarios::PointResults& point);

// Empty: no VM does work, and the study asks what limits keep.
std::string answer(const scenarios::Study& study, const scenarios::StudyResults& results);
// The sentence about one that there is.
std::string answer(const scenarios::Study& study, const Slowest& found);

}  // namespace tools::report
