#include "validation/least_squares.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <unsupported/Eigen/NonLinearOptimization>

namespace validation {

namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kSteps[] = {0.05, 0.15, 0.40};  // of the range
constexpr double kStandsOut = 3.0;               // change over its own standard error
constexpr double kTogether = 0.98;               // correlation of parameters not told apart
const double kGuess = 1.0 / std::sqrt(12.0);     // deviation of a uniform guess over the range
constexpr int kMostEvaluations = 30;             // of the solver, differences not counted
constexpr double kTolerance = 1e-3;              // relative; below it is noise

VectorXd mean_of(const MatrixXd& residuals) {
  return residuals.rowwise().mean();
}

// The problem with some parameters held, in shares of their ranges: 0 at low, 1 at high.
class Problem {
 public:
  Problem(const Residuals& residuals, const std::vector<Bounded>& parameters)
      : residuals_{residuals}, parameters_{parameters}, share_(size()) {
    for (Eigen::Index j = 0; j < size(); ++j) {
      const Bounded& p = of(j);
      share_[j] = std::clamp((p.start - p.low) / (p.high - p.low), 0.001, 0.999);
      free_.push_back(j);
    }
  }

  Eigen::Index size() const { return static_cast<Eigen::Index>(parameters_.size()); }
  const Bounded& of(Eigen::Index j) const { return parameters_[static_cast<std::size_t>(j)]; }
  const std::vector<Eigen::Index>& free() const { return free_; }
  void hold(Eigen::Index j) { std::erase(free_, j); }
  VectorXd& share() { return share_; }
  int evaluations() const { return evaluations_; }

  MatrixXd at(const VectorXd& share) {
    ++evaluations_;
    VectorXd theta(size());
    for (Eigen::Index j = 0; j < size(); ++j)
      theta[j] = of(j).low + share[j] * (of(j).high - of(j).low);
    return residuals_(theta);
  }

  // d residual / d share of one parameter; the widest step's when none stands out.
  VectorXd slope(const VectorXd& share, Eigen::Index j) {
    VectorXd best;
    for (const double step : kSteps) {
      VectorXd up = share;
      VectorXd down = share;
      up[j] = std::min(1.0, share[j] + step);
      down[j] = std::max(0.0, share[j] - step);
      const MatrixXd change = (at(up) - at(down)) / (up[j] - down[j]);
      best = mean_of(change);
      if (stands_out(change)) break;
    }
    return best;
  }

  // [value][free parameter]
  MatrixXd jacobian(const VectorXd& share) {
    MatrixXd all;
    for (std::size_t k = 0; k < free_.size(); ++k) {
      const VectorXd column = slope(share, free_[k]);
      if (k == 0) all.resize(column.size(), static_cast<Eigen::Index>(free_.size()));
      all.col(static_cast<Eigen::Index>(k)) = column;
    }
    return all;
  }

 private:
  static bool stands_out(const MatrixXd& change) {
    const VectorXd mean = mean_of(change);
    const auto n = static_cast<double>(change.cols());
    if (change.cols() < 2) return mean.norm() > 0.0;
    const double noise = (change.colwise() - mean).norm() / std::sqrt(n * (n - 1.0));
    return mean.norm() > kStandsOut * noise;
  }

  const Residuals& residuals_;
  const std::vector<Bounded>& parameters_;
  VectorXd share_;
  std::vector<Eigen::Index> free_;
  int evaluations_ = 0;
};

// Covariance in shares of the ranges; of what the Jacobian does not see, infinite variance.
MatrixXd covariance(const MatrixXd& jacobian) {
  const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen{jacobian.transpose() * jacobian};
  const VectorXd& values = eigen.eigenvalues();
  const double least = 1e-12 * std::max(values.maxCoeff(), 1e-300);
  const VectorXd inverse = values.unaryExpr([&](double v) { return 1.0 / std::max(v, least); });
  return eigen.eigenvectors() * inverse.asDiagonal() * eigen.eigenvectors().transpose();
}

MatrixXd correlation_of(const MatrixXd& covariance) {
  const VectorXd deviation = covariance.diagonal().cwiseSqrt();
  return deviation.cwiseInverse().asDiagonal() * covariance * deviation.cwiseInverse().asDiagonal();
}

struct Held {
  Eigen::Index free_index = -1;  // -1: all can be told
  std::string why;
};

Held least_known(const Problem& problem, const MatrixXd& jacobian) {
  const MatrixXd cov = covariance(jacobian);
  Eigen::Index worst = 0;
  const double error = std::sqrt(cov.diagonal().maxCoeff(&worst));
  const bool too_many = jacobian.cols() > jacobian.rows();
  if (!too_many && error < kGuess) return {};
  const MatrixXd correlation = correlation_of(cov);
  for (Eigen::Index j = 0; j < cov.cols(); ++j) {
    if (j == worst || std::abs(correlation(worst, j)) < kTogether) continue;
    return {worst, fmt::format("the data cannot tell it from {}",
                               problem.of(problem.free()[static_cast<std::size_t>(j)]).name)};
  }
  if (too_many) return {worst, "fewer recorded values than parameters"};
  return {worst, "its effect on the recorded values is too small"};
}

double logistic(double u) {
  return 1.0 / (1.0 + std::exp(-u));
}

// The problem as Eigen's solver wants it, in u.
struct Functor {
  Problem& problem;
  Eigen::Index value_count;

  int inputs() const { return static_cast<int>(problem.free().size()); }
  int values() const { return static_cast<int>(value_count); }

  VectorXd share(const VectorXd& u) const {
    VectorXd all = problem.share();
    for (std::size_t k = 0; k < problem.free().size(); ++k)
      all[problem.free()[k]] = logistic(u[static_cast<Eigen::Index>(k)]);
    return all;
  }
  int operator()(const VectorXd& u, VectorXd& residuals) const {
    residuals = mean_of(problem.at(share(u)));
    return 0;
  }
  int df(const VectorXd& u, MatrixXd& jacobian) const {
    const VectorXd at = share(u);
    jacobian = problem.jacobian(at);
    for (std::size_t k = 0; k < problem.free().size(); ++k) {
      const double s = at[problem.free()[k]];
      jacobian.col(static_cast<Eigen::Index>(k)) *= s * (1.0 - s);
    }
    return 0;
  }
};

void solve(Problem& problem, Eigen::Index values) {
  Functor functor{problem, values};
  VectorXd u(functor.inputs());
  for (Eigen::Index k = 0; k < u.size(); ++k) {
    const double s = problem.share()[problem.free()[static_cast<std::size_t>(k)]];
    u[k] = std::log(s / (1.0 - s));
  }
  Eigen::LevenbergMarquardt<Functor> solver{functor};
  solver.parameters.maxfev = kMostEvaluations;
  solver.parameters.ftol = kTolerance;
  solver.parameters.xtol = kTolerance;
  solver.minimize(u);
  problem.share() = functor.share(u);
}

void report_free(Problem& problem, const VectorXd& end, Fit& result) {
  const MatrixXd jacobian = problem.jacobian(problem.share());
  const auto freedom = static_cast<double>(jacobian.rows() - jacobian.cols());
  const double scatter = freedom > 0 ? std::max(1.0, end.squaredNorm() / freedom) : 1.0;
  const MatrixXd cov = covariance(jacobian) * scatter;
  const MatrixXd correlation = correlation_of(cov);
  for (std::size_t a = 0; a < problem.free().size(); ++a) {
    const Eigen::Index j = problem.free()[a];
    const auto ka = static_cast<Eigen::Index>(a);
    FittedBounded& fitted = result.parameters[static_cast<std::size_t>(j)];
    fitted.standard_error = std::sqrt(cov(ka, ka)) * (problem.of(j).high - problem.of(j).low);
    fitted.at_bound = problem.share()[j] < 0.01 || problem.share()[j] > 0.99;
    for (std::size_t b = 0; b < problem.free().size(); ++b)
      result.correlation(j, problem.free()[b]) = correlation(ka, static_cast<Eigen::Index>(b));
  }
}

}  // namespace

Fit fit(const Residuals& residuals, const std::vector<Bounded>& parameters) {
  Problem problem{residuals, parameters};
  Fit result;
  result.parameters.resize(parameters.size());
  result.correlation = MatrixXd::Identity(problem.size(), problem.size());
  VectorXd end = mean_of(problem.at(problem.share()));

  MatrixXd jacobian = problem.jacobian(problem.share());
  while (jacobian.cols() > 0) {
    const Held held = least_known(problem, jacobian);
    if (held.free_index < 0) break;
    const Eigen::Index j = problem.free()[static_cast<std::size_t>(held.free_index)];
    result.parameters[static_cast<std::size_t>(j)].held = held.why;
    problem.hold(j);
    MatrixXd rest(jacobian.rows(), jacobian.cols() - 1);
    rest << jacobian.leftCols(held.free_index),
        jacobian.rightCols(jacobian.cols() - held.free_index - 1);
    jacobian = rest;
  }
  if (!problem.free().empty()) {
    solve(problem, end.size());
    end = mean_of(problem.at(problem.share()));
    report_free(problem, end, result);
  }
  for (Eigen::Index j = 0; j < problem.size(); ++j) {
    FittedBounded& fitted = result.parameters[static_cast<std::size_t>(j)];
    const Bounded& p = problem.of(j);
    fitted.value = fitted.held.empty() ? p.low + problem.share()[j] * (p.high - p.low) : p.start;
  }
  result.residuals = end;
  result.evaluations = problem.evaluations();
  return result;
}

}  // namespace validation
