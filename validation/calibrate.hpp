// Fits the uncertain numbers of one preset to recorded `calibrate` points.
//
// A parameter is an entry of the preset's `uncertain` with both bounds (scenarios/uncertain.hpp).
// A recorded value takes part when a case predicts it from a scenario that uses the preset. What
// a `validate` point recorded never gets here: the type CalibrationPoint has no such values.
// Checked tests/validation/calibrate_test.cpp: data made by the simulator give its parameters back.
#pragma once

#include <Eigen/Dense>
#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "scenarios/scenario.hpp"
#include "validation/least_squares.hpp"

namespace validation {

struct CalibrateOptions {
  std::string preset;              // a name of the library, or a path that ends in .toml
  std::vector<std::string> data;   // files; empty: the data embedded in the program
  std::vector<std::string> cases;  // folders; empty: the cases embedded in the program
  std::vector<std::string> keys;   // only these, "link.*.efficiency"; empty: all with bounds
  double error = 0.02;             // relative standard error of a recorded value
  int replications = 3;
  int jobs = 0;
  const std::atomic<bool>* cancel = nullptr;
  std::function<void(int evaluations)> progress;  // simulations of all cases so far
};

struct CalibratedValue {
  std::string point;
  std::string value;  // "value", "values[2]"
  std::string unit;
  double recorded = 0.0;
  double before = 0.0;  // predicted with the preset as it is
  double after = 0.0;   // predicted with the fitted one
};

struct Calibration {
  std::string preset_file;  // as parameters name it
  std::vector<scenarios::UncertainParameter> parameters;
  Fit fit;  // its parameters in the same order
  std::vector<CalibratedValue> values;
  std::vector<std::string> data;  // names of the files with points that took part
  int replications = 0;
  double error = 0.0;
};

struct Interrupted {};

// Throws sim::ConfigError (scenarios::ScenarioError with places) when the preset is unknown or has
// no parameter with bounds, a key is none of them, the data hold no `calibrate` point, or no case
// predicts one from the preset. Throws Interrupted when cancelled.
Calibration calibrate(const CalibrateOptions& options);

}  // namespace validation
