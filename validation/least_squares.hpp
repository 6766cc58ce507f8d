// Bounded non-linear least squares on a noisy simulation.
//
//   r(theta)[v]       residual of value v in standard errors, averaged over replications
//   theta = low + (high - low) / (1 + exp(-u))     keeps every trial inside the bounds
//   J[v][j]           central differences under common random numbers; the step of each parameter
//                     grows from 5 % to 40 % of its range until the change stands out of its noise
//   covariance        (J' J)^-1 max(1, chi^2 / (values - parameters))
//
// Parameters that the data cannot tell are held at their start: those whose standard error would
// be as wide as a uniform guess, and of two that only matter together the less certain one.
// Solver  Eigen's Levenberg-Marquardt (MINPACK's lmder).
// Checked tests/validation/least_squares_test.cpp.
#pragma once

#include <Eigen/Dense>
#include <functional>
#include <string>
#include <vector>

namespace validation {

// Residuals [value][replication] at theta; the same replications share their random numbers at
// every theta. Throws to stop the fit.
using Residuals = std::function<Eigen::MatrixXd(const Eigen::VectorXd& theta)>;

struct Bounded {
  std::string name;
  double start = 0.0;
  double low = 0.0;
  double high = 0.0;  // > low
};

struct FittedBounded {
  double value = 0.0;
  double standard_error = 0.0;  // 0 when held
  std::string held;             // why it was not fitted; empty when it was
  bool at_bound = false;        // within 1 % of its range
};

struct Fit {
  std::vector<FittedBounded> parameters;
  Eigen::MatrixXd correlation;  // [parameter][parameter]; 0 beside those held
  Eigen::VectorXd residuals;    // at the end
  int evaluations = 0;
};

// Expects at least one parameter and one value.
Fit fit(const Residuals& residuals, const std::vector<Bounded>& parameters);

}  // namespace validation
