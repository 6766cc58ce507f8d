#include "validation/least_squares.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "sim/random.hpp"

using namespace validation;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

constexpr int kReplications = 4;
constexpr double kError = 0.02;

// y(x) = a exp(-b x) at seven x, with noise that is the same at every theta (common random
// numbers).
struct Decay {
  explicit Decay(std::uint64_t seed, double a = 3.0, double b = 0.7) {
    sim::Random random{seed, "decay"};
    for (int v = 0; v < 7; ++v) {
      x.push_back(0.4 * v);
      // Uniform of standard deviation kError: width sqrt(12) of it.
      recorded.push_back(value(x.back(), a, b) +
                         kError * std::sqrt(12.0) * (random.uniform() - 0.5));
      for (int r = 0; r < kReplications; ++r) noise.push_back(0.01 * (random.uniform() - 0.5));
    }
  }
  static double value(double x, double a, double b) { return a * std::exp(-b * x); }

  MatrixXd residuals(const VectorXd& theta) const {
    MatrixXd all(7, kReplications);
    for (int v = 0; v < 7; ++v) {
      for (int r = 0; r < kReplications; ++r) {
        const auto i = static_cast<std::size_t>(v);
        const double y = value(x[i], theta[0], theta[1]) +
                         noise[i * kReplications + static_cast<std::size_t>(r)];
        all(v, r) = (y - recorded[i]) / kError;
      }
    }
    return all;
  }

  std::vector<double> x, recorded, noise;
};

}  // namespace

TEST_CASE("a fit gives back the parameters within a few standard errors") {
  // Five standard errors: a false alarm of 6e-7 for each parameter.
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    INFO("seed " << seed);
    const Decay decay{seed};
    const Fit f = fit([&](const VectorXd& theta) { return decay.residuals(theta); },
                      {{"a", 1.0, 0.5, 10.0}, {"b", 0.2, 0.05, 3.0}});
    for (const auto& [j, truth] : {std::pair{0, 3.0}, {1, 0.7}}) {
      const FittedBounded& p = f.parameters[static_cast<std::size_t>(j)];
      CHECK(p.held.empty());
      CHECK(std::abs(p.value - truth) < 5.0 * p.standard_error);
      CHECK(p.standard_error < 0.05 * truth);
    }
    // More amplitude is made up for by more decay.
    CHECK(f.correlation(0, 1) > 0.3);
    CHECK(f.correlation(0, 1) == Approx(f.correlation(1, 0)));
  }
}

TEST_CASE("parameters that only matter as a product are not both fitted") {
  const Decay decay{1};
  const Fit f = fit(
      [&](const VectorXd& theta) {
        return decay.residuals(Eigen::Vector2d{theta[0] * theta[2], theta[1]});
      },
      {{"a", 1.5, 0.5, 10.0}, {"b", 0.5, 0.05, 3.0}, {"c", 1.2, 0.5, 2.0}});
  const FittedBounded& a = f.parameters[0];
  const FittedBounded& c = f.parameters[2];
  REQUIRE(a.held.empty() != c.held.empty());
  CHECK_THAT(a.held + c.held, Catch::Contains("cannot tell it from"));
  CHECK(a.value * c.value == Approx(3.0).epsilon(0.05));
  CHECK(f.parameters[1].value == Approx(0.7).epsilon(0.1));
}

TEST_CASE("a parameter without effect is held where it was") {
  const Decay decay{1};
  const Fit f = fit([&](const VectorXd& theta) { return decay.residuals(theta.head(2)); },
                    {{"a", 1.0, 0.5, 10.0}, {"b", 0.5, 0.05, 3.0}, {"idle", 5.0, 0.0, 9.0}});
  CHECK(f.parameters[2].value == 5.0);
  CHECK(f.parameters[2].standard_error == 0.0);
  CHECK_THAT(f.parameters[2].held, Catch::Contains("too small"));
  CHECK(f.parameters[0].held.empty());
}

TEST_CASE("a fit stays inside its bounds and says when it stops there") {
  const Decay decay{1};
  const Fit f = fit([&](const VectorXd& theta) { return decay.residuals(theta); },
                    {{"a", 1.0, 0.5, 2.5}, {"b", 0.5, 0.05, 3.0}});
  CHECK(f.parameters[0].value <= 2.5);
  CHECK(f.parameters[0].value > 2.4);
  CHECK(f.parameters[0].at_bound);
}

TEST_CASE("no more parameters are fitted than there are values") {
  const Fit f = fit(
      [](const VectorXd& theta) {
        return MatrixXd::Constant(1, 2, (theta[0] + 2.0 * theta[1] - 4.0) / 0.1);
      },
      {{"a", 1.0, 0.0, 3.0}, {"b", 1.0, 0.0, 3.0}});
  CHECK(f.parameters[0].held.empty() != f.parameters[1].held.empty());
  CHECK(f.parameters[0].value + 2.0 * f.parameters[1].value == Approx(4.0).epsilon(0.02));
}
