// Runs every case and holds its predictions against the recorded points.
//
// This is the whole harness: read data, read cases, run scenarios, compare, summarise. Reports
// are printed by report.hpp.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "validation/compare.hpp"

namespace validation {

struct ValidateOptions {
  std::vector<std::string> data;   // folders; empty: the data embedded in the program
  std::vector<std::string> cases;  // folders; empty: the cases embedded in the program
  std::string subsystem;  // only this one and its parts ("storage", "storage.qcow2"); empty: all
  int jobs = 0;           // 0: all cores
  const std::atomic<bool>* cancel = nullptr;
  std::function<void(std::size_t done, std::size_t total)> progress;  // cases run
};

// Error figures are over `validate` points without a bound, so that a fit cannot flatter them;
// covered and uncovered count all points.
struct Summary {
  std::size_t covered = 0;
  std::size_t uncovered = 0;
  std::size_t bounds_kept = 0;
  std::size_t bounds_broken = 0;
  std::optional<double> median_abs_error;
  std::optional<double> p90_abs_error;
  std::optional<double> bias;         // mean relative error
  std::optional<double> pi_coverage;  // share of recorded values inside the prediction interval
  std::optional<double> calibration_median_abs_error;  // the same over `calibrate` points
};

// Median |error| of predictions that need no simulator, over the points where each predicts
// anything, and skill = 1 - our median error / the better one's over the same points.
struct BaselineSummary {
  std::optional<double> fluid_cpu;
  std::optional<double> rule_of_thumb;
  std::optional<double> skill;
};

struct Report {
  std::vector<Record> points;                        // in the data's order
  std::map<std::string, Summary> summary;            // per subsystem, and "all"
  std::map<std::string, BaselineSummary> baselines;  // the same keys
  bool interrupted = false;                          // some cases did not run
  std::vector<std::string> failures;  // what is wrong with cases that could not be used, each once
};

// A case that cannot be read, whose scenario or checks are wrong, or that names a metric or
// coordinates that it does not have, is a failure of its own: its points are uncovered, the others
// are compared. Throws sim::ConfigError (scenarios::ScenarioError with places) when data cannot be
// read or a subsystem is unknown: before anything runs.
Report validate(const ValidateOptions& options = {});

}  // namespace validation
