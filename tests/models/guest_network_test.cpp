#include "models/guest_network.hpp"

#include <catch2/catch.hpp>

#include "models/host.hpp"

using namespace models;
using namespace sim::literals;

namespace {

// A host with a NIC of 10 Gbit/s and a guest that streams to a client, on 1 Gbit/s.
HostDescription host() {
  HostDescription host;
  auto& d = host.hardware;
  d.cores_per_node = 8;
  d.frequency = sim::Hertz{3e9};
  d.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 4_ns};
  d.llc = {.size = 16_MiB, .shared_by = 8, .latency = 15_ns};
  d.memory = 32_GiB;
  d.controller.channel_bandwidth = sim::BytesPerSecond{12.8e9};
  d.controller.latency = 80_ns;
  host.nics.push_back({.nic = {.name = "eth0", .rate = sim::BytesPerSecond{1.25e9}}});
  host.clients.push_back({.name = "office", .bandwidth = sim::BytesPerSecond{0.125e9}});
  VmDescription& vm = host.vms.emplace_back();
  vm.name = "guest";
  vm.memory = 1_GiB;
  vm.vcpus = 2;
  vm.workload.idle = true;
  vm.workload.profile.base_cpi = 1.0;
  vm.workload.net.conversation = workload::Conversation::stream_out;
  vm.workload.net.peer = "office";
  vm.nics.emplace_back().on = "eth0";
  return host;
}

// The same with a second host and a VM "other" there that does nothing of its own.
HostDescription two_hosts() {
  HostDescription both = host();
  HostDescription& second = both.others.emplace_back(host());
  second.name = "second";
  second.clients.clear();
  second.vms.front().name = "other";
  second.vms.front().on = "second";
  second.vms.front().workload.net = {};
  both.vms.front().workload.net.peer = "other";
  return both;
}

// Both VMs on the first of them.
HostDescription on_one_host() {
  HostDescription one = two_hosts();
  one.vms.push_back(one.others.front().vms.front());
  one.vms.back().on.clear();
  one.others.clear();
  return one;
}

double metric(const Results& results, const std::string& name) {
  for (const Metric& one : results.metrics) {
    if (one.name == name) return one.value;
  }
  FAIL("no metric " << name);
  return 0;
}

Results run(const HostDescription& host, sim::Duration time = 500_ms) {
  Results results =
      simulate(host, {.duration = time, .warmup = 300_ms}, {.seed = 1, .check = true});
  CHECK(results.violations == std::vector<std::string>{});
  return results;
}

}  // namespace

TEST_CASE("a client gets what Ethernet leaves of its port, two of them twice that") {
  HostDescription one = host();
  const Results single = run(one);
  CHECK(metric(single, "vm.guest.net.throughput") * 8e-6 == Approx(941).epsilon(0.01));
  CHECK(metric(single, "client.office.port.in") == Approx(1.0).epsilon(0.01));
  one.clients.front().count = 2;
  one.vms.front().workload.net.connections = 2;
  CHECK(metric(run(one), "vm.guest.net.throughput") * 8e-6 == Approx(1'882).epsilon(0.01));
}

TEST_CASE("many clients get what the host's port has") {
  HostDescription many = host();
  many.network.bandwidth = sim::BytesPerSecond{0.25e9};
  many.clients.front().count = 8;
  many.vms.front().workload.net.connections = 8;
  many.vms.front().workload.net.window = 256_KiB;
  CHECK(metric(run(many), "vm.guest.net.throughput") * 8e-6 == Approx(1'882).epsilon(0.01));
}

TEST_CASE("a client far away answers a round trip later") {
  HostDescription near = host();
  near.vms.front().workload.net.conversation = workload::Conversation::serve;
  const double close_s = metric(run(near), "vm.guest.net.latency.mean");
  near.clients.front().latency += 5_ms;
  CHECK(metric(run(near), "vm.guest.net.latency.mean") - close_s == Approx(10e-3).epsilon(0.01));
}

TEST_CASE("guests of two hosts talk, and both hosts work for it") {
  HostDescription both = two_hosts();
  both.vms.front().workload.net.conversation = workload::Conversation::ask;
  const Results asked = run(both);
  CHECK(metric(asked, "vm.guest.net.transactions") > 1'000);
  CHECK(metric(asked, "cluster.second.host.softirq") > 0.005);
  both.network.latency += 1_ms;
  CHECK(metric(run(both), "vm.guest.net.latency.mean") -
            metric(asked, "vm.guest.net.latency.mean") ==
        Approx(2e-3).epsilon(0.02));
  both.vms.front().workload.net.conversation = workload::Conversation::stream_out;
  both.network.bandwidth = sim::BytesPerSecond{0.125e9};
  CHECK(metric(run(both), "vm.guest.net.throughput") * 8e-6 == Approx(941).epsilon(0.01));
}

TEST_CASE("guests of one isolated network talk, and are refused no one but who is outside") {
  HostDescription one = on_one_host();
  const double bridged = metric(run(one), "vm.guest.net.throughput");
  for (VmDescription& vm : one.vms) vm.nics.front().mode = NicMode::isolated;
  CHECK(metric(run(one), "vm.guest.net.throughput") == Approx(bridged));
}

TEST_CASE("guests of one host talk by its bridge, and nothing leaves the box") {
  HostDescription one = on_one_host();
  CHECK_FALSE(one.leaves_the_box());
  CHECK(metric(run(one), "vm.guest.net.throughput") * 8e-6 > 2'000);
  CHECK(two_hosts().leaves_the_box());
  CHECK(host().leaves_the_box());
}

TEST_CASE("a migration takes its share of the port that guests send through") {
  HostDescription both = two_hosts();
  both.network.bandwidth = sim::BytesPerSecond{0.125e9};
  const double alone = metric(run(both), "vm.guest.net.throughput");
  VmDescription moves;
  moves.name = "moves";
  moves.memory = 1_GiB;
  moves.workload.idle = true;
  moves.workload.resident = 1_GiB;
  both.vms.push_back(moves);
  both.migrations.push_back({.vm = "moves", .to = "second"});
  CHECK(metric(run(both), "vm.guest.net.throughput") < 0.95 * alone);
}

TEST_CASE("who cannot be talked to is refused with the reason") {
  const auto refused = [](const HostDescription& host) -> std::string {
    try {
      check(host);
    } catch (const sim::ConfigError& error) {
      return error.what();
    }
    return "";
  };
  HostDescription nobody = host();
  nobody.vms.front().workload.net.peer = "offices";
  CHECK(refused(nobody) ==
        "vm.guest.workload.net.peer: no [cluster.client.offices], and no [[vm]] of that name");
  HostDescription self = host();
  self.vms.front().workload.net.peer = "guest";
  CHECK(refused(self) ==
        "vm.guest.workload.net.peer: is its own class; set partner = \"guest\" instead");
  HostDescription bare = two_hosts();
  bare.others.front().vms.front().nics.clear();
  CHECK(refused(bare) == "vm.guest.workload.net.peer: vm.other has no NIC");
  HostDescription both = host();
  both.vms.front().workload.net.partner = workload::Partner::host;
  CHECK(refused(both) == "vm.guest.workload.net.peer: partner says already whom it talks to");
  HostDescription secluded = two_hosts();
  secluded.others.front().vms.front().nics.front().mode = NicMode::isolated;
  CHECK(refused(secluded) ==
        "vm.guest.workload.net.peer: vm.other is on an isolated network, which reaches nobody "
        "outside");
  HostDescription one = on_one_host();
  one.vms.back().nics.front().mode = NicMode::isolated;
  CHECK(refused(one) ==
        "vm.guest.workload.net.peer: vm.other is not on the same network, and one of them is "
        "isolated");
  HostDescription moves = two_hosts();
  moves.migrations.push_back({.vm = "guest", .to = "second"});
  CHECK_THAT(refused(moves), Catch::Contains("vm.guest.workload.net: of a VM that migrates"));
}
