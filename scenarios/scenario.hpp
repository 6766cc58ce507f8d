// A scenario as plain structs: what the host is, what runs on it, what is asked. No behaviour.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
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
  bool until_tests_end = false;                // or until all tests of guests have ended
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

// A number of a preset that is not known exactly (uncertain.hpp). Values are counted in `unit`.
struct UncertainParameter {
  std::string file;        // the preset that says so
  std::string key;         // "host.link.*.efficiency"; with file it names the parameter
  std::string unit;        // as written behind the number, "ns"; empty: a plain number
  double value = 0.0;      // what the preset says
  double deviation = 0.0;  // standard
  std::optional<double> low;
  std::optional<double> high;
  std::string source;
  std::map<std::string, double> correlation;  // with keys of the same file, where not 0
};

// A value to read a scenario with, instead of what the preset says.
struct Assumption {
  std::string file;
  std::string key;
  double value = 0.0;  // in the parameter's unit
};

// Keys given on the command line, "vm.guest.count" = "32" as TOML values; they win over the file.
struct Override {
  std::string key;
  std::string value;
};

// Values of ${NAME} in fio job files, which a program takes from its environment.
using Variables = std::map<std::string, std::string, std::less<>>;

// Tables that only another reader knows (a case's [[check]]) are named in `ignore`.
struct ReadOptions {
  std::vector<Override> overrides{};
  std::vector<std::string> ignore{};
  std::vector<Assumption> assumed{};
  Variables variables{};
};

// What a study wants of each of its points: "latency.p99 <= 2 x baseline".
struct Limit {
  std::string text;
  std::string metric;  // "latency.p99.relative" of any class, or "vm.web.latency.p99"
  bool at_most = true;
  double bound = 0.0;  // in the metric's base unit
};

// A point that is not run, for its host is too small.
struct LeftOut {
  Coordinates at;
  std::string why;
};

// A whole file: every sweep point (cross product, first key slowest), and what the report shows.
struct Study {
  std::string file;  // where it came from, for messages
  StudySettings settings;
  std::vector<Point> points;          // at least one; `at` is empty without a sweep
  std::size_t first_replication = 0;  // of those that are run: which random numbers they draw
  // [point] the point that it is relative to; empty: each VM class alone on the host.
  std::vector<std::size_t> baseline;
  std::vector<std::string> show;  // metrics to print, e.g. "throughput.relative"; empty: default
  std::vector<std::string> relative;  // metrics to divide by the baseline's, beside throughput
  std::vector<Limit> limits;          // that points keep or not (limit.hpp)
  std::vector<std::string> notes;     // how what was asked for became what is run
  std::vector<LeftOut> left_out;      // points that are not among these (room.hpp)
  std::optional<std::set<std::size_t>> kept;  // which of all points these are; no value: not yet told
  std::vector<UncertainParameter> uncertain;  // of all presets in use
  std::vector<UncertainParameter> general;    // groups of costs that any point feels (general.hpp)
  std::string text;                           // what was read, and how: to read it again under
  ReadOptions options;                        // other assumptions
};

}  // namespace scenarios
