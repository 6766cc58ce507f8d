// Hosts whose guests' disks lie on storage servers behind the network.
#include "models/storage_network.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "models/host.hpp"
#include "tests/models/results_of.hpp"

using namespace sim::literals;
using namespace models;

namespace {

// A host of two CPUs at 2 GHz with a container that reads 4 KiB at random from a server's only
// disk, of memory, which takes 100 us, one request at a time. Ports carry 1 GB/s of payload (beside
// headers of TCP and Ethernet), 10 us away; headers are 100 B, and nothing else takes time.
HostDescription reader(StorageProtocol protocol = StorageProtocol::iscsi) {
  HostDescription host;
  host.hardware.sockets = 1;
  host.hardware.cores_per_node = 2;
  host.hardware.threads_per_core = 1;
  host.hardware.frequency = sim::Hertz{2e9};
  host.hardware.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 6_ns};
  host.hardware.llc = {.size = 8_MiB, .shared_by = 2, .latency = 20_ns};
  host.hardware.memory = 8_GiB;
  host.hardware.controller.channel_bandwidth = sim::BytesPerSecond{20e9};
  host.hardware.controller.latency = 90_ns;
  host.vmm.architecture = Architecture::container;
  host.network = {
      .bandwidth = sim::BytesPerSecond{1e9 * 1538 / 1448}, .latency = 10_us, .switching = {}};
  StorageServer server = standard_server(protocol);
  server.name = "san";
  server.request = server.page = {};
  server.session.submit = server.session.complete = server.session.page = {};
  server.session.command_header = server.session.answer_header = sim::Bytes{100};
  server.latency = 10_us;
  HostDisk disk;
  disk.name = "ram";
  disk.device.kind = storage::device::Kind::memory;
  disk.device.memory.service = 100_us;
  disk.device.memory.copy_rate = sim::BytesPerSecond{1e15};
  disk.device.memory.parallel = 1;
  server.storage.disks.push_back(disk);
  host.servers.push_back(server);
  VmDescription vm;
  vm.name = "guest";
  vm.memory = 1_GiB;
  vm.disks.emplace_back().on = "san.ram";
  vm.workload.idle = true;
  vm.workload.io = {.jobs = 1};
  host.vms.push_back(vm);
  host.without = {Mechanism::switch_cost};
  return host;
}

// Beside the first host a second one, alike.
HostDescription two_readers(HostDescription host) {
  HostDescription other = host;
  other.name = "b";
  other.vms.front().name = "other";
  other.servers.clear();
  host.others.push_back(other);
  return host;
}

StorageServer& server(HostDescription& host) {
  return host.servers.front();
}

storage::device::MemoryDiskConfig& disk(HostDescription& host) {
  return server(host).storage.disks.front().device.memory;
}

Results run(const HostDescription& host, sim::Duration duration = 50_ms) {
  return simulate(host, {.duration = duration, .warmup = 5_ms}, {.seed = 1, .check = true});
}

double metric(const Results& results, const std::string& name) {
  CHECK(results.violations == std::vector<std::string>{});
  return tests::metric(results, name);
}

// From one port to the other, in whole bytes on the wire.
double message_us(double data_B) {
  constexpr double kShare = 1448.0 / 1538;
  return 10 + std::round(data_B / kShare) * kShare / 1e3;
}

double latency_us(const HostDescription& host) {
  return metric(run(host), "storage.san.latency.mean") * 1e6;
}

}  // namespace

TEST_CASE("a command takes its messages', its disk's and the CPUs' time", "[storage-network]") {
  HostDescription host = reader();
  // There 10 + 0.1, disk 100, back 10 + 4.196 us.
  CHECK(latency_us(host) == Approx(124.296).epsilon(1e-6));
  server(host).request = sim::Cycles{24'000};  // 10 us at 2.4 GHz
  server(host).page = sim::Cycles{2'400};      // 1 us, one page
  CHECK(latency_us(host) == Approx(135.296).epsilon(1e-6));
}

TEST_CASE("a write's data goes along, and beyond that waits for leave, burst by burst",
          "[storage-network]") {
  HostDescription host = reader();
  host.vms.front().workload.io.read_share = 0.0;
  // There 10 + 4.196, disk 100, back 10 + 0.1 us.
  CHECK(latency_us(host) == Approx(124.296).epsilon(1e-6));
  host.vms.front().workload.io.block = 64_KiB;
  // There, leave, there, disk, back: about 18.292 + 10.1 + 67.444 + 100 + 10.1 us.
  const double short_us = message_us(100);
  CHECK(latency_us(host) ==
        Approx(message_us(8'292) + short_us + message_us(57'444) + 100 + short_us).epsilon(1e-6));
  server(host).session.burst = 28_KiB;  // a second leave, and another header
  CHECK(latency_us(host) ==
        Approx(message_us(8'292) + 2 * (short_us + message_us(28'772)) + 100 + short_us)
            .epsilon(1e-6));
  server(host).session.immediate = 64_KiB;
  CHECK(latency_us(host) == Approx(message_us(65'636) + 100 + short_us).epsilon(1e-6));
}

TEST_CASE("a request is cut into commands of at most max_transfer", "[storage-network]") {
  HostDescription host = reader();
  host.vms.front().workload.io.block = 256_KiB;
  server(host).session.max_transfer = 64_KiB;
  const Results results = run(host);
  CHECK(metric(results, "storage.san.requests") ==
        Approx(4 * metric(results, "vm.guest.io.rate")).epsilon(0.01));
}

TEST_CASE("hosts share the server's port", "[storage-network]") {
  HostDescription host = reader();
  host.vms.front().workload.io = {.jobs = 4, .block = 1_MiB};
  server(host).session.max_transfer = 1_MiB;
  disk(host) = {.service = 1_us, .copy_rate = sim::BytesPerSecond{1e15}, .parallel = 64};
  host = two_readers(host);
  const Results shared = run(host, 200_ms);
  CHECK(metric(shared, "storage.san.bandwidth") == Approx(1e9).epsilon(0.01));
  CHECK(metric(shared, "storage.san.port.out") == Approx(1.0).epsilon(0.01));
  CHECK(metric(shared, "storage.san.time.network") > 0.95);
  CHECK(metric(shared, "vm.guest.io.bandwidth") == Approx(0.5e9).epsilon(0.02));
  CHECK(metric(shared, "vm.other.io.bandwidth") == Approx(0.5e9).epsilon(0.02));
  server(host).bandwidth =
      sim::BytesPerSecond{4e9 * 1538 / 1448};  // then the hosts' own ports are full
  CHECK(metric(run(host, 2_s), "storage.san.bandwidth") == Approx(2e9).epsilon(0.01));
}

TEST_CASE("hosts share the server's disks and cores", "[storage-network]") {
  HostDescription host = two_readers(reader());
  for (HostDescription* one : {&host, &host.others.front()}) one->vms.front().workload.io.jobs = 4;
  const Results disks = run(host, 200_ms);
  CHECK(metric(disks, "storage.san.requests") == Approx(10'000).epsilon(0.01));
  CHECK(metric(disks, "storage.san.time.disks") > 0.9);
  CHECK(metric(disks, "vm.guest.io.rate") == Approx(5'000).epsilon(0.02));
  server(host).cores = 1;
  server(host).request = sim::Cycles{480'000};  // 200 us
  const Results cores = run(host, 200_ms);
  CHECK(metric(cores, "storage.san.requests") == Approx(5'000).epsilon(0.01));
  CHECK(metric(cores, "storage.san.cpu.utilisation") == Approx(1.0).epsilon(0.01));
}

TEST_CASE("a session has so many commands under way, a disk so many of them", "[storage-network]") {
  HostDescription host = reader();
  host.vms.front().workload.io.jobs = 4;
  disk(host).parallel = 4;
  // They keep step: n commands and n answers share the ports.
  const auto rate = [](int n) { return n / (120e-6 + n * 4.296e-6); };
  CHECK(metric(run(host), "storage.san.requests") == Approx(rate(4)).epsilon(0.005));
  server(host).session.queue_depth = 2;
  CHECK(metric(run(host), "storage.san.requests") == Approx(rate(2)).epsilon(0.005));
  server(host).session.commands = 1;
  const Results one = run(host);
  CHECK(metric(one, "storage.san.requests") == Approx(rate(1)).epsilon(0.005));
  CHECK(metric(one, "storage.san.time.session") == Approx(0.75).epsilon(0.02));
}

TEST_CASE("a session's thread needs a CPU of the host", "[storage-network]") {
  HostDescription host = reader();
  host.vms.front().workload.io.jobs = 4;
  disk(host).parallel = 4;
  server(host).session.submit = sim::Cycles{400'000};  // 200 us at 2 GHz
  const double alone = metric(run(host), "storage.san.requests");
  CHECK(alone == Approx(5'000).epsilon(0.05));
  server(host).session.connections = 2;
  CHECK(metric(run(host), "storage.san.requests") > 1.6 * alone);
}

TEST_CASE("NFS writes that somebody waits for need no commit", "[storage-network]") {
  for (const auto protocol : {StorageProtocol::iscsi, StorageProtocol::nfs}) {
    HostDescription host = reader(protocol);
    host.vms.front().workload.io = {.jobs = 1, .read_share = 0.0, .sync_every = 1};
    const Results results = run(host);
    const double commands = protocol == StorageProtocol::nfs ? 1 : 2;  // for a write
    CHECK(metric(results, "storage.san.requests") ==
          Approx(commands * metric(results, "vm.guest.io.rate")).epsilon(0.01));
  }
}

TEST_CASE("Fibre Channel has links of its own", "[storage-network]") {
  HostDescription host = reader(StorageProtocol::fc);
  CHECK_THROWS_WITH(check(host), Catch::Contains("cluster.storage.san: bandwidth: Fibre Channel"));
  server(host).bandwidth = sim::BytesPerSecond{826.5e6};
  CHECK_THROWS_WITH(check(host), Catch::Contains("\"8 Gbit/s\" is 8GFC"));
  server(host).bandwidth = sim::BytesPerSecond{1e9};
  host.network.bandwidth = sim::BytesPerSecond{1e6};
  // 8GFC: 8.5 GBd in 8b/10b, and 2,112 of 2,172 bytes of a frame with its gap are data. There 10 us
  // and the command, disk 100, back 10 and the answer with its data.
  const double data_MBps = 8'500.0 * 8 / 10 / 8 * 2'112 / 2'172;
  CHECK(latency_us(host) == Approx(120 + (100 + 4'196) / data_MBps).epsilon(1e-6));
}

TEST_CASE("a server carries what its links leave to data", "[storage-network]") {
  const auto bandwidth_MBps = [](StorageProtocol protocol, double link_Gbps) {
    HostDescription host = reader(protocol);
    host.network.bandwidth = sim::BytesPerSecond{link_Gbps / 8 * 1e9};
    if (protocol == StorageProtocol::fc) server(host).bandwidth = host.network.bandwidth;
    host.vms.front().workload.io = {.jobs = 8, .block = 1_MiB};
    disk(host) = {.service = 1_us, .copy_rate = sim::BytesPerSecond{1e15}, .parallel = 64};
    return metric(run(host, 2_s), "storage.san.bandwidth") / 1e6;
  };
  for (const auto protocol : {StorageProtocol::iscsi, StorageProtocol::nfs})
    CHECK(bandwidth_MBps(protocol, 10) == Approx(1'176.9).epsilon(0.01));
  CHECK(bandwidth_MBps(StorageProtocol::fc, 8) == Approx(826.5).epsilon(0.01));
  CHECK(bandwidth_MBps(StorageProtocol::fc, 16) == Approx(1'653.0).epsilon(0.01));
}

TEST_CASE("a host's disk may be a unit of a server", "[storage-network]") {
  HostDescription host = reader();
  HostDisk unit;
  unit.name = "sdb";
  unit.on = "san.ram";
  unit.size = 64_GiB;
  host.storage.disks.push_back(unit);
  host.vms.front().disks.front().on = "sdb";
  CHECK(host.leaves_the_box());
  CHECK(latency_us(host) == Approx(124.296).epsilon(1e-6));
}

TEST_CASE("disks of all hosts share the space of the server", "[storage-network]") {
  HostDescription host = two_readers(reader());
  host.vms.front().disks.front().size = sim::Bytes{600LL << 30};  // of 1 TiB
  host.others.front().vms.front().disks.front().size = sim::Bytes{400LL << 30};
  CHECK_NOTHROW(check(host));
  host.others.front().vms.front().disks.front().size = sim::Bytes{600LL << 30};
  CHECK_THROWS_WITH(check(host), Catch::Contains("\"ram\" holds"));
}

TEST_CASE("names on servers that are not there are refused", "[storage-network]") {
  HostDescription host = reader();
  host.vms.front().disks.front().on = "san.sda";
  CHECK_THROWS_WITH(check(host), Catch::Contains("vm.guest.disk.on: no disk, array or volume"));
  host.vms.front().disks.front().on = "nas.ram";
  CHECK_THROWS_WITH(check(host), Catch::Contains("vm.guest.disk.on: no disk, array or volume"));
}

TEST_CASE("a server that nobody's disk lies on does not start SimGrid", "[outside]") {
  HostDescription host = reader();
  CHECK(host.leaves_the_box());
  host.storage = server(host).storage;
  host.vms.front().disks.front().on = "ram";
  CHECK_FALSE(host.leaves_the_box());
  const bool before = cluster::Outside::loaded();  // by another test of this process
  run(host);
  CHECK(cluster::Outside::loaded() == before);
}
