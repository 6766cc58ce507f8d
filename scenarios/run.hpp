// Runs a study: every point, replicated, on all cores; and what its replications say together.
//
// The answer does not depend on the number of jobs: replication r of every point draws from the
// streams of seed (seed, r), so points are compared under common random numbers, and results are
// combined in a fixed order.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/host.hpp"
#include "models/metric_kind.hpp"
#include "models/results.hpp"
#include "scenarios/scenario.hpp"
#include "sim/interval.hpp"

namespace scenarios {

struct Plan;

// A mean over replications with its Student-t confidence interval; lo == hi == value when exact.
using Estimate = sim::Interval;

// How much of computing, storage and network is in a metric, summing to 1.
using Mixture = std::array<double, models::kSubjects>;

struct MetricEstimate {
  std::string name;
  Estimate estimate;
  std::vector<double> samples{};         // of the replications, in their order
  std::vector<double> shifts{};          // per parameter of StudyResults (prediction.hpp)
  std::optional<Estimate> prediction{};  // its 90 % interval
  Mixture mixture{1.0};                  // whose errors it has (prediction.hpp)
};

// How the extra time per unit of work against the baseline divides over causes; sums to 1 when
// there is a slowdown, empty when there is none beyond the interval or what is printed.
struct Reason {
  models::Cause cause;
  double share;
  double times = 0.0;  // the cause's time per unit over the baseline's; 0: that had none
};

struct PointResults {
  Coordinates at;
  std::vector<MetricEstimate> metrics;           // includes "<vm>.throughput.relative"
  std::vector<models::TimeShares> time;          // mean over replications, one per VM class
  std::vector<std::vector<Reason>> reasons;      // one list per VM class, largest first
  std::vector<models::Utilisation> utilisation;  // mean
  std::vector<std::string> notes;                // what befell VMs, of the first that has any
  std::vector<std::string> violations;           // broken invariants of any replication
  int replications = 0;                          // finished ones
};

// Relative errors of times and rates, standard deviations (general.hpp).
struct ErrorLevels {
  std::array<double, models::kSubjects> discrepancy{};  // [subject] what the models leave out
  double repeatability = 0.0;                           // of a measurement
};

struct StudyResults {
  std::vector<PointResults> points;            // finished points, in the study's order
  std::vector<UncertainParameter> parameters;  // that shifts and prediction intervals carry
  ErrorLevels errors{};                        // the same
  bool interrupted = false;                    // some points are missing or have fewer replications
  std::uint64_t events = 0;
};

struct Progress {
  std::size_t done = 0;   // runs finished
  std::size_t total = 0;  // runs in all
};

struct RunOptions {
  int jobs = 0;  // 0: all cores
  bool check = false;
  const std::atomic<bool>* cancel = nullptr;      // set by Ctrl-C
  std::function<void(const Progress&)> progress;  // called from worker threads, one at a time
  std::string journal;  // file of finished runs, read at start and appended to; empty: none
};

// What a run calls, from several threads: the models, unless a test stands in for them.
struct Model {
  std::function<models::Results(const models::HostDescription&, const models::RunLength&,
                                const models::SimulateOptions&)>
      simulate = models::simulate;
  std::function<void(const models::HostDescription&)> check = models::check;
  std::function<sim::Duration(const models::HostDescription&)> automatic_warmup =
      models::automatic_warmup;
};

// Throws sim::ConfigError when a point is impossible, its runs do not fit into memory, or the
// journal cannot be used. A cancelled study returns what was finished.
StudyResults run(const Study& study, const RunOptions& options);
StudyResults run(const Study& study, const RunOptions& options, const Model& model);
// With its plan at hand (plan.hpp).
StudyResults run(const Study& study, const Plan& plan, const RunOptions& options,
                 const Model& model);

// The version that results and journals carry.
std::string_view program_version();

}  // namespace scenarios
