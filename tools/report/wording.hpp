// The words and numbers of reports: causes, coordinates and quantities as people say them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "models/results.hpp"
#include "scenarios/compare.hpp"
#include "scenarios/run.hpp"
#include "scenarios/scenario.hpp"
#include "scenarios/what_if.hpp"

namespace tools::report {

// "link queueing"; and for narrow columns "link q."
std::string_view label(models::Cause cause);
std::string_view short_label(models::Cause cause);

// "guest" of "vm.guest".
std::string_view class_name(std::string_view object);

// A sweep value as it was written.
std::string text(const scenarios::SweepValue& value);

// A value with the prefix that leaves one to three digits before the point: 0.0000041 s is
// "4.10 us", 0.547 of unit "1" is "54.7 %".
std::string quantity(double value, std::string_view unit);

// "54.7 % ± 0.6"; without the half-width when there was one replication.
std::string share(const scenarios::Estimate& estimate, int replications);

// "4.10 ms (3.90 ms .. 4.30 ms)" in a unit, "2.30 (2.10 .. 2.60)" of unit "factor"; without the
// interval when there was one replication, or all say the same.
std::string with_interval(const scenarios::Estimate& estimate, int replications,
                          std::string_view unit);

// The shortest tail of each key that no other key of the list has: "count", or "guest.count".
std::vector<std::string> short_keys(const scenarios::Coordinates& at);

// Coordinates in a sentence: "64 guest VMs, unpinned".
std::string phrase(const scenarios::Coordinates& at);

// What causes are called as reasons, where it depends.
struct Terms {
  // More of it for the same instructions and cache hits: a lower clock, or another CPU.
  std::string_view running = "slower core";
  std::string_view steal = "steal";
};

// "link queueing 41 %, remote memory 33 %", at most `most` of them, none below one percent.
std::string text(const std::vector<scenarios::Reason>& reasons, std::size_t most,
                 const Terms& terms = {});

// "58.1 .. 69.6 %": a prediction interval of a share.
std::string interval(const scenarios::Estimate& prediction);

const scenarios::Estimate* find_metric(const scenarios::PointResults& point,
                                       std::string_view metric);

// What a metric stands for only where that is not 0: of "migration.guest.time" and ".downtime"
// "migration.guest.completed"; of others nothing.
std::string completion_of(std::string_view metric);

// The metric's value as tables show it; "-" where the point has none, or none that counts.
std::string value(const scenarios::PointResults& point, const std::string& metric);

// A change that is not distinguishable from none; with its estimate where that is large:
// "vm.web.count = 0 (+768 %, too few replications to tell)".
std::string undecided(const scenarios::Gain& gain);

// How a metric differs: "+43.0 % ± 5.9", "no difference", or "+43.0 % ± 190.1: cannot be told"
// where the interval holds zero and reaches far from it.
std::string verdict(const scenarios::Difference& difference);

// Throughput of a class against its baseline, or null when it has none; and its prediction
// interval.
const scenarios::Estimate* relative(const scenarios::PointResults& point, std::string_view object);
const scenarios::Estimate* relative_prediction(const scenarios::PointResults& point,
                                               std::string_view object);

}  // namespace tools::report
