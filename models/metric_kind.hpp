// What the catalogue of metrics (results.hpp) says of a concrete metric.
#pragma once

#include <string_view>

#include "models/cause.hpp"
#include "models/results.hpp"

namespace models {

// "vm.guest.cpu.steal" -> the entry of "vm.<vm>.cpu.steal"; null: none.
const MetricKind* kind_of(std::string_view metric);

// A share of something: between 0 and 1.
bool is_share(std::string_view metric);
// A time, or a rate: what a stopwatch would tell, not a count or a size.
bool is_timed(std::string_view metric);

// "vm.web.latency.p99" of "vm.web.latency.p99.relative", which is the same over that of the
// baseline; of others nothing.
std::string_view relative_of(std::string_view metric);
// Which values of it, or of its ratio to the baseline, someone is better off with.
Better better(std::string_view metric);

// What it tells of: guests' files, disks and their servers; packets, streams and migrations; or
// else computing.
enum class Subject { computing, storage, network };
inline constexpr int kSubjects = 3;
std::string_view name(Subject subject);
Subject subject_of(std::string_view metric);
Subject subject_of(Cause cause);  // of time that goes there

}  // namespace models
