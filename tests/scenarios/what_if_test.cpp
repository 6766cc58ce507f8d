#include "scenarios/what_if.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "scenarios/keys.hpp"
#include "scenarios/read.hpp"
#include "tests/scenarios/fake_model.hpp"

using namespace scenarios;

namespace {

Scenario scenario(int guests) {
  Study study = read_text(
      "[study]\nduration = \"1 s\"\nreplications = 3\n"
      "[host]\nuse = \"nehalem-x5570-2s\"\n"
      "[[vm]]\nname = \"guest\"\ncount = " +
          std::to_string(guests) +
          "\nmemory = \"1 GiB\"\nworkload = \"spin\"\n"
          "[[vm]]\nname = \"other\"\nmemory = \"1 GiB\"\nworkload = \"spin\"\n"
          "[model]\nwithout = [\"turbo\"]\n",
      "a.toml");
  return study.points.front().scenario;
}

std::vector<std::string> names(const std::vector<Change>& changes) {
  std::vector<std::string> all;
  for (const Change& change : changes) all.push_back(change.name);
  return all;
}

}  // namespace

TEST_CASE("each mechanism that is on is switched off once") {
  const std::vector<Change> changes = mechanisms_off(scenario(4));
  CHECK(changes.size() == mechanism_names().size() - 1);  // turbo is off already
  for (const Change& change : changes) {
    CHECK(change.scenario.host.without.size() == 2);
    CHECK_FALSE(change.words.empty());
  }
}

TEST_CASE("remedies for memory and waiting are offered where these are at stake") {
  Scenario own = scenario(2);
  models::VmDescription& vm = own.host.vms.front();
  const auto offered = [&](std::string_view name) {
    const auto all = names(remedies(own, "guest"));
    return std::find(all.begin(), all.end(), name) != all.end();
  };
  CHECK_FALSE(offered("vmm.ksm.run = true"));
  own.host.hardware.swap.size = sim::Bytes{1LL << 30};
  CHECK(offered("vmm.ksm.run = true"));
  own.host.vmm.ksm.run = true;
  CHECK_FALSE(offered("vmm.ksm.run = true"));
  CHECK_FALSE(offered("vm.guest.balloon.mode = \"none\""));
  vm.balloon = {models::BalloonMode::target, vm.memory / 2};
  CHECK(offered("vm.guest.balloon.mode = \"none\""));
  CHECK_FALSE(offered("vm.guest.kvm_features.pv_tlb_flush = true"));
  vm.workload.sync.flush_every = sim::Instructions{1'000'000};
  CHECK(offered("vm.guest.kvm_features.pv_tlb_flush = true"));
  vm.workload.sync.lock_every = sim::Instructions{1'000'000};
  CHECK(offered("vm.guest.kvm_features.pv_unhalt = true"));
}

TEST_CASE("remedies pin, spread, thin out and separate, and leave out what changes nothing") {
  Scenario own = scenario(8);
  const auto all = names(remedies(own, "guest"));
  CHECK(all == std::vector<std::string>{"vm.guest.pin = \"core\"", "vm.guest.pin = \"node\"",
                                        "vm.guest.numa = \"interleave\"", "vm.guest.count = 6",
                                        "no vm.other"});
  own.host.vms.front().pin.mode = models::PinMode::node;
  const auto pinned = names(remedies(own, "guest"));
  CHECK(std::count(pinned.begin(), pinned.end(), "vm.guest.pin = \"node\"") == 0);
  const auto single = names(remedies(scenario(1), "guest"));
  CHECK(std::none_of(single.begin(), single.end(),
                     [](const std::string& name) { return name.starts_with("vm.guest.count"); }));
}

TEST_CASE("a gain is the paired ratio of throughput, largest first") {
  // The fake model gives each of n VMs 120 / n: from 9 on the host to 8, 7.
  Scenario base = scenario(8);
  std::vector<Change> changes{{"one fewer", "", base}, {"two fewer", "", base}};
  changes[0].scenario.host.vms[0].count = 7;
  changes[1].scenario.host.vms[0].count = 6;
  const Gains all = gains(base, changes, "guest", {}, fake::model());
  REQUIRE(all.list.size() == 2);
  CHECK(all.list[0].name == "two fewer");
  CHECK(all.list[0].gain.value == Approx(9.0 / 7.0 - 1.0));
  CHECK(all.list[1].gain.value == Approx(9.0 / 8.0 - 1.0));
  CHECK(all.list[0].certain());
  CHECK_FALSE(all.interrupted);
}
