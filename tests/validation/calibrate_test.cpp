#include "validation/calibrate.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <cmath>

#include "scenarios/prediction.hpp"
#include "scenarios/read.hpp"
#include "scenarios/run.hpp"
#include "sim/error.hpp"
#include "tests/temporary_folder.hpp"
#include "validation/fitted_preset.hpp"
#include "validation/remarks.hpp"

using namespace validation;

namespace {

// A host of one's own whose latencies and cache are not known well; the cache matters to nobody.
constexpr const char* kHost = R"(# My server.
[host]
use = "nehalem-x5570-2s"
name = "mine"
smt_yield = 1.3    # of no account here
[host.controller]
latency = "80 ns"  # a guess
[[host.uncertain]]
key = "controller.latency"
low = "50 ns"
high = "150 ns"
[[host.uncertain]]
key = "smt_yield"
low = 1.1
high = 1.6
source = "hearsay"
)";

// One chase through memory, and guests that stop to wait at random, so that runs differ.
constexpr const char* kCase = R"([study]
title = "pointer chase"
duration = "0.2 s"
warmup = "0.1 s"
replications = 3
[host]
use = "../host.toml"
[[vm]]
name = "probe"
memory = "256 MiB"
pin = ["0"]
numa = "strict"
workload = "pointer-chase"
[[vm]]
name = "compile"
memory = "2 GiB"
pin = ["2"]
workload = "kernel-compile"
[[check]]
point = "mine.chase"
metric = "vm.probe.throughput"
[[check]]
point = "mine.compile"
metric = "vm.compile.throughput"
[[check]]
point = "mine.secret"
metric = "vm.compile.cpu.steal"
)";

std::string point(const char* id, double value, const char* role) {
  return fmt::format(
      "[[point]]\nid = \"{}\"\nsubsystem = \"memory\"\nmetric = \"m\"\nunit = \"1/s\"\n"
      "value = {}\nrole = \"{}\"\n",
      id, value, role);
}

// The user's files: host, case, and data that the simulator itself made with 104 ns.
struct Files {
  explicit Files(const std::string& more_data = "") {
    std::filesystem::create_directory(folder.path("cases"));
    host = folder.write("host.toml", kHost);
    folder.write("cases/chase.toml", kCase);
    const scenarios::Study study = scenarios::read_text(kCase, folder.path("cases/chase.toml"),
                                                        {{{"study.seed", "4711"},
                                                          {"study.replications", "6"},
                                                          {"host.controller.latency", "104 ns"}},
                                                         {"check"},
                                                         {}});
    const auto results = scenarios::run(study, {});
    const auto value = [&](const std::string& name) {
      for (const auto& metric : results.points.front().metrics) {
        if (metric.name == name) return metric.estimate.value;
      }
      throw std::runtime_error{"no metric " + name};
    };
    data = folder.write("data.toml",
                        "[source]\nid = \"mine\"\n" +
                            point("mine.chase", value("vm.probe.throughput"), "calibrate") +
                            point("mine.compile", value("vm.compile.throughput"), "calibrate") +
                            more_data);
  }
  CalibrateOptions options() const {
    CalibrateOptions all;
    all.preset = host;
    all.data = {data};
    all.cases = {folder.path("cases")};
    return all;
  }
  tests::TemporaryFolder folder;
  std::string host;
  std::string data;
};

}  // namespace

TEST_CASE("data made by the simulator give its parameter back within the stated error") {
  const Files files;
  const Calibration c = calibrate(files.options());
  REQUIRE(c.parameters.size() == 2);
  CHECK(c.parameters[0].key == "host.controller.latency");
  const FittedBounded& latency = c.fit.parameters[0];
  CHECK(latency.held.empty());
  CHECK(std::abs(latency.value - 104.0) < 5.0 * latency.standard_error);
  CHECK(latency.value == Approx(104.0).epsilon(0.02));
  CHECK(latency.standard_error < 10.0);
  CHECK_THAT(c.fit.parameters[1].held, Catch::Contains("too small"));  // smt_yield
  CHECK(root_mean_square(c.values, true) < 0.02);
  CHECK(root_mean_square(c.values, true) < root_mean_square(c.values, false));
}

TEST_CASE("what validate points recorded changes no fitted value") {
  const Files without;
  const Files with{point("mine.secret", 0.5, "validate")};
  const Calibration a = calibrate(without.options());
  const Calibration b = calibrate(with.options());
  CHECK(a.fit.parameters[0].value == b.fit.parameters[0].value);
  CHECK(a.values.size() == b.values.size());
}

TEST_CASE("the fitted preset keeps its text, says what it was fitted to, and reads back") {
  const Files files;
  const Calibration c = calibrate(files.options());
  const std::string text = fitted_preset(preset_text(c.preset_file), c, "2026-11-21");
  CHECK_THAT(text, Catch::StartsWith("# Fitted on 2026-11-21") && Catch::Contains("# My server.") &&
                       Catch::Contains("# a guess") && Catch::Contains("mine.chase") &&
                       Catch::Contains("source = \"hearsay\""));
  files.folder.write("host.toml", text);
  const auto study =
      scenarios::read_file(files.folder.path("cases/chase.toml"), {{}, {"check"}, {}});
  const auto& fitted = study.uncertain.front();
  CHECK(fitted.value == Approx(c.fit.parameters[0].value).epsilon(1e-3));
  CHECK(fitted.deviation == Approx(c.fit.parameters[0].standard_error).epsilon(1e-3));
  CHECK(study.points.front().scenario.host.hardware.smt_yield == 1.3);
}

TEST_CASE("only the keys asked for are fitted") {
  const Files files;
  CalibrateOptions options = files.options();
  options.keys = {"controller.latency"};
  CHECK(calibrate(options).parameters.size() == 1);
  options.keys = {"controller.latncy"};
  CHECK_THROWS_WITH(calibrate(options), Catch::Contains("controller.latncy"));
}

TEST_CASE("a calibration without what it needs says what is missing") {
  const Files files;
  CalibrateOptions options = files.options();
  options.preset = "no-such-host";
  CHECK_THROWS_WITH(calibrate(options), Catch::Contains("no preset"));
  options = files.options();
  options.data = {files.folder.write("validate.toml", point("mine.chase", 1.0, "validate"))};
  CHECK_THROWS_WITH(calibrate(options), Catch::Contains("role = \"calibrate\""));
  options = files.options();
  options.data = {files.folder.write("other.toml", point("other.point", 1.0, "calibrate"))};
  CHECK_THROWS_WITH(calibrate(options), Catch::Contains("no case predicts"));
  options = files.options();
  options.data = {files.folder.path("nowhere.toml")};
  CHECK_THROWS_WITH(calibrate(options), Catch::Contains("nowhere.toml"));
  options = files.options();
  options.preset = "superpi";
  CHECK_THROWS_WITH(calibrate(options), Catch::Contains("no case predicts"));
}

TEST_CASE("a number that ends at a bound is told, in the file that is written, too") {
  const Files files;
  std::string text = kHost;
  text.replace(text.find("high = \"150 ns\""), 15, "high = \"85 ns\"");  // the data have 104 ns
  files.folder.write("host.toml", text);
  CalibrateOptions options = files.options();
  options.keys = {"controller.latency"};
  const Calibration c = calibrate(options);
  REQUIRE(c.fit.parameters.front().at_bound);
  REQUIRE(remarks(c).size() == 1);
  CHECK_THAT(remarks(c).front(), Catch::StartsWith("host.controller.latency ended at the upper "
                                                   "bound of its range, 85 ns"));
  CHECK_THAT(fitted_preset(preset_text(c.preset_file), c, "2026-11-22"),
             Catch::Contains("# Beware: host.controller.latency ended at the upper bound"));
}

TEST_CASE("a fit that gains nothing is told") {
  Calibration c;
  c.parameters = {{"a.toml", "host.controller.latency", "ns", 80.0, 5.0, 50.0, 150.0, "", {}}};
  c.fit.parameters = {{80.0, 1.0, "", false}};
  c.values = {{"p", "value", "s", 1.0, 1.2, 1.2}};
  REQUIRE(remarks(c).size() == 1);
  CHECK(
      remarks(c).front() ==
      "the fit gains nothing: with its numbers the recorded values are missed by 20.0 %, with the "
      "preset's own by 20.0 %");
  c.values.front().after = 1.1;
  CHECK(remarks(c).empty());
  c.fit.parameters.front().held = "its effect is too small";
  CHECK_THAT(remarks(c).front(), Catch::Contains("nothing was fitted"));
}

TEST_CASE("ranges that hold what cannot be are refused before anything is simulated") {
  const Files files;
  CalibrateOptions options = files.options();
  int simulated = 0;
  options.progress = [&](int) { ++simulated; };
  std::string text = kHost;
  files.folder.write("host.toml",
                     text.replace(text.find("low = \"50 ns\""), 13, "low = \"-5 ns\""));
  CHECK_THROWS_WITH(calibrate(options), Catch::Contains("got \"-5 ns\", need zero or more"));
  text = kHost;
  files.folder.write("host.toml", text.replace(text.find("low = 1.1"), 9, "low = -1.0"));
  CHECK_THROWS_WITH(calibrate(options),
                    Catch::Contains("host.smt_yield: low = -1") && Catch::Contains("got -1"));
  CHECK(simulated == 0);
}
