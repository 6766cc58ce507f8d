#include "scenarios/general.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "scenarios/keys.hpp"
#include "scenarios/read.hpp"

using namespace scenarios;

namespace {

Study study(const std::string& host, const std::string& workload,
            const std::vector<Assumption>& assumed = {}) {
  return read_text("[study]\nduration = \"1 s\"\n[host]\n" + host +
                       "[[vm]]\nname = \"a\"\nmemory = \"1 GiB\"\nworkload = " + workload + "\n",
                   "a.toml", {{}, {}, assumed});
}

const std::string kOwnHost = R"(cores_per_node = 4
frequency = "3 GHz"
memory = "8 GiB"
llc = { size = "8 MiB", shared_by = 4, latency = "12 ns" }
l2 = { size = "256 KiB", latency = "4 ns" }
controller = { channels = 2, channel_bandwidth = "12.8 GB/s", latency = "80 ns", efficiency = 0.99 }
)";

const UncertainParameter* group(const Study& of, const std::string& name) {
  const auto found = std::find_if(of.general.begin(), of.general.end(),
                                  [&](const auto& one) { return one.key == name; });
  return found != of.general.end() ? &*found : nullptr;
}

Assumption factor(const std::string& name, double value) {
  return {std::string{kGeneralFile}, name, value};
}

double latency_ns(const Study& of) {
  return sim::seconds(of.points.front().scenario.host.hardware.controller.latency) * 1e9;
}

// "host.link.*.latency" as `tenancy keys` has it: without stars, a name for a VM's and a server's.
bool is_known(const KeyPath& key) {
  static const auto infos = key_infos("");
  std::string prefix;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const bool named = (key[0] == "vm" && i == 1) || (key[0] == "cluster" && i == 2);
    if (key[i] == "*" && !named) continue;
    prefix += (prefix.empty() ? "" : ".") + (named ? "<name>" : key[i]);
  }
  return std::any_of(infos.begin(), infos.end(),
                     [&](const KeyInfo& info) { return info.path.starts_with(prefix); });
}

}  // namespace

TEST_CASE("every group of the general table names keys that exist, and says why") {
  std::set<std::string> names;
  CHECK(general().groups.size() > 10);
  for (const General::Group& one : general().groups) {
    INFO(one.name);
    CHECK(names.insert(one.name).second);
    CHECK(one.deviation > 0.0);
    CHECK(one.deviation <= 0.3);
    CHECK_FALSE(one.source.empty());
    for (const KeyPath& key : one.keys) {
      INFO(fmt::format("{}", fmt::join(key, ".")));
      CHECK(is_known(key));
    }
  }
  for (const double discrepancy : general().errors.discrepancy) CHECK(discrepancy > 0.0);
  CHECK(general().errors.repeatability > 0.0);
}

TEST_CASE("a machine of a user's own is uncertain, too, and so are defaults") {
  const Study own = study(kOwnHost, "\"kernel-compile\"");
  REQUIRE(group(own, "memory.latency") != nullptr);
  CHECK(group(own, "memory.latency")->value == 1.0);
  CHECK(group(own, "exits.software") != nullptr);  // nobody said anything of exits
  CHECK(group(own, "device.latency") == nullptr);  // there is no disk
  CHECK(group(own, "net.software") == nullptr);
  CHECK(own.uncertain.size() == 1);  // of the workload's preset
}

TEST_CASE("a group's factor scales its keys, and only them") {
  const Study own = study(kOwnHost, "\"kernel-compile\"");
  const Study moved = study(kOwnHost, "\"kernel-compile\"", {factor("memory.latency", 1.1)});
  CHECK(latency_ns(moved) == Approx(88.0));
  const auto& before = own.points.front().scenario.host;
  const auto& after = moved.points.front().scenario.host;
  CHECK(after.hardware.llc.latency == before.hardware.llc.latency);
  CHECK(after.hardware.controller.efficiency == before.hardware.controller.efficiency);
  CHECK(after.vmm.context_switch == before.vmm.context_switch);
  const Study costs = study(kOwnHost, "\"spin\"", {factor("scheduling", 1.5)});
  CHECK(sim::seconds(costs.points.front().scenario.host.vmm.context_switch) ==
        Approx(1.5 * sim::seconds(before.vmm.context_switch)));
}

TEST_CASE("what is scaled stays physical") {
  const Study more = study(kOwnHost, "\"spin\"", {factor("memory.bandwidth", 1.5)});
  CHECK(more.points.front().scenario.host.hardware.controller.efficiency == 1.0);
  // What one load in flight has above one is nothing.
  const Study chase = study(kOwnHost, "\"pointer-chase\"", {factor("overlap", 0.5)});
  CHECK(chase.points.front().scenario.host.vms.front().workload.profile.memory_level_parallelism ==
        1.0);
}

TEST_CASE("keys with an entry of their own are that entry's") {
  const std::string entry =
      "[[host.uncertain]]\nkey = \"controller.latency\"\ndeviation = \"1 ns\"\n";
  const Study stated = study(kOwnHost + entry, "\"spin\"", {factor("memory.latency", 1.1)});
  CHECK(latency_ns(stated) == Approx(80.0));
  const Study plain = study(kOwnHost + entry, "\"spin\"");
  CHECK(plain.uncertain.size() == 1);
  CHECK(group(plain, "memory.latency") == nullptr);  // there are no links
}

TEST_CASE("a deviation of 0 says that a number is exact") {
  const Study exact = study(kOwnHost, "\"pointer-chase\"");
  CHECK(exact.uncertain.empty());
  CHECK(group(exact, "traffic") == nullptr);
  CHECK(group(exact, "memory.latency") != nullptr);
}
