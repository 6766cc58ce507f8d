#include "models/network_paths.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "models/host.hpp"
#include "sim/error.hpp"
#include "tests/models/results_of.hpp"

using namespace sim::literals;
using namespace models;
using tests::metric;

namespace {

HostDescription networked(double rate_Bps) {
  HostDescription host;
  auto& d = host.hardware;
  d.sockets = 1;
  d.cores_per_node = 8;
  d.frequency = sim::Hertz{3e9};
  d.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 4_ns};
  d.llc = {.size = 16_MiB, .shared_by = 8, .latency = 15_ns};
  d.memory = 32_GiB;
  d.controller.channel_bandwidth = sim::BytesPerSecond{12.8e9};
  d.controller.latency = 80_ns;
  host.nics.push_back({.nic = {.name = "eth0", .rate = sim::BytesPerSecond{rate_Bps}}});
  VmDescription vm;
  vm.name = "guest";
  vm.memory = 1_GiB;
  vm.vcpus = 2;
  vm.workload.idle = true;
  vm.workload.profile.base_cpi = 1.0;
  vm.workload.net.conversation = workload::Conversation::stream_out;
  vm.nics.push_back({.on = "eth0"});
  host.vms.push_back(vm);
  return host;
}

Results run(const HostDescription& host) {
  return simulate(host, {.duration = 50_ms, .warmup = 50_ms}, {.seed = 1, .check = true});
}

double round_trip_us(HostDescription host) {
  host.vms.front().workload.net.conversation = workload::Conversation::serve;
  return metric(run(host), "vm.guest.net.latency.mean") * 1e6;
}

}  // namespace

TEST_CASE("a guest fills 1 Gbit/s in either direction, and reports where its time went") {
  HostDescription host = networked(0.125e9);
  Results results = run(host);
  CHECK(results.violations.empty());
  CHECK(metric(results, "vm.guest.net.throughput") * 8e-6 == Approx(941).epsilon(0.005));
  CHECK(metric(results, "host.softirq") > 0.0);
  CHECK(metric(results, "vm.guest.net.backend") > 0.0);
  host.vms.front().workload.net.conversation = workload::Conversation::stream_in;
  results = run(host);
  CHECK(metric(results, "vm.guest.net.throughput") * 8e-6 == Approx(941).epsilon(0.005));
}

TEST_CASE("a copied file is no faster than its disk, its cipher or the wire") {
  HostDescription host = networked(1.25e9);
  HostDisk& disk = host.storage.disks.emplace_back();
  disk.name = "sda";
  disk.device.kind = storage::device::Kind::memory;
  disk.device.memory.copy_rate = sim::BytesPerSecond{0.2e9};
  disk.device.memory.service = sim::Duration{};
  disk.device.memory.parallel = 1;
  VmDescription& vm = host.vms.front();
  vm.disks.emplace_back().on = "sda";
  const auto throughput = [&] {
    const Results results =
        simulate(host, {.duration = 500_ms, .warmup = 500_ms}, {.seed = 1, .check = true});
    CHECK(results.violations.empty());
    return metric(results, "vm.guest.net.throughput");
  };
  const double plain = throughput();
  vm.workload.net.file = true;
  const double read = throughput();
  CHECK(plain > 2 * read);
  CHECK(read == Approx(0.2e9).epsilon(0.05));
  vm.workload.net.per_KiB = sim::Cycles{30'000};  // of 3 GHz: 102.4 MB/s without all else
  const double enciphered = throughput();
  CHECK(enciphered < 0.1024e9);
  CHECK(enciphered > 0.08e9);
  // Into the guest, what is dirty is written back at the disk's pace in the end.
  vm.workload.net.per_KiB = {};
  vm.workload.net.conversation = workload::Conversation::stream_in;
  vm.disks[0].guest_cache.size = 64_MiB;
  CHECK(throughput() == Approx(0.2e9).epsilon(0.1));
}

TEST_CASE("a guest's round trip is longer than bare metal's, by vhost less than by QEMU") {
  HostDescription host = networked(1.25e9);
  const double vhost = round_trip_us(host);
  host.vms.front().nics.front().model = network::GuestNicModel::virtio;
  const double qemu = round_trip_us(host);
  host.vms.front().nics.front().model = network::GuestNicModel::e1000;
  const double emulated = round_trip_us(host);
  host.vms.front().nics.front().model = network::GuestNicModel::sriov;
  host.nics.front().nic.functions = 1;
  const double function = round_trip_us(host);
  host.vmm.architecture = Architecture::container;
  host.vmm.world_switch = {};
  const double native = round_trip_us(host);
  CHECK(native < function);
  CHECK(function < vhost);
  CHECK(vhost < qemu);
  CHECK(qemu < emulated);
}

namespace {

// More packets a second than one softirq takes: it never ends.
double flooded(HostDescription host, int connections, int vcpus) {
  host.vms.front().vcpus = vcpus;
  workload::NetProfile& net = host.vms.front().workload.net;
  net.conversation = workload::Conversation::datagrams_in;
  net.in_kernel = true;
  net.at_once = 16;
  net.connections = connections;
  return metric(run(host), "vm.guest.net.packets");
}

}  // namespace

// The backend waits beneath the host's softirq at first. The second connection's reader has a vCPU
// beside the one that takes the guest's interrupts.
TEST_CASE("a flood of packets leaves the guest's backend a CPU") {
  CHECK(flooded(networked(1.25e9), 2, 2) > 100'000);
}

// CPUs that balance weigh the others' groups anew, at the instants of the ticks that are to let the
// backend run.
TEST_CASE("a flood by several queues leaves the backend a CPU, however others balance") {
  HostDescription host = networked(1.25e9);
  host.hardware.cores_per_node = 28;
  host.hardware.threads_per_core = 2;
  host.hardware.sockets = 2;
  host.hardware.llc.shared_by = 56;
  host.hardware.links.push_back({.from = 0,
                                 .to = 1,
                                 .kind = "upi",
                                 .bandwidth = sim::BytesPerSecond{20e9},
                                 .efficiency = 0.7,
                                 .latency = 50_ns});
  host.nics.front().nic.queues = 4;
  CHECK(flooded(host, 8, 4) > 100'000);
}

// Nor does the guest's softirq end, and who reads what it brings runs on the same vCPU.
TEST_CASE("a flood of packets leaves a guest of one vCPU time to read them") {
  CHECK(flooded(networked(1.25e9), 1, 1) > 50'000);
}

TEST_CASE("a vCPU waits for the network while its conversation does") {
  const auto waits = [](const HostDescription& host) {
    return run(host).time.front().share[static_cast<std::size_t>(Cause::network)];
  };
  HostDescription host = networked(1.25e9);
  host.vms.front().workload.net.conversation = workload::Conversation::serve;
  host.vms.front().vcpus = 1;
  CHECK(waits(host) > 0.3);
  host.vms.front().vcpus = 2;  // one of them has nothing to wait for
  CHECK(waits(host) < 0.5);
  host.vms.front().workload.net.think = 1_ms;
  CHECK(waits(host) == 0.0);
}

TEST_CASE("a NIC that holds its interrupts off is switched to interrupting at once") {
  HostDescription host = networked(1.25e9);
  const double at_once = round_trip_us(host);
  host.nics.front().nic.moderation = {.kind = network::ModerationKind::hold_off, .gap = 100_us};
  CHECK(round_trip_us(host) > at_once + 90);
  host.without.insert(Mechanism::interrupt_moderation);
  CHECK(round_trip_us(host) == Approx(at_once));
}

TEST_CASE("guests of one host talk without the wire") {
  HostDescription host = networked(0.125e9);
  host.vms.front().count = 2;
  host.vms.front().workload.net.partner = workload::Partner::guest;
  const Results results = run(host);
  CHECK(metric(results, "vm.guest.net.throughput") * 8e-6 > 2'000);
}

namespace {

GuestNicDescription on(NicMode mode, network::GuestNicModel model = network::GuestNicModel::vhost) {
  GuestNicDescription nic;
  nic.mode = mode;
  nic.model = model;
  return nic;
}

// What guest "a" says to guest "b" of the same host, whose wire has 1 Gbit/s.
double between(const GuestNicDescription& a, const GuestNicDescription& b) {
  HostDescription host = networked(0.125e9);
  host.nics.front().nic.functions = 2;
  host.vms.push_back(host.vms.front());
  host.vms[0].name = "a";
  host.vms[1].name = "b";
  host.vms[0].nics.front() = a;
  host.vms[1].nics.front() = b;
  host.vms[0].workload.net.peer = "b";
  host.vms[1].workload.net = {};
  return metric(run(host), "vm.a.net.throughput") * 8e-6;
}

}  // namespace

TEST_CASE("the default way of a guest is a bridge, to guests on bridges, too") {
  const double bridged = between(on(NicMode::bridge), on(NicMode::bridge));
  CHECK(between(on(NicMode::automatic), on(NicMode::bridge)) == bridged);
  CHECK(between(on(NicMode::bridge), on(NicMode::automatic)) == bridged);
}

TEST_CASE("guests of one host on unlike networks talk by the host's stack, not by the wire") {
  const double bridged = between(on(NicMode::bridge), on(NicMode::bridge));
  for (const NicMode mode : {NicMode::routed, NicMode::nat}) {
    CHECK(between(on(mode), on(NicMode::bridge)) > 2'000);
    CHECK(between(on(NicMode::bridge), on(mode)) > 2'000);
    CHECK(between(on(mode), on(mode)) == bridged);  // one network: a bridge
  }
}

TEST_CASE("a virtual function reaches guests behind the host's bridge by the NIC's own switch") {
  const GuestNicDescription function = on(NicMode::automatic, network::GuestNicModel::sriov);
  CHECK(between(function, on(NicMode::automatic)) > 2'000);
  CHECK(between(on(NicMode::automatic), function) > 2'000);
}

TEST_CASE("two guests sent more than the wire carries read half of it each") {
  HostDescription host = networked(1.25e9);
  host.nics.front().nic.functions = 2;
  VmDescription& vm = host.vms.front();
  vm.count = 2;
  vm.nics.front().model = network::GuestNicModel::sriov;
  vm.workload.net = {.conversation = workload::Conversation::datagrams_in,
                     .datagram = sim::Bytes{1'472}};
  const double wire_Hz = 1.25e9 / (1'472 + 28 + 38);
  for (const double offered : {0.9, 1.05, 2.0}) {
    vm.workload.net.rate = sim::Hertz{offered * wire_Hz / 2};
    const Results results = run(host);
    CHECK(metric(results, "vm.guest.net.packets") ==
          Approx(std::min(1.0, offered) * wire_Hz / 2).epsilon(0.02));
    CHECK(metric(results, "vm.guest.net.lost") < 0.01);
    CHECK(results.notes.empty() == (offered < 1.0));  // senders that their link holds back
  }
}

TEST_CASE("two flows into one guest deliver what one of their sum does") {
  HostDescription host = networked(1.25e9);
  host.nics.front().nic.functions = 1;
  VmDescription& vm = host.vms.front();
  vm.nics.front().model = network::GuestNicModel::sriov;
  vm.workload.net = {.conversation = workload::Conversation::datagrams_in};
  for (const int connections : {1, 2}) {
    vm.workload.net.connections = connections;
    vm.workload.net.rate = sim::Hertz{400e3 / connections};
    CHECK(metric(run(host), "vm.guest.net.packets") == Approx(400e3).epsilon(0.01));
  }
}

TEST_CASE("eight kernels offer all that 10 Gbit/s carry, one of them says what it cannot") {
  HostDescription host = networked(1.25e9);
  workload::NetProfile& net = host.vms.front().workload.net;
  net = {.conversation = workload::Conversation::datagrams_in,
         .connections = 8,
         .rate = sim::Hertz{1.86e6},
         .at_once = 16,
         .in_kernel = true};
  const auto offered = [](const Results& results) {
    return metric(results, "vm.guest.net.packets") / (1 - metric(results, "vm.guest.net.lost"));
  };
  Results results = run(host);
  CHECK(offered(results) == Approx(14.88e6).epsilon(0.01));
  CHECK(results.notes.empty());
  net.connections = 1;
  net.rate = sim::Hertz{14.88e6};
  results = run(host);
  CHECK(offered(results) > 2e6);  // a core's, see StackCosts::generate
  CHECK(offered(results) < 5e6);
  REQUIRE(results.notes.size() == 1);
  CHECK_THAT(results.notes.front(), Catch::StartsWith("vm.guest: of 1.49e+07 datagrams a second"));
}

TEST_CASE("what the machine at the other end loses is said to be its") {
  HostDescription host = networked(1.25e9);
  VmDescription& vm = host.vms.front();
  vm.vcpus = 4;
  host.nics.front().nic.functions = 1;
  vm.nics.front().model = network::GuestNicModel::sriov;
  vm.workload.net = {.conversation = workload::Conversation::datagrams_out,
                     .connections = 4,
                     .rate = sim::Hertz{1.5e6},
                     .at_once = 16,
                     .in_kernel = true};
  const Results results = run(host);
  CHECK(metric(results, "vm.guest.net.sent") == Approx(6e6).epsilon(0.02));
  CHECK(metric(results, "vm.guest.net.packets") < 5e6);
  REQUIRE_FALSE(results.notes.empty());
  CHECK_THAT(results.notes.back(), Catch::StartsWith("of what host.nic.eth0 sent, ") &&
                                       Catch::Contains("the machine at the other end"));
}

TEST_CASE("from guest to guest, vhost is no slower than QEMU's virtio") {
  HostDescription host = networked(1.25e9);
  VmDescription& vm = host.vms.front();
  vm.count = 2;
  vm.workload.net.partner = workload::Partner::guest;
  const double vhost = metric(run(host), "vm.guest.net.throughput");
  vm.nics.front().model = network::GuestNicModel::virtio;
  CHECK(vhost > metric(run(host), "vm.guest.net.throughput"));
}

TEST_CASE("a faster link makes no stream out of a guest slower") {
  double last = 0.0;
  for (const double rate_Bps : {1.25e9, 3.125e9, 6.25e9, 12.5e9, 25e9}) {
    const double now = metric(run(networked(rate_Bps)), "vm.guest.net.throughput");
    CHECK(now > 0.97 * last);
    last = now;
  }
}

// Of the second guest's ends on the host, one would be made after the first guest's conversation
// has woken a thread.
TEST_CASE("several guests talk to the host, over several connections each") {
  HostDescription host = networked(1.25e9);
  host.vms.front().count = 3;
  host.vms.front().workload.net.partner = workload::Partner::host;
  host.vms.front().workload.net.connections = 2;
  for (const auto conversation :
       {workload::Conversation::stream_out, workload::Conversation::stream_in,
        workload::Conversation::serve}) {
    host.vms.front().workload.net.conversation = conversation;
    const Results results = run(host);
    CHECK(results.violations.empty());
    CHECK(metric(results, conversation == workload::Conversation::serve
                              ? "vm.guest.net.transactions"
                              : "vm.guest.net.throughput") > 1'000);
  }
}

namespace {

// A guest on the first of two sockets, which are 50 ns apart; its NIC in a slot of `owner`.
HostDescription in_slot_of(int owner, network::GuestNicModel model, double rate_Bps) {
  HostDescription host = networked(rate_Bps);
  host.hardware.sockets = 2;
  host.hardware.links = {{.from = 0,
                          .to = 1,
                          .kind = "upi",
                          .bandwidth = sim::BytesPerSecond{20e9},
                          .efficiency = 0.7,
                          .latency = 50_ns}};
  host.pcie.slots = {{.name = "near", .owner = 0, .connector = 16, .lanes = 16},
                     {.name = "far", .owner = 1, .connector = 16, .lanes = 16}};
  NicDescription& nic = host.nics.front();
  nic.slot = owner == 0 ? "near" : "far";
  nic.lanes = 16;
  nic.nic.functions = 1;
  VmDescription& vm = host.vms.front();
  vm.nics.front().model = model;
  vm.pin.mode = PinMode::node;
  vm.numa = {.mode = NumaMode::strict, .nodes = {0}};
  return host;
}

}  // namespace

TEST_CASE("a function in a slot of another socket is further from its guest") {
  const auto function = network::GuestNicModel::sriov;
  const auto round_trip = [&](int owner) {
    return round_trip_us(in_slot_of(owner, function, 1.25e9));
  };
  // Five crossings out and one in, of 25 ns; a header and a descriptor out of memory, not the LLC's
  // 15 ns: 65 ns each.
  CHECK(round_trip(1) - round_trip(0) == Approx(6 * 0.025 + 2 * 0.065).epsilon(0.05));
  const auto stream = [&](int owner) {
    HostDescription host = in_slot_of(owner, function, 12.5e9);
    host.vms.front().workload.net.conversation = workload::Conversation::stream_in;
    return metric(run(host), "vm.guest.net.throughput");
  };
  CHECK(stream(1) < 0.9 * stream(0));
}

TEST_CASE("vhost copies more slowly what has come to the other socket") {
  const auto busy = [&](int owner) {
    HostDescription host = in_slot_of(owner, network::GuestNicModel::vhost, 1.25e9);
    host.vms.front().workload.net.conversation = workload::Conversation::stream_in;
    const Results results = run(host);
    CHECK(results.violations.empty());
    return metric(results, "vm.guest.net.backend") / metric(results, "vm.guest.net.throughput");
  };
  CHECK(busy(1) > 1.1 * busy(0));
}

TEST_CASE("more queues take more small packets") {
  HostDescription host = networked(1.25e9);
  auto& vm = host.vms.front();
  vm.vcpus = 4;
  vm.workload.net = {.conversation = workload::Conversation::datagrams_in,
                     .connections = 4,
                     .rate = sim::Hertz{400e3},
                     .at_once = 8,
                     .in_kernel = true};
  const double one = metric(run(host), "vm.guest.net.packets");
  host.nics.front().nic.queues = 4;
  vm.nics.front().queues = 4;
  const double four = metric(run(host), "vm.guest.net.packets");
  CHECK(four > 1.5 * one);
}

TEST_CASE("impossible networks are refused with their reasons") {
  HostDescription host = networked(1.25e9);
  auto& vm = host.vms.front();
  vm.nics.front().on = "eth7";
  CHECK(network_complaints(host) == "vm.guest.nic: on: no NIC \"eth7\", the host has eth0");
  vm.nics.front() = {.on = "eth0", .model = network::GuestNicModel::sriov};
  CHECK(network_complaints(host) == "host.nic: eth0 has 0 virtual functions, 1 guests want one");
  vm.nics.front() = {.on = "eth0", .mode = NicMode::isolated};
  CHECK_THROWS_AS(check(host), sim::ConfigError);
  vm.nics.clear();
  CHECK(network_complaints(host) ==
        "vm.guest.nic: the workload talks on the network, give the VM a NIC");
}

TEST_CASE("a vCPU whose interrupt wakes a process does not sleep between, beside a hog") {
  HostDescription host = networked(1.25e9);
  VmDescription& server = host.vms.front();
  server.vcpus = 1;
  server.pin = {.mode = PinMode::cpus, .cpus = {{3}}};
  server.workload.net.conversation = workload::Conversation::serve;
  server.workload.net.think = 20_ms;
  VmDescription hog;
  hog.name = "hog";
  hog.memory = 1_GiB;
  hog.pin = server.pin;
  host.vms.push_back(hog);
  host.vmm.scheduler = SchedulerKind::credit;
  const Results results =
      simulate(host, {.duration = 2_s, .warmup = 100_ms}, {.seed = 1, .check = true});
  CHECK(results.violations.empty());
  CHECK(metric(results, "vm.guest.net.transactions") > 30.0);
  // Who sleeps between waits for the hog's least time (ratelimit), 1 ms, in each transaction.
  CHECK(metric(results, "vm.guest.net.latency.p50") < 200e-6);
}

TEST_CASE("a kick is waited for where waking the backend costs nothing") {
  HostDescription host = networked(1.25e9);
  host.vmm.network.backend.wake = {};
  host.vmm.network.backend.kick = {};
  const double free_us = round_trip_us(host);
  host.vmm.network.backend.kick = sim::Cycles{90'000};  // 30 us
  CHECK(round_trip_us(host) - free_us == Approx(30.0).epsilon(0.1));
}
