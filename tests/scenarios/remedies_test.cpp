#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "scenarios/read.hpp"
#include "scenarios/what_if.hpp"
#include "tests/scenarios/fake_model.hpp"

using namespace scenarios;

namespace {

std::vector<std::string> names(const std::vector<Change>& changes) {
  std::vector<std::string> all;
  for (const Change& change : changes) all.push_back(change.name);
  return all;
}

Scenario storing(const std::string& host, const std::string& vm) {
  return read_text(
             "[study]\nduration = \"1 s\"\n"
             "[host]\nuse = \"nehalem-x5570-2s\"\n" +
                 host +
                 "[[vm]]\nname = \"db\"\nvcpus = 2\nmemory = \"1 GiB\"\n"
                 "workload = { use = \"fio\", io = { jobs = 1 } }\n[[vm.disk]]\n" +
                 vm,
             "a.toml")
      .points.front()
      .scenario;
}

bool offers(const std::vector<std::string>& all, const std::string& name) {
  return std::find(all.begin(), all.end(), name) != all.end();
}

}  // namespace

TEST_CASE("remedies for memory and waiting are offered where these are at stake") {
  Scenario own = fake::scenario(2);
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

TEST_CASE("a vCPU is promised a hardware thread of its own where there are as many") {
  Scenario own = fake::scenario(2);
  const auto& hardware = own.host.hardware;
  const int threads = hardware.sockets * hardware.nodes_per_socket * hardware.cores_per_node *
                      hardware.threads_per_core;
  REQUIRE(own.host.vms.size() == 2);
  own.host.vms.front().vcpus = 1;
  own.host.vms.back().count = own.host.vms.back().vcpus = 1;
  const auto check = [&](int count, bool enough) {
    own.host.vms.front().count = count;
    const auto all = remedies(own, "guest");
    const auto pin = std::find_if(all.begin(), all.end(), [](const Change& change) {
      return change.name == "vm.guest.pin = \"core\"";
    });
    REQUIRE(pin != all.end());
    CHECK(pin->words == (enough ? "pin each vCPU to a hardware thread of its own"
                                : "pin each vCPU to one hardware thread"));
  };
  check(threads, true);
  check(threads + 1, false);
  own.host.vms.back().pin.mode = models::PinMode::core;  // and takes one
  check(threads, false);
  check(threads - 1, true);
}

TEST_CASE("CPU quotas and limits are lifted where there are any") {
  Scenario own = fake::scenario(2);
  CHECK_FALSE(offers(names(remedies(own, "guest")), "vm.guest.limit = \"0 Hz\""));
  CHECK_FALSE(offers(names(remedies(own, "guest")), "vm.guest.cputune.global_quota = \"0 s\""));
  own.host.vms.front().limit = sim::Hertz{1e9};
  own.host.vms.front().cputune.global_quota = sim::Duration{25'000'000'000};
  int found = 0;
  for (const Change& change : remedies(own, "guest")) {
    const models::VmDescription& vm = change.scenario.host.vms.front();
    if (change.words == "lift its CPU limit") {
      CHECK(change.name == "vm.guest.limit = \"0 Hz\"");
      CHECK((vm.limit.count() == 0 && vm.cputune.global_quota.count() > 0));
      ++found;
    } else if (change.words == "lift its CPU quota") {
      CHECK(change.name == "vm.guest.cputune.global_quota = \"0 s\"");
      CHECK((vm.limit.count() > 0 && vm.cputune.global_quota.count() == 0));
      ++found;
    }
  }
  CHECK(found == 2);
}

TEST_CASE("remedies pin, spread, thin out and separate, and leave out what changes nothing") {
  Scenario own = fake::scenario(8);
  const auto all = names(remedies(own, "guest"));
  CHECK(all == std::vector<std::string>{"vm.guest.pin = \"core\"", "vm.guest.pin = \"node\"",
                                        "vm.guest.numa = \"interleave\"", "vm.guest.count = 6",
                                        "vm.other.count = 0"});
  own.host.vms.front().pin.mode = models::PinMode::node;
  const auto pinned = names(remedies(own, "guest"));
  CHECK(std::count(pinned.begin(), pinned.end(), "vm.guest.pin = \"node\"") == 0);
  const auto single = names(remedies(fake::scenario(1), "guest"));
  CHECK(std::none_of(single.begin(), single.end(),
                     [](const std::string& name) { return name.starts_with("vm.guest.count"); }));
}

TEST_CASE("neighbours that fill the LLC may be kept to some of its ways") {
  const auto beside = [](const std::string& host, const std::string& neighbour) {
    const std::string vm = "memory = \"1 GiB\"\nworkload = ";
    return names(remedies(read_text("[study]\nduration = \"1 s\"\n[host]\n"
                                    "use = \"nehalem-x5570-2s\"\n" +
                                        host + "[[vm]]\nname = \"db\"\n" + vm + "\"specjbb\"\n" +
                                        "[[vm]]\nname = \"other\"\n" + vm + neighbour,
                                    "a.toml")
                              .points.front()
                              .scenario,
                          "db"));
  };
  CHECK(offers(beside("llc_ways = 20\n", "\"stream\"\n"), "vm.other.llc_ways = \"15-19\""));
  const auto none = [](const std::vector<std::string>& all) {
    return std::none_of(all.begin(), all.end(), [](const std::string& name) {
      return name.find("llc_ways") != std::string::npos;
    });
  };
  CHECK(none(beside("", "\"spin\"\n")));                        // brings no lines in
  CHECK(none(beside("llc_ways = 1\n", "\"stream\"\n")));        // one way is all of it
  CHECK(none(beside("", "\"stream\"\nllc_ways = \"0-3\"\n")));  // it is already
}

TEST_CASE("remedies for disks change the image, the way there, and what it lies on") {
  const char* const array =
      "[[host.disk]]\nname = \"sas\"\ncount = 4\ndevice = \"hdd-15k-sas-146gb\"\n"
      "[[host.array]]\nname = \"md0\"\nlevel = \"raid5\"\ndisks = [\"sas\"]\n";
  const auto all = names(
      remedies(storing(array,
                       "on = \"md0\"\nimage = \"qcow2\"\nbus = \"ide\"\ncache = \"writeback\"\n"
                       "iotune = { total_iops_sec = 100 }\n"),
               "db"));
  for (const char* name :
       {"vm.db.disk.iotune = {}", "vm.db.disk.cache = \"none\"", "vm.db.disk.image = \"raw\"",
        "vm.db.disk.image.preallocation = \"metadata\"", "vm.db.disk.iothread = true",
        "vm.db.disk.bus = \"virtio-blk\"", "host.array.md0.level = \"raid10\"",
        "host.array.md0.hardware.present = true", "host.disk.sas.count = 8",
        "host.disk.sas.device = \"ssd-sata\""}) {
    INFO(name);
    CHECK(offers(all, name));
  }
  const auto plain =
      names(remedies(storing("[[host.disk]]\nname = \"sda\"\ndevice = \"ssd-sata\"\n",
                             "on = \"sda\"\niothread = true\n"),
                     "db"));
  CHECK(std::none_of(plain.begin(), plain.end(), [](const std::string& name) {
    return name.starts_with("vm.db.disk.") || name.starts_with("host.array.") ||
           name.ends_with("\"ssd-sata\"");
  }));
  CHECK(offers(plain, "host.disk.sda.count = 2"));
}

TEST_CASE("remedies for the network change the NIC, its queues and its interrupts") {
  const Scenario own = read_text(
                           "[study]\nduration = \"1 s\"\n"
                           "[host]\nuse = \"nehalem-x5570-2s\"\n[[host.nic]]\nname = \"eth0\"\n"
                           "[[vm]]\nname = \"web\"\nvcpus = 4\nmemory = \"1 GiB\"\n"
                           "workload = \"netperf-stream\"\n[[vm.nic]]\nmodel = \"virtio\"\n"
                           "offloads = false\n",
                           "a.toml")
                           .points.front()
                           .scenario;
  const auto all = names(remedies(own, "web"));
  for (const char* name :
       {"vm.web.nic.model = \"vhost\"", "vm.web.nic.queues = 4", "vm.web.nic.offloads = true",
        "vm.web.nic.model = \"sriov\", host.nic.eth0.functions = 1"}) {
    INFO(name);
    CHECK(offers(all, name));
  }
  CHECK(std::any_of(all.begin(), all.end(), [](const std::string& name) {
    return name.starts_with("host.nic.eth0.moderation.kind = ");
  }));
}

TEST_CASE("for a class that is not on the scenario's own host there are no remedies") {
  CHECK(remedies(fake::scenario(2), "elsewhere").empty());
}
