#include "models/results.hpp"

#include <catch2/catch.hpp>

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
