#include "models/results.hpp"

#include <catch2/catch.hpp>

#include "models/metric_kind.hpp"

using namespace models;

TEST_CASE("a metric's unit is that of the pattern it fits, whatever its VM or array is called") {
  CHECK(unit_of("vm.web.io.latency.p99") == "s");
  CHECK(unit_of("vm.web.throughput") == "1/s");
  CHECK(unit_of("vm.web.net.throughput") == "B/s");
  CHECK(unit_of("vm.a.b.image.read_bytes") == "B");
  CHECK(unit_of("host.array.md0.member_writes") == "1/s");
  CHECK(unit_of("host.array.md0.rebuild.rate") == "B/s");
  CHECK(unit_of("cluster.b.host.array.md0.reads") == "1/s");
  CHECK(unit_of("host.array..reads") == "1");  // a name is needed
  CHECK(unit_of("host.elapsed") == "s");
  CHECK(unit_of("nothing.known") == "1");
}

TEST_CASE("metrics tell of storage, of a network or of computing") {
  for (const char* metric :
       {"vm.web.io.latency.p99", "vm.web.test.first.rate", "host.disk.sda.reads",
        "host.array.md0.member_writes", "storage.nas.bandwidth"})
    CHECK(subject_of(metric) == Subject::storage);
  for (const char* metric : {"vm.web.net.throughput", "migration.web.downtime", "host.nic.dropped"})
    CHECK(subject_of(metric) == Subject::network);
  for (const char* metric : {"vm.web.throughput", "vm.web.memory.latency", "host.migrations",
                             "vm.web.numa.migrated", "nothing.known"})
    CHECK(subject_of(metric) == Subject::computing);
}

TEST_CASE("what is a share ends at 1, what is timed has a stopwatch") {
  CHECK(is_share("vm.web.cpu.steal"));
  CHECK(is_share("host.cpu.utilisation"));
  CHECK(is_share("host.link.utilisation.max"));
  CHECK_FALSE(is_share("vm.web.throughput.relative"));
  CHECK_FALSE(is_share("vm.web.io.kicks"));
  CHECK(is_timed("vm.web.io.latency.p99"));
  CHECK(is_timed("vm.web.net.throughput"));
  CHECK_FALSE(is_timed("vm.web.image.reads"));
  CHECK_FALSE(is_timed("vm.web.memory.present"));
}
