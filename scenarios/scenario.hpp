// A scenario as plain structs: what the host is, what runs on it, what is asked. No behaviour.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "models/host_description.hpp"
#include "sim/units.hpp"

namespace scenarios {

struct StudySettings {
  std::string title;
  sim::Duration duration{20'000'000'000'000};  // measured part of each run, 20 s
  std::optional<sim::Duration> warmup;         // empty: "auto"
  int replications = 5;
  std::uint64_t seed = 1;
  double confidence = 0.95;
};

// One run's worth of input, sweep point applied, presets expanded, defaults filled.
struct Scenario {
  StudySettings study;
  models::HostDescription host;
};

// A value that a sweep or a baseline gives to a key, as written.
using SweepValue = std::variant<std::string, std::int64_t, double, bool>;
// Coordinates of a sweep point, in the order the sweep names its keys.
using Coordinates = std::vector<std::pair<std::string, SweepValue>>;

struct Point {
  Coordinates at;
  Scenario scenario;
};

// A whole file: every sweep point (cross product, first key slowest), and what the report shows.
struct Study {
  std::string file;  // where it came from, for messages
  StudySettings settings;
  std::vector<Point> points;            // at least one; `at` is empty without a sweep
  std::optional<std::size_t> baseline;  // index into points; empty: each VM class alone on the host
  std::vector<std::string> show;  // metrics to print, e.g. "throughput.relative"; empty: default
};

}  // namespace scenarios
