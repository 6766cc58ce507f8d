// The study's answer in a sentence: the slowest VM class, how slow, and why.
#pragma once

#include <cstddef>
#include <string>

#include "scenarios/run.hpp"
#include "scenarios/scenario.hpp"

namespace tools::report {

// The VM class that a study slows down most; no point when none can be compared with a baseline.
struct Slowest {
  const scenarios::PointResults* point = nullptr;
  std::size_t vm_class = 0;
  const scenarios::Estimate* relative = nullptr;
};
Slowest slowest(const scenarios::Study& study, const scenarios::StudyResults& results);

// What a class is compared with: "1 guest VM, pinned to cores", or alone on the host.
std::string baseline(const scenarios::Study& study);

std::string answer(const scenarios::Study& study, const scenarios::StudyResults& results);

}  // namespace tools::report
