#include "scenarios/what_if.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "scenarios/keys.hpp"
#include "tests/scenarios/fake_model.hpp"

using namespace scenarios;

TEST_CASE("each mechanism that is on is switched off once") {
  const std::vector<Change> changes = mechanisms_off(fake::scenario(4));
  CHECK(changes.size() == mechanism_names().size() - 7);  // turbo is off already; of I/O is none
  for (const Change& change : changes) {
    CHECK(change.scenario.host.without.size() == 2);
    CHECK_FALSE(change.words.empty());
  }
}

TEST_CASE("mechanisms of I/O are switched off where something has them") {
  Scenario own = fake::scenario(1);
  const auto offered = [&](std::string_view name) {
    const std::vector<Change> all = mechanisms_off(own);
    return std::any_of(all.begin(), all.end(),
                       [&](const Change& change) { return change.name == name; });
  };
  models::DiskDescription& disk = own.host.vms.front().disks.emplace_back();
  CHECK_FALSE(offered("image-metadata"));
  disk.image.format = models::storage::image::Format::qcow2;
  CHECK(offered("image-metadata"));
  CHECK_FALSE(offered("io-limits"));
  disk.iotune.total_iops_sec = 100;
  CHECK(offered("io-limits"));
  CHECK_FALSE(offered("raid-redundancy"));
  own.host.storage.arrays.emplace_back();
  CHECK(offered("raid-redundancy"));
  CHECK_FALSE(offered("io-scheduling"));
  own.host.storage.disks.emplace_back().queue.scheduler = models::storage::queue::Scheduler::bfq;
  CHECK(offered("io-scheduling"));
  own.host.nics.emplace_back().nic.moderation.kind = models::network::ModerationKind::none;
  CHECK_FALSE(offered("interrupt-moderation"));
  own.host.nics.front().nic.moderation.kind = models::network::ModerationKind::adaptive;
  CHECK(offered("interrupt-moderation"));
  CHECK_FALSE(offered("pcie"));
  own.host.pcie.slots.emplace_back();
  CHECK(offered("pcie"));
}

TEST_CASE("a gain is the paired ratio of throughput, largest first") {
  // The fake model gives each of n VMs 120 / n: from 9 on the host to 8, 7.
  Scenario base = fake::scenario(8);
  std::vector<Change> changes{{"one fewer", "", base}, {"two fewer", "", base}};
  changes[0].scenario.host.vms[0].count = 7;
  changes[1].scenario.host.vms[0].count = 6;
  const Gains all = gains(base, changes, {"guest"}, {}, fake::model());
  REQUIRE(all.list.size() == 2);
  CHECK(all.list[0].name == "two fewer");
  CHECK(all.list[0].gain.value == Approx(9.0 / 7.0 - 1.0));
  CHECK(all.list[1].gain.value == Approx(9.0 / 8.0 - 1.0));
  CHECK(all.list[0].certain());
  CHECK_FALSE(all.interrupted);
}

TEST_CASE("gains by a metric of which less is better begin with what lessens it most") {
  Model model = fake::model();
  model.simulate = [](const auto& host, const auto& length, const auto& options) {
    models::Results results = fake::simulate(host, length, options);
    results.metrics.push_back({"vm.guest.latency.p99", 0.01 * host.vms[0].count});
    return results;
  };
  Scenario base = fake::scenario(8);
  std::vector<Change> changes{{"more", "", base}, {"half", "", base}};
  changes[0].scenario.host.vms[0].count = 12;
  changes[1].scenario.host.vms[0].count = 4;
  const Gains all = gains(base, changes, {"guest", "latency.p99"}, {}, model);
  REQUIRE(all.list.size() == 2);
  CHECK(all.list[0].name == "half");
  CHECK(all.list[0].gain.value == Approx(-0.5));
  CHECK(all.list[1].gain.value == Approx(0.5));
}

TEST_CASE("what befalls VMs only with a change is noted beside its gain") {
  Model model = fake::model();
  model.simulate = [](const auto& host, const auto& length, const auto& options) {
    models::Results results = fake::simulate(host, length, options);
    const int count = host.vms[0].count;
    results.notes.push_back(std::to_string(count) + " guests run");
    if (count < 8) results.notes.push_back("a cache still fills");
    return results;
  };
  Scenario base = fake::scenario(8);
  std::vector<Change> changes{{"more", "", base}, {"half", "", base}};
  changes[0].scenario.host.vms[0].count = 12;
  changes[1].scenario.host.vms[0].count = 4;
  const Gains all = gains(base, changes, {"guest"}, {}, model);
  CHECK(all.notes == std::vector<std::string>{"with half: a cache still fills"});
}
