#include "models/pcie_cards.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "models/host.hpp"
#include "models/pcie/link_rate.hpp"

using namespace models;
using namespace sim::literals;

namespace {

// Two sockets of four cores; a drive of 10 GB/s in a slot of socket 0, read by a container in
// pieces of 1 MiB.
HostDescription host() {
  HostDescription host;
  host.hardware.sockets = 2;
  host.hardware.cores_per_node = 4;
  host.hardware.frequency = sim::Hertz{2e9};
  host.hardware.memory = 8_GiB;
  host.hardware.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 4_ns};
  host.hardware.llc = {.size = 8_MiB, .shared_by = 4, .latency = 10_ns};
  host.hardware.controller = {.channels = 2,
                              .channel_bandwidth = sim::BytesPerSecond{12.8e9},
                              .efficiency = 0.8,
                              .latency = 80_ns,
                              .queueing = {}};
  host.hardware.links = {{.from = 0,
                          .to = 1,
                          .kind = "qpi",
                          .bandwidth = sim::BytesPerSecond{16e9},
                          .efficiency = 0.65,
                          .latency = 50_ns}};
  host.pcie.slots = {{.name = "1", .owner = 0, .connector = 16, .lanes = 16},
                     {.name = "2", .owner = pcie::kChipset, .lanes = 4, .generation = 2},
                     {.name = "3", .owner = 1, .connector = 16, .lanes = 16}};
  host.vmm.architecture = Architecture::container;
  HostDisk& disk = host.storage.disks.emplace_back();
  disk.name = "nvme";
  disk.device.kind = storage::device::Kind::flash;
  disk.device.flash.interface_rate = sim::BytesPerSecond{10e9};
  disk.device.flash.channels = 32;
  disk.device.flash.read_spread = {};
  disk.slot = "1";
  VmDescription& vm = host.vms.emplace_back();
  vm.name = "fio";
  vm.memory = 1_GiB;
  vm.numa = {.mode = NumaMode::strict, .nodes = {0}};
  vm.pin.mode = PinMode::core;
  vm.workload.idle = true;
  vm.workload.profile.base_cpi = 1.0;
  vm.workload.io.jobs = 1;
  vm.workload.io.depth = 8;
  vm.workload.io.block = 1_MiB;
  vm.workload.io.read_share = 1.0;
  vm.disks.emplace_back().on = "nvme";
  return host;
}

struct Run {
  Results results;
  double operator[](const std::string& name) const {
    const auto found = std::find_if(results.metrics.begin(), results.metrics.end(),
                                    [&](const Metric& one) { return one.name == name; });
    REQUIRE(found != results.metrics.end());
    return found->value;
  }
};

Run run(const HostDescription& host) {
  Run run{simulate(host, {.duration = 200_ms, .warmup = 50_ms}, {.check = true})};
  CHECK(run.results.violations == std::vector<std::string>{});
  return run;
}

double link_Bps(int generation, int lanes) {
  return pcie::data_rate(generation, lanes, sim::Bytes{256}).count();
}

}  // namespace

TEST_CASE("a drive reads as fast as the narrower of its own interface and its lanes") {
  HostDescription narrow = host();
  narrow.storage.disks[0].generation = 1;
  const Run slow = run(narrow);
  CHECK(slow["vm.fio.io.bandwidth"] == Approx(link_Bps(1, 4)).epsilon(0.01));
  CHECK(slow["host.pcie.nvme.in"] == Approx(1.0).epsilon(0.01));
  CHECK(slow["host.pcie.nvme.out"] == Approx(0.0).margin(1e-9));
  narrow.without.insert(Mechanism::pcie);
  HostDescription loose = host();
  loose.storage.disks[0].slot.clear();
  CHECK(run(narrow)["vm.fio.io.bandwidth"] == Approx(run(loose)["vm.fio.io.bandwidth"]));
}

TEST_CASE("a drive behind the chipset has no more than DMI") {
  HostDescription behind = host();
  behind.storage.disks[0].slot = "2";
  const Run result = run(behind);
  CHECK(result["vm.fio.io.bandwidth"] == Approx(link_Bps(2, 4)).epsilon(0.01));
  CHECK(result["host.pcie.dmi.in"] == Approx(1.0).epsilon(0.01));
}

TEST_CASE("what the drive sends into the other socket's memory is there later, and crosses links") {
  HostDescription near = host();
  near.vms[0].workload.io.depth = 1;
  near.vms[0].workload.io.block = 4_KiB;
  HostDescription far = near;
  far.storage.disks[0].slot = "3";
  const Run here = run(near);
  const Run there = run(far);
  // One read's data crosses once: what remote memory takes longer than local.
  CHECK(there["vm.fio.io.latency.mean"] - here["vm.fio.io.latency.mean"] ==
        Approx(50e-9).epsilon(0.3));
}

TEST_CASE("requests go to a VM's memory by where it lies") {
  HostDescription spread = host();
  spread.vms[0].numa = {.mode = NumaMode::interleave, .nodes = {}};
  spread.hardware.links[0].bandwidth = sim::BytesPerSecond{1e9};
  spread.hardware.links[0].efficiency = 1.0;
  spread.storage.disks[0].lanes = 8;
  // Half of it crosses the link of 1 GB/s.
  CHECK(run(spread)["vm.fio.io.bandwidth"] == Approx(2e9).epsilon(0.05));
}

TEST_CASE("disks on one host bus adapter share its lanes") {
  HostDescription adapter = host();
  adapter.pcie.cards = {{.name = "hba", .slot = "1", .lanes = 1, .generation = 1}};
  HostDisk& disk = adapter.storage.disks[0];
  disk.slot.clear();
  disk.card = "hba";
  disk.count = 4;
  adapter.vms[0].workload.io.block = 64_KiB;
  adapter.vms[0].count = 4;
  const Run result = run(adapter);
  CHECK(4 * result["vm.fio.io.bandwidth"] == Approx(link_Bps(1, 1)).epsilon(0.02));
}

TEST_CASE("an array of a RAID controller crosses PCI Express once for each byte of the guest's") {
  HostDescription controller = host();
  controller.pcie.cards = {{.name = "raid", .slot = "1", .lanes = 8, .generation = 3}};
  HostDisk& disk = controller.storage.disks[0];
  disk.slot.clear();
  disk.count = 2;
  HostArray& array = controller.storage.arrays.emplace_back();
  array.name = "r1";
  array.disks = {"nvme"};
  array.raid.level = storage::raid::Level::raid1;
  array.raid.hardware.present = true;
  array.card = "raid";
  controller.vms[0].disks[0].on = "r1";
  controller.vms[0].workload.io.read_share = 0.0;
  controller.vms[0].workload.io.block = 64_KiB;
  const Run result = run(controller);
  CHECK(result["host.pcie.raid.out"] * link_Bps(3, 8) ==
        Approx(result["vm.fio.io.bandwidth"]).epsilon(0.02));
  array.raid.hardware.present = false;
  CHECK_THAT(pcie_complaints(controller), Catch::Contains("host.array.r1: card: md has none"));
}

TEST_CASE("drives and cards that cannot sit so are refused with their reasons") {
  HostDescription one = host();
  CHECK(pcie_complaints(one).empty());
  one.storage.disks[0].slot = "3";
  one.hardware.sockets = 1;
  CHECK(pcie_complaints(one) ==
        "host.pcie: card nvme in slot 3: its lanes come from CPU 2, whose socket is empty (1 "
        "populated); fit that CPU or use another slot");

  HostDescription wrong = host();
  wrong.storage.disks[0].count = 2;
  HostDisk& other = wrong.storage.disks.emplace_back();
  other.name = "sda";
  other.device.kind = storage::device::Kind::hdd;
  other.card = "hba";
  HostDisk& memory = wrong.storage.disks.emplace_back();
  memory.name = "ram";
  memory.slot = "2";
  StorageServer& server = wrong.servers.emplace_back();
  server.name = "san";
  server.storage.disks.emplace_back().name = "lun";
  server.storage.disks.back().slot = "1";
  CHECK(pcie_complaints(wrong) ==
        "host.disk.nvme: 2 drives in slot 1, which has room for one; give each a [[host.disk]] of "
        "its own, or a card that they hang on\n"
        "host.disk.sda: card: no [[host.pcie.card]] is named \"hba\"\n"
        "host.disk.ram: lies in memory, not in a slot or behind a card\n"
        "cluster.storage.san: lun: a slot or card, which only hosts have");
}

TEST_CASE("a NIC in the second riser of a host with one CPU is refused") {
  HostDescription one = host();
  one.hardware.sockets = 1;
  one.nics.emplace_back().nic.name = "eth0";
  one.nics.back().slot = "4";
  one.pcie.slots.push_back({.name = "4", .riser = "secondary", .owner = 1});
  CHECK(pcie_complaints(one) ==
        "host.pcie: card eth0 in slot 4 of the secondary riser: its lanes come from CPU 2, whose "
        "socket is empty (1 populated); fit that CPU or use another slot");
}
