// Scenarios with several hosts: what is read, and runs in processes of their own.
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "models/cluster/outside.hpp"
#include "scenarios/read.hpp"
#include "scenarios/run.hpp"
#include "scenarios/worker_process.hpp"
#include "sim/error.hpp"

using namespace scenarios;

namespace {

constexpr const char* kScenario = R"(
[study]
duration = "3 s"
warmup = "0.1 s"
replications = 2
[host]
use = "nehalem-x5570-2s"
[cluster.network]
bandwidth = "10 Gbit/s"
latency = "50 us"
[cluster.host.b]
hardware = "skylake-8180-2s"
[[vm]]
name = "guest"
memory = "1 GiB"
workload = "page-writer"
[[vm]]
name = "there"
memory = "1 GiB"
on = "b"
workload = "spin"
[migrate.guest]
to = "b"
at = "200 ms"
bandwidth = "8 Gbit/s"
)";

double metric(const PointResults& point, const std::string& name) {
  for (const auto& known : point.metrics) {
    if (known.name == name) return known.estimate.value;
  }
  FAIL("no metric " << name);
  return 0;
}

}  // namespace

TEST_CASE("hosts, networks and migrations are read, and VMs go where they are said to be",
          "[cluster]") {
  const Study study = read_text(kScenario, "test");
  const models::HostDescription& host = study.points.front().scenario.host;
  REQUIRE(host.others.size() == 1);
  CHECK(host.others.front().name == "b");
  CHECK(host.others.front().hardware.cores_per_node == 28);
  CHECK(host.network.bandwidth.count() == 1.25e9);
  REQUIRE(host.vms.size() == 1);
  REQUIRE(host.others.front().vms.size() == 1);
  CHECK(host.others.front().vms.front().name == "there");
  REQUIRE(host.migrations.size() == 1);
  CHECK(host.migrations.front().bandwidth.count() == 1e9);
}

TEST_CASE("a resolved scenario of several hosts reads back as it was", "[cluster]") {
  const Study study = read_text(kScenario, "test");
  const std::string once = resolved(study.points.front().scenario).dump();
  CHECK(resolved(read_text(once, "again").points.front().scenario).dump() == once);
}

TEST_CASE("alike hosts get numbers, and VMs of their own", "[cluster]") {
  std::string text = kScenario;
  text.replace(text.find("[cluster.host.b]"), 16, "[cluster.host.b]\ncount = 2");
  text.replace(text.find("to = \"b\""), 8, "to = \"b1\"");
  const Study study = read_text(text, "test");
  const models::HostDescription& host = study.points.front().scenario.host;
  REQUIRE(host.others.size() == 2);
  CHECK(host.others[0].name == "b0");
  CHECK(host.others[1].vms.front().name == "there1");
  text.replace(text.find("count = 2"), 9, "count = 99");
  CHECK_THROWS_WITH(read_text(text, "test"), Catch::Contains("cluster.host.b.count"));
}

TEST_CASE("storage servers are read with their protocol's defaults", "[cluster]") {
  std::string text = kScenario;
  text.replace(text.find("[migrate.guest]"), 15, R"([cluster.storage.nas]
protocol = "nfs"
bandwidth = "25 Gbit/s"
session = { commands = 16 }
  [[cluster.storage.nas.disk]]
  name = "ssd"
  count = 2
  device = "ssd-sata"
  [[cluster.storage.nas.array]]
  name = "md0"
  level = "raid1"
  disks = ["ssd"]
[migrate.guest])");
  text.replace(text.find("on = \"b\""), 8, "on = \"b\"\ndisk = [{ on = \"nas.md0\" }]");
  const Study study = read_text(text, "test");
  const models::HostDescription& host = study.points.front().scenario.host;
  REQUIRE(host.servers.size() == 1);
  CHECK(host.servers.front().session.commands == 16);
  CHECK(host.servers.front().session.max_transfer.count() == 1 << 20);
  CHECK(host.servers.front().storage.disks.front().device.kind ==
        models::storage::device::Kind::flash);
  const std::string once = resolved(study.points.front().scenario).dump();
  CHECK(resolved(read_text(once, "again").points.front().scenario).dump() == once);
  text.replace(text.find("\"nfs\""), 5, "\"afp\"");
  CHECK_THROWS_WITH(read_text(text, "test"), Catch::Contains("cluster.storage.nas.protocol"));
}

TEST_CASE("mistakes about hosts are found where they stand", "[cluster]") {
  std::string text = kScenario;
  text.replace(text.find("on = \"b\""), 8, "on = \"c\"");
  CHECK_THROWS_WITH(read_text(text, "test"), Catch::Contains("vm.there.on: no [cluster.host.c]"));
  text = kScenario;
  text.replace(text.find("to = \"b\""), 8, "to = \"d\"");
  CHECK_THROWS_WITH(read_text(text, "test"), Catch::Contains("migrate.guest.to: got \"d\""));
}

TEST_CASE(
    "a study that leaves the box runs in processes of their own, alike for any number of jobs",
    "[cluster]") {
  const Study study = read_text(kScenario, "test");
  RunOptions options;
  options.check = true;
  options.jobs = 1;
  const StudyResults one = run(study, options);
  options.jobs = 4;
  const StudyResults four = run(study, options);
  CHECK_FALSE(models::cluster::Outside::loaded());
  REQUIRE(one.points.size() == 1);
  CHECK(one.points.front().violations.empty());
  CHECK(metric(one.points.front(), "migration.guest.completed") == 1);
  CHECK(metric(one.points.front(), "migration.guest.time") ==
        metric(four.points.front(), "migration.guest.time"));
  CHECK(metric(one.points.front(), "vm.there.throughput") > 0);
  CHECK(metric(one.points.front(), "vm.there.throughput.relative") == Approx(1.0).epsilon(0.01));
}

TEST_CASE("what a worker process throws is thrown here", "[cluster]") {
  CHECK_THROWS_AS(
      in_worker_process([]() -> models::Results { throw models::Cancelled{}; }, nullptr),
      models::Cancelled);
  CHECK_THROWS_AS(
      in_worker_process([]() -> models::Results { throw sim::ConfigError{"no"}; }, nullptr),
      sim::ConfigError);
  CHECK_THROWS_AS(in_worker_process([]() -> models::Results { std::_Exit(3); }, nullptr),
                  sim::ModelError);
}

TEST_CASE("a worker process that a signal has not reached is told", "[cluster]") {
  static std::atomic<bool> told;
  told = false;
  std::signal(SIGTERM, [](int) { told = true; });
  std::signal(SIGUSR1, [](int) {});
  std::atomic<bool> cancel = false;
  const pthread_t waiting = pthread_self();
  std::thread signalled{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
    cancel = true;
    pthread_kill(waiting, SIGUSR1);  // interrupts the wait for the child's answer
  }};
  const auto until_told = []() -> models::Results {
    for (int i = 0; i < 6'000 && !told; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    if (told) throw models::Cancelled{};
    return {};
  };
  CHECK_THROWS_AS(in_worker_process(until_told, &cancel), models::Cancelled);
  signalled.join();
  CHECK_FALSE(told);
  // One that the signal ends has been cancelled, too.
  const auto ends = []() -> models::Results { std::_Exit(1); };
  CHECK_THROWS_AS(in_worker_process(ends, &cancel), models::Cancelled);
  std::signal(SIGTERM, SIG_DFL);
  std::signal(SIGUSR1, SIG_DFL);
}

TEST_CASE("hardware that no machine has is refused on every host of a cluster, once") {
  std::string text = kScenario;
  const std::string own = "hardware = \"skylake-8180-2s\"";
  text.replace(text.find(own), own.size(),
               "hardware = { use = \"skylake-8180-2s\", frequency = \"2500 GHz\", turbo = [] }");
  CHECK_THROWS_WITH(read_text(text, "a.toml"),
                    Catch::Contains("cluster.host.b.hardware.frequency: got 2500 GHz, need 0.1 to "
                                    "10 GHz") &&
                        Catch::Contains("a.toml:12:"));
}
