#include "validation/baselines.hpp"

#include <catch2/catch.hpp>

using namespace validation;

namespace {

// Four CPUs of 1 GHz on two cores.
models::HostDescription host() {
  models::HostDescription made;
  made.hardware.cores_per_node = 2;
  made.hardware.threads_per_core = 2;
  made.hardware.frequency = sim::Hertz{1e9};
  return made;
}

// A guest that always computes at 2 cycles an instruction; a unit is 10^9 instructions.
models::VmDescription busy(const std::string& name, int count, int vcpus, int shares = 1024) {
  models::VmDescription vm;
  vm.name = name;
  vm.count = count;
  vm.vcpus = vcpus;
  vm.shares = shares;
  vm.workload.profile.base_cpi = 2.0;
  return vm;
}

}  // namespace

TEST_CASE("fluid CPU gives each guest what it wants while CPUs last") {
  auto h = host();
  h.vms = {busy("a", 4, 1)};
  CHECK(fluid_throughput(h).at(0) == Approx(0.5));  // 1 GHz / 2 cycles
  h.vms = {busy("a", 8, 1)};
  CHECK(fluid_throughput(h).at(0) == Approx(0.25));
}

TEST_CASE("fluid CPU divides by shares and lends what a guest does not want") {
  auto h = host();
  h.vms = {busy("small", 1, 4, 1024), busy("large", 1, 4, 3072)};
  CHECK(fluid_throughput(h).at(0) == Approx(0.5));  // 1 of 4 GHz
  CHECK(fluid_throughput(h).at(1) == Approx(1.5));
  h.vms = {busy("narrow", 1, 1, 262144), busy("wide", 1, 8, 2)};
  CHECK(fluid_throughput(h).at(0) == Approx(0.5));  // one CPU is all that it can use
  CHECK(fluid_throughput(h).at(1) == Approx(1.5));
}

TEST_CASE("fluid CPU knows that a guest which waits wants less") {
  auto h = host();
  h.vms = {busy("a", 1, 1)};
  h.vms[0].workload.burst = sim::Instructions{500'000'000};  // 1 s at 2 cycles and 1 GHz
  h.vms[0].workload.block = sim::from_seconds(1.0);
  CHECK(fluid_throughput(h).at(0) == Approx(0.25));
}

TEST_CASE("the rule of thumb lets five vCPUs share a core for nothing") {
  auto h = host();
  h.vms = {busy("a", 10, 1)};
  CHECK(rule_of_thumb_performance(h) == 1.0);
  h.vms = {busy("a", 20, 1)};
  CHECK(rule_of_thumb_performance(h) == Approx(0.5));
}

TEST_CASE("baselines predict throughput relative to the study's baseline, and nothing else") {
  scenarios::Study study;
  for (const std::int64_t count : {1, 8, 40}) {
    scenarios::Point point;
    point.at = {{"vm.a.count", count}};
    point.scenario.host = host();
    point.scenario.host.vms = {busy("a", static_cast<int>(count), 1)};
    study.points.push_back(point);
  }
  study.baseline.assign(3, 0);
  Check check;
  check.predicted = {"vm.a.throughput.relative", {{"vm.a.count", std::int64_t{8}}}};
  CHECK(fluid_cpu(check, study).value() == Approx(0.5));
  CHECK(rule_of_thumb(check, study).value() == 1.0);
  check.predicted.at = {{"vm.a.count", std::int64_t{40}}};
  CHECK(fluid_cpu(check, study).value() == Approx(0.1));
  CHECK(rule_of_thumb(check, study).value() == Approx(0.25));
  check.scale = -1.0;
  check.offset = 1.0;
  CHECK(fluid_cpu(check, study).value() == Approx(0.9));
  check.predicted.metric = "vm.a.throughput";
  CHECK_FALSE(fluid_cpu(check, study).has_value());  // an absolute rate
  check.relative_to = MetricAt{"vm.a.throughput", {{"vm.a.count", std::int64_t{8}}}};
  CHECK(fluid_cpu(check, study).value() == Approx(0.8));  // 1 - 0.1 / 0.5
  CHECK_FALSE(rule_of_thumb(check, study).has_value());
  check.predicted.metric = "node0.controller.utilisation";
  CHECK_FALSE(fluid_cpu(check, study).has_value());
  CHECK_FALSE(rule_of_thumb(check, study).has_value());
}
