// Live migration between two hosts.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <utility>

#include "models/cluster/outside.hpp"
#include "models/host.hpp"
#include "tests/models/results_of.hpp"

using namespace sim::literals;
using namespace models;

namespace {

constexpr double kMemory_B = 4.0 * 1024 * 1024 * 1024;
// Of 10 Gbit/s, packets of 1,538 bytes on the wire carry 1,448, of which a page has 4096 of 4104.
constexpr double kBandwidth_Bps = 1.25e9 * 1448 / 1538 * 4096 / 4104;

// A guest of 4 GiB that writes `dirty_MBps` on a CPU of its own; nothing but the network takes
// time.
HostDescription two_hosts(double dirty_MBps) {
  HostDescription host;
  auto& d = host.hardware;
  d.sockets = 1;
  d.cores_per_node = 4;
  d.threads_per_core = 1;
  d.frequency = sim::Hertz{2e9};
  d.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 6_ns};
  d.llc = {.size = 8_MiB, .shared_by = 4, .latency = 20_ns};
  d.memory = 64_GiB;
  d.controller.channel_bandwidth = sim::BytesPerSecond{20e9};
  d.controller.latency = 90_ns;
  host.vmm.migration = {.send_page = {},
                        .zero_page = {},
                        .zero_fault = {},
                        .load_page = {},
                        .sync_page = {},
                        .switch_over = {}};
  host.vmm.network.stack = {
      .call = {}, .send = {}, .receive = {}, .read_per_KiB = {}, .wake = {}, .cold = {}};
  host.vmm.network.driver.transmit = {};
  host.vmm.dirty_log.split = {};
  host.vmm.dirty_log.split_entry = {};
  HostDescription other = host;
  other.name = "b";
  host.others.push_back(other);
  VmDescription vm;
  vm.name = "guest";
  vm.vcpus = 1;
  vm.memory = 4_GiB;
  vm.workload.writes = {.pages_per_kilo_instruction = dirty_MBps * 1e6 / 4096 / 2e9 * 1000,
                        .order = memory::WriteOrder::sequential};
  host.vms.push_back(vm);
  host.migrations.push_back({.vm = "guest", .to = "b", .at = 500_ms});
  host.without = {Mechanism::ticks, Mechanism::exits, Mechanism::remote_latency};
  return host;
}

Results run(const HostDescription& host, sim::Duration duration = 20_s) {
  return simulate(host, {.duration = duration, .warmup = 200_ms}, {.seed = 3, .check = true});
}

double metric(const Results& results, const std::string& name) {
  CHECK(results.violations == std::vector<std::string>{});
  return tests::metric(results, name);
}

}  // namespace

TEST_CASE("a migration takes the geometric series of its rounds", "[migration]") {
  const Results results = run(two_hosts(300));
  const double ratio = 300e6 / kBandwidth_Bps;
  // 4.3 GB, 1.06 GB, and 0.26 GB that fit into 300 ms at 1.21 GB/s.
  CHECK(metric(results, "migration.guest.completed") == 1);
  CHECK(metric(results, "migration.guest.rounds") == 2);
  const double first_s = kMemory_B / kBandwidth_Bps;
  CHECK(metric(results, "migration.guest.time") ==
        Approx(first_s * (1 + ratio + ratio * ratio)).epsilon(0.01));
  CHECK(metric(results, "migration.guest.downtime") ==
        Approx(first_s * ratio * ratio).epsilon(0.03));
  CHECK(metric(results, "migration.guest.transferred") ==
        Approx(kMemory_B * 4104 / 4096 * (1 + ratio + ratio * ratio)).epsilon(0.01));
}

TEST_CASE("a guest that writes nothing is copied once", "[migration]") {
  HostDescription host = two_hosts(300);
  host.vms.front().workload.writes = {};
  host.vms.front().workload.content[memory::Content::hot].rewrite_s = 1e12;
  const Results results = run(host);
  CHECK(metric(results, "migration.guest.rounds") == 1);
  CHECK(metric(results, "migration.guest.time") ==
        Approx(kMemory_B / kBandwidth_Bps).epsilon(0.01));
  CHECK(metric(results, "migration.guest.downtime") < 1e-3);
}

TEST_CASE("pages of zeros are not sent", "[migration]") {
  HostDescription host = two_hosts(0);
  auto& content = host.vms.front().workload.content;
  content[memory::Content::zero] = {.share = 0.75, .rewrite_s = 1e12};
  content[memory::Content::hot].rewrite_s = 1e12;
  const double unread_s = metric(run(host), "migration.guest.time");
  CHECK(unread_s == Approx(0.25 * kMemory_B / kBandwidth_Bps).epsilon(0.01));
  host.without.erase(Mechanism::remote_latency);
  const Results results = run(host);
  CHECK(metric(results, "migration.guest.transferred") == Approx(0.25 * kMemory_B).epsilon(0.01));
  // They are looked at, on their way from memory: 64 lines of it, of which 16 are under way.
  CHECK(metric(results, "migration.guest.time") - unread_s ==
        Approx(0.75 * kMemory_B / 4096 * 64 / 16 * 70e-9).epsilon(0.05));
}

TEST_CASE("a guest of nothing but zeros goes at once", "[migration]") {
  HostDescription host = two_hosts(0);
  auto& content = host.vms.front().workload.content;
  content[memory::Content::zero] = {.share = 1.0, .rewrite_s = 1e12};
  content[memory::Content::hot].rewrite_s = 1e12;
  const Results results = run(host);
  CHECK(metric(results, "migration.guest.completed") == 1);
  CHECK(metric(results, "migration.guest.time") < 0.5);
}

TEST_CASE("hugepages that are reserved are looked at, whether or not they are touched",
          "[migration]") {
  HostDescription host = two_hosts(0);
  VmDescription& vm = host.vms.front();
  host.without.erase(Mechanism::remote_latency);
  vm.workload.resident = 1_GiB;
  vm.workload.content[memory::Content::hot].rewrite_s = 1e12;
  vm.host_pages = {.size = translation::PageSize::small, .coverage = 0.0};
  const double untouched_s = metric(run(host), "migration.guest.time");
  vm.host_pages = {.size = translation::PageSize::large, .coverage = 1.0};
  const double seen_s = metric(run(host), "migration.guest.time") - untouched_s;
  // 3 GiB on their way from memory.
  CHECK(seen_s == Approx(0.75 * kMemory_B / 4096 * 64 / 16 * 70e-9).epsilon(0.05));
}

TEST_CASE("what is never written is no part of where pages are written again", "[migration]") {
  HostDescription host = two_hosts(0);
  VmDescription& vm = host.vms.front();
  vm.workload.content[memory::Content::cold] = {.share = 0.7, .rewrite_s = 1e12};
  vm.workload.content[memory::Content::hot].rewrite_s = 0.2;
  host.migrations.front().timeout = 5_s;
  host.migrations.front().on_timeout = MigrationDescription::OnTimeout::suspend;
  const Results results = run(host);
  CHECK(metric(results, "migration.guest.completed") == 1);
  CHECK(metric(results, "migration.guest.downtime") <= 1.02 * 0.3 * kMemory_B / kBandwidth_Bps);
}

TEST_CASE("pages that a guest has not touched are shown to who looks at them", "[migration]") {
  HostDescription host = two_hosts(0);
  VmDescription& vm = host.vms.front();
  vm.host_pages = {.size = translation::PageSize::small, .coverage = 0.0};
  vm.workload.resident = 1_GiB;
  vm.workload.content[memory::Content::hot].rewrite_s = 1e12;
  const double before_s = metric(run(host), "migration.guest.time");
  host.vmm.migration.zero_fault = sim::Cycles{2'000};  // 1 us
  CHECK(metric(run(host), "migration.guest.time") - before_s ==
        Approx(0.75 * kMemory_B / 4096 * 1e-6).epsilon(0.01));
}

TEST_CASE("a limit on bandwidth is kept", "[migration]") {
  HostDescription host = two_hosts(10);
  host.migrations.front().bandwidth = sim::BytesPerSecond{400e6};
  const double payload_Bps = 400e6 * 4096 / 4104;
  const double ratio = 10e6 / payload_Bps;
  CHECK(metric(run(host), "migration.guest.time") ==
        Approx(kMemory_B / payload_Bps * (1 + ratio)).epsilon(0.01));
}

TEST_CASE("a guest that writes faster than the network carries never gets there, and it is said",
          "[migration]") {
  HostDescription host = two_hosts(1500);
  const Results endless = run(host);
  CHECK(metric(endless, "migration.guest.completed") == 0);
  REQUIRE(endless.notes.size() == 1);
  CHECK(endless.notes.front().find("has not converged") != std::string::npos);
  host.migrations.front().timeout = 5_s;
  const Results cancelled = run(host);
  CHECK(metric(cancelled, "migration.guest.completed") == 0);
  CHECK(cancelled.notes.front().find("was cancelled") != std::string::npos);
  CHECK(metric(cancelled, "migration.guest.time") >= 5.0);
  // The guest never stood still.
  CHECK(metric(cancelled, "vm.guest.instructions") == Approx(2e9).epsilon(1e-3));
  host.migrations.front().on_timeout = MigrationDescription::OnTimeout::suspend;
  const Results suspended = run(host);
  CHECK(metric(suspended, "migration.guest.completed") == 1);
  // None of its memory twice: what was not sent yet when time was over is written again, too.
  CHECK(metric(suspended, "migration.guest.downtime") > 2.0);
  CHECK(metric(suspended, "migration.guest.downtime") < kMemory_B / kBandwidth_Bps);
}

TEST_CASE("a time that is over ends the first round, too", "[migration]") {
  HostDescription host = two_hosts(10);  // a round takes 3.5 s
  host.migrations.front().timeout = 1_s;
  const Results cancelled = run(host, 5_s);
  CHECK(metric(cancelled, "migration.guest.time") == Approx(1.0).epsilon(0.02));
  CHECK(metric(cancelled, "migration.guest.transferred") == Approx(kBandwidth_Bps).epsilon(0.02));
  REQUIRE(cancelled.notes.size() == 1);
  CHECK(cancelled.notes.front().find("was cancelled in its first round") != std::string::npos);
  host.migrations.front().on_timeout = MigrationDescription::OnTimeout::suspend;
  const Results suspended = run(host, 5_s);
  CHECK(metric(suspended, "migration.guest.completed") == 1);
  CHECK(metric(suspended, "migration.guest.downtime") ==
        Approx(kMemory_B / kBandwidth_Bps - 1.0).epsilon(0.02));
}

TEST_CASE("a migration that the run does not see begin, or end its first round, is said",
          "[migration]") {
  HostDescription host = two_hosts(10);
  const Results first = run(host, 2_s);
  REQUIRE(first.notes.size() == 1);
  CHECK(first.notes.front().find("is still in its first round") != std::string::npos);
  host.migrations.front().at = 10_s;
  const Results none = run(host, 2_s);
  REQUIRE(none.notes.size() == 1);
  CHECK(none.notes.front() ==
        "1 of 1 VMs guest have not begun to migrate: migrate.guest.at is 10 s, and the run "
        "measures 2 s");
}

TEST_CASE("a guest goes on at the other host but for its downtime", "[migration]") {
  HostDescription host = two_hosts(300);
  host.vmm.migration.switch_over = 500_ms;
  const Results results = run(host);
  const double downtime_s = metric(results, "migration.guest.downtime");
  CHECK(downtime_s > 0.5);
  CHECK(metric(results, "vm.guest.instructions") ==
        Approx(2e9 * (20 - downtime_s) / 20).epsilon(2e-3));
  CHECK(metric(results, "vm.guest.cpu.utilisation") == Approx(1 - downtime_s / 20).epsilon(1e-3));
  CHECK(metric(results, "cluster.b.host.cpu.utilisation") > 0.15);  // one CPU of four, from 5 s on
}

TEST_CASE("a guest that comes to the first host is reported as one that leaves it", "[migration]") {
  const Results there = run(two_hosts(10), 10_s);
  HostDescription host = two_hosts(10);
  std::swap(host.vms, host.others.front().vms);
  host.migrations.front().to = "host";
  const Results back = run(host, 10_s);
  for (const char* name : {"throughput", "throughput.total", "cpu.utilisation"}) {
    const std::string of_vm = std::string{"vm.guest."} + name;
    CHECK(metric(back, of_vm) == Approx(metric(there, of_vm)).epsilon(0.005));
    CHECK(std::count_if(back.metrics.begin(), back.metrics.end(),
                        [&](const Metric& m) { return m.name == of_vm; }) == 1);
  }
  REQUIRE(back.time.size() == 1);
  CHECK(back.time.front().share.front() ==
        Approx(there.time.front().share.front()).epsilon(0.005));  // instructions
}

TEST_CASE("the log's faults slow a guest while it is copied", "[migration]") {
  HostDescription host = two_hosts(300);
  host.without.erase(Mechanism::exits);
  host.vmm.dirty_log.eager_split = true;
  const double fault = memory::fault_cycles(host.vmm.dirty_log, 1'400.0);
  const double work = 2e9 / (300e6 / 4096);  // cycles between two writes
  const Results results = run(host);
  CHECK(metric(results, "migration.guest.throughput") * 1e9 ==
        Approx(2e9 * work / (work + fault)).epsilon(0.01));
}

TEST_CASE("a sending thread without a CPU of its own sends more slowly", "[migration]") {
  HostDescription host = two_hosts(10);
  host.vmm.migration.send_page = sim::Cycles{2'500};  // 3.3 GB/s with a CPU
  const double free_s = metric(run(host), "migration.guest.time");
  CHECK(free_s == Approx(kMemory_B / kBandwidth_Bps).epsilon(0.03));
  VmDescription busy;
  busy.name = "busy";
  busy.count = 12;
  busy.vcpus = 1;
  busy.memory = 1_GiB;
  host.vms.push_back(busy);
  CHECK(metric(run(host), "migration.guest.time") > 1.1 * free_s);
}

// Its thread, of 2 GHz, has 2,000 cycles of its own for a page; the kernel's sockets take, of 4,104
// bytes, 300 a KiB and 3,300 a burst of 64 KiB, and 900 each 32 pages: 1,437. 64 lines of its come
// from memory 16 at a time, each 70 ns further than the LLC: 280 ns.
TEST_CASE("one thread sends no more than it can write to its socket", "[migration]") {
  HostDescription host = two_hosts(10);
  host.network.bandwidth = sim::BytesPerSecond{12.5e9};
  host.vmm.migration.send_page = sim::Cycles{2'000};
  host.vmm.network = {};
  host.without.erase(Mechanism::remote_latency);
  const double page_s = (2'000.0 + 1'437.0) / 2e9 + 280e-9;
  // What is left of pieces of 10 ms at the wire's rate is then carried and loaded: 0.02 s.
  CHECK(metric(run(host), "migration.guest.time") ==
        Approx(kMemory_B / 4096 * page_s + 0.02).epsilon(0.001));
}

TEST_CASE("packets between hosts that Ethernet does not have are refused", "[migration]") {
  HostDescription host = two_hosts(10);
  host.network.mtu = sim::Bytes{64};
  CHECK_THROWS_WITH(check(host), Catch::Contains("cluster.network.mtu: 64 B, needs 576 to 9216"));
}

TEST_CASE("guests that leave together share the port", "[migration]") {
  HostDescription host = two_hosts(10);
  host.vms.front().count = 2;
  const double alone_s = metric(run(two_hosts(10)), "migration.guest.time");
  CHECK(metric(run(host), "migration.guest.time") == Approx(alone_s).epsilon(0.01));  // in turn
  host.migrations.front().parallel = 2;
  CHECK(metric(run(host), "migration.guest.time") == Approx(2 * alone_s).epsilon(0.02));
}

TEST_CASE("a host that nothing leaves does not load SimGrid", "[outside]") {
  const bool before = cluster::Outside::loaded();  // by another test of this process
  HostDescription host = two_hosts(10);
  host.migrations.clear();
  host.others.clear();
  run(host, 1_s);
  CHECK(cluster::Outside::loaded() == before);
}

TEST_CASE("migrations that cannot be are refused", "[migration]") {
  HostDescription host = two_hosts(10);
  host.migrations.front().to = "c";
  CHECK_THROWS_WITH(check(host), Catch::Contains("migrate.guest.to: got \"c\""));
  host.migrations.front().to = "host";
  CHECK_THROWS_WITH(check(host), Catch::Contains("is there already"));
  host.migrations.front().vm = "ghost";
  CHECK_THROWS_WITH(check(host), Catch::Contains("no [[vm]] has this name"));
}
