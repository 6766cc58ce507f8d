#include "validation/validate.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "scenarios/read.hpp"
#include "sim/error.hpp"
#include "tests/temporary_folder.hpp"
#include "validation/case.hpp"
#include "validation/prediction.hpp"

using namespace validation;

namespace {

std::string point(const std::string& id, const std::string& value) {
  return "[[point]]\nid = \"" + id +
         "\"\nsubsystem = \"scheduler\"\nmetric = \"m\"\nunit = \"fraction\"\nvalue = " + value +
         "\nrole = \"validate\"\n";
}

// One or two guests that spin on one CPU: two get a half each.
constexpr const char* kOneCpu = R"(
[study]
title = "two guests on one CPU"
duration = "1 s"
warmup = "0.2 s"
replications = 2
[host]
use = "nehalem-x5570-2s"
[vmm]
use = "kvm-3.10"
[[vm]]
name = "guest"
count = 1
memory = "64 MiB"
pin = ["0"]
workload = "spin"
[sweep]
"vm.guest.count" = [1, 2]
[report]
baseline = { "vm.guest.count" = 1 }
)";

std::string check_text(const std::string& id, const std::string& metric) {
  return "[[check]]\npoint = \"" + id + "\"\nmetric = \"" + metric +
         "\"\nat = { \"vm.guest.count\" = 2 }\n";
}

const Record& record(const Report& report, const std::string& id) {
  return *std::find_if(report.points.begin(), report.points.end(),
                       [&](const Record& r) { return r.id == id; });
}

}  // namespace

TEST_CASE("validate runs a case from folders and compares its prediction") {
  const tests::TemporaryFolder data;
  const tests::TemporaryFolder cases;
  data.write("recorded.toml", point("half", "0.5") + point("later", "1.0"));
  cases.write("one-cpu.toml", kOneCpu + check_text("half", "vm.guest.throughput.relative"));
  ValidateOptions options;
  options.data = {data.path()};
  options.cases = {cases.path()};
  std::size_t cases_run = 0;
  options.progress = [&](std::size_t done, std::size_t) { cases_run = done; };
  const Report report = validate(options);
  CHECK(cases_run == 1);
  const Record& half = record(report, "half");
  REQUIRE(half.predicted.has_value());
  CHECK(half.predicted->value == Approx(0.5).epsilon(0.02));
  CHECK(half.fluid_cpu.has_value());
  CHECK(half.scenario.ends_with("one-cpu.toml"));
  const Record& later = record(report, "later");
  CHECK(later.status == Status::uncovered);
  CHECK(later.reason == "no case reproduces its conditions yet");
  CHECK(report.summary.at("scheduler").covered == 1);
  CHECK(report.summary.at("all").uncovered == 1);
  CHECK_FALSE(report.interrupted);
}

TEST_CASE("a metric that the scenario does not have is an error, not a skip") {
  const tests::TemporaryFolder data;
  const tests::TemporaryFolder cases;
  data.write("recorded.toml", point("half", "0.5"));
  cases.write("one-cpu.toml", kOneCpu + check_text("half", "vm.guest.colour"));
  ValidateOptions options;
  options.data = {data.path()};
  options.cases = {cases.path()};
  const Report report = validate(options);
  REQUIRE(report.failures.size() == 1);
  CHECK_THAT(report.failures[0],
             Catch::Contains("one-cpu.toml:") && Catch::Contains("vm.guest.colour"));
  CHECK_THAT(record(report, "half").reason, Catch::Contains("failed"));
}

TEST_CASE("a case that is wrong takes no other case's results with it") {
  const tests::TemporaryFolder data;
  const tests::TemporaryFolder cases;
  data.write("recorded.toml", point("half", "0.5") + point("lost", "1.0"));
  cases.write("one-cpu.toml", kOneCpu + check_text("half", "vm.guest.throughput.relative"));
  cases.write("a-wrong.toml", "[host]\nuse = \"no-such-host\"\n" +
                                  check_text("lost", "vm.guest.throughput.relative"));
  ValidateOptions options;
  options.data = {data.path()};
  options.cases = {cases.path()};
  const Report report = validate(options);
  CHECK(record(report, "half").predicted.has_value());
  CHECK_FALSE(record(report, "lost").predicted.has_value());
  REQUIRE(report.failures.size() == 1);
  CHECK_THAT(report.failures[0], Catch::Contains("a-wrong.toml:2"));
  CHECK_FALSE(report.interrupted);
}

TEST_CASE("a case that cannot be read, or lacks a formula's numbers, costs only its own points") {
  const tests::TemporaryFolder data;
  const tests::TemporaryFolder cases;
  const std::string formula =
      "[[point]]\nid = \"formula\"\nsubsystem = \"raid\"\nmetric = \"m\"\n"
      "unit = \"fraction\"\nformulas = [\"1/n\"]\nrole = \"validate\"\n";
  data.write("recorded.toml",
             point("half", "0.5") + point("torn", "1.0") +
                 point("pair", "1.0")
                     .replace(point("pair", "1.0").find("value = 1.0"), 11, "values = [0.5, 0.5]") +
                 formula);
  cases.write("one-cpu.toml", kOneCpu + check_text("half", "vm.guest.throughput.relative") +
                                  check_text("pair", "vm.guest.throughput.relative") +
                                  "value = \"values[0]\"\n");
  cases.write("b-torn.toml", "[study\n" + check_text("torn", "vm.guest.throughput.relative") +
                                 check_text("pair", "vm.guest.throughput.relative") +
                                 "value = \"values[1]\"\n");
  cases.write("c-formula.toml", kOneCpu + check_text("formula", "vm.guest.throughput.relative") +
                                    "value = \"formulas[0]\"\n");
  ValidateOptions options;
  options.data = {data.path()};
  options.cases = {cases.path()};
  const Report report = validate(options);
  CHECK(record(report, "half").predicted.has_value());
  CHECK_THAT(record(report, "torn").reason, Catch::Contains("b-torn.toml failed"));
  CHECK_THAT(record(report, "pair").reason, Catch::Contains("b-torn.toml failed"));
  CHECK_THAT(record(report, "formula").reason, Catch::Contains("c-formula.toml failed"));
  REQUIRE(report.failures.size() == 2);
  CHECK_THAT(report.failures[0], Catch::Contains("b-torn.toml:1"));
  CHECK_THAT(report.failures[1],
             Catch::Contains("c-formula.toml:") && Catch::Contains("need `with`"));
  options.subsystem = "raid";
  CHECK(validate(options).failures.size() == 1);
}

TEST_CASE("someone else's data need no case of ours, but must be sound") {
  const tests::TemporaryFolder data;
  data.write("theirs.toml", point("theirs", "3"));
  ValidateOptions options;
  options.data = {data.path()};
  CHECK(validate(options).summary.at("all").uncovered == 1);
  data.write("bad.toml", point("bad", "nan"));
  CHECK_THROWS_WITH(validate(options), Catch::Contains("bad.toml:6:9"));
}

TEST_CASE("folders that are not there and unknown subsystems are the user's mistakes") {
  ValidateOptions options;
  options.data = {"/no/such/folder"};
  CHECK_THROWS_AS(validate(options), sim::ConfigError);
  const tests::TemporaryFolder empty;
  options.data = {empty.path()};
  CHECK_THROWS_WITH(validate(options), Catch::Contains("no *.toml"));
  options.data.clear();
  options.subsystem = "nuna";
  CHECK_THROWS_WITH(validate(options), Catch::Contains("nuna") && Catch::Contains("numa"));
}

TEST_CASE("a subsystem names its parts too") {
  const tests::TemporaryFolder data;
  std::string storage = point("a", "1");
  storage.replace(storage.find("scheduler"), 9, "storage.qcow2");
  data.write("d.toml", storage + point("b", "1"));
  ValidateOptions options;
  options.data = {data.path()};
  options.subsystem = "storage";
  const Report report = validate(options);
  REQUIRE(report.points.size() == 1);
  CHECK(report.points[0].id == "a");
}

TEST_CASE("an interrupted validation says which points it did not reach") {
  const tests::TemporaryFolder data;
  const tests::TemporaryFolder cases;
  data.write("recorded.toml", point("half", "0.5"));
  cases.write("one-cpu.toml", kOneCpu + check_text("half", "vm.guest.throughput.relative"));
  const std::atomic<bool> cancel{true};
  ValidateOptions options;
  options.data = {data.path()};
  options.cases = {cases.path()};
  options.cancel = &cancel;
  const Report report = validate(options);
  CHECK(report.interrupted);
  CHECK_THAT(record(report, "half").reason, Catch::Contains("interrupted"));
}

TEST_CASE("every embedded case is a sound scenario whose checks each single out a sweep point") {
  for (const Case& c : read_cases(embedded_cases()).cases) {
    INFO(c.file.name);
    const auto study =
        scenarios::read_text(c.file.text, c.file.name, {{}, {"check", "values"}, {}});
    for (const Check& check : c.checks) {
      INFO(check.point << ", line " << check.line);
      CHECK((check.best || find_point(study, check.predicted.at).has_value()));
      if (check.relative_to) CHECK(find_point(study, check.relative_to->at).has_value());
    }
  }
}

TEST_CASE("cases of memory that a VMM takes know what they are unsure of") {
  const auto cases = read_cases(embedded_cases()).cases;
  for (const char* name : {"memory-of-qemu.toml", "memory-of-firecracker.toml"}) {
    const auto found = std::find_if(cases.begin(), cases.end(),
                                    [&](const Case& c) { return c.file.name.ends_with(name); });
    REQUIRE(found != cases.end());
    const auto study =
        scenarios::read_text(found->file.text, found->file.name, {{}, {"check", "values"}, {}});
    std::vector<std::string> keys;
    for (const auto& parameter : study.uncertain) keys.push_back(parameter.key);
    // What the guest touches, and what the process has of its own where the guest has touched all.
    CHECK(std::count(keys.begin(), keys.end(), "workload.boot.memory") == 1);
    CHECK(std::count(keys.begin(), keys.end(), "vmm.own_memory.machine") == 1);
  }
}
