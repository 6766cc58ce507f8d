#include "models/compute/dirty_lines.hpp"

#include <catch2/catch.hpp>

#include "models/compute/contention.hpp"

using namespace sim::literals;
using namespace models::compute;
using models::topology::Description;
using models::topology::Topology;

namespace {

// From L2 4 ns, from the LLC 24: a step is 10 ns. The link adds 50.
Description two_nodes() {
  Description d;
  d.sockets = 2;
  d.cores_per_node = 4;
  d.frequency = sim::Hertz{2e9};
  d.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 4_ns};
  d.llc = {.size = 16_MiB, .shared_by = 4, .latency = 24_ns};
  d.memory = 64_GiB;
  d.controller.channel_bandwidth = sim::BytesPerSecond{10e9};
  d.controller.latency = 80_ns;
  d.links = {{.from = 0,
              .to = 1,
              .kind = "upi",
              .bandwidth = sim::BytesPerSecond{20e9},
              .efficiency = 1.0,
              .latency = 50_ns}};
  return d;
}

}  // namespace

TEST_CASE("a line that a neighbour has modified takes the LLC, the way to it and back and its L2") {
  const Topology topology{two_nodes()};
  for (const int home : {0, 1})
    CHECK(dirty_line_s(topology, 0, 1, home) == Approx((24 + 2 * 10 + 4) * 1e-9));
}

TEST_CASE("one that belongs to the other node crosses the link, too") {
  const Topology topology{two_nodes()};
  CHECK(dirty_line_s(topology, 0, 4, 1) == Approx((24 + 2 * 10 + 4 + 50) * 1e-9));
  CHECK(dirty_line_s(topology, 0, 4, 1, false) == Approx((24 + 2 * 10 + 4) * 1e-9));
}

TEST_CASE("one of the own node that is modified elsewhere is looked up in memory first") {
  const Topology topology{two_nodes()};
  CHECK(dirty_line_s(topology, 0, 4, 0) == Approx((80 + 50 + 4 * 10 + 4) * 1e-9));
}

TEST_CASE("where all nodes are asked at once, the line's home is of no account") {
  Description d = two_nodes();
  d.coherence = models::topology::Coherence::snoop;
  const Topology topology{d};
  for (const int home : {0, 1})
    CHECK(dirty_line_s(topology, 0, 4, home) == Approx((24 + 2 * 10 + 4 + 50) * 1e-9));
  CHECK(dirty_line_s(topology, 0, 1, 1) == Approx((24 + 2 * 10 + 4) * 1e-9));
}

TEST_CASE("a probe filter sends a reader by way of the line's home, once around") {
  Description d = two_nodes();
  d.coherence = models::topology::Coherence::probe_filter;
  d.llc.shared_by = 2;
  const Topology topology{d};
  CHECK(dirty_line_s(topology, 0, 1, 1) == Approx((24 + 2 * 10 + 4) * 1e-9));
  CHECK(dirty_line_s(topology, 0, 2, 0) == Approx(80e-9));
  for (const auto& [writer, home] : {std::pair{2, 1}, {4, 0}, {4, 1}}) {
    CHECK(dirty_line_s(topology, 0, writer, home) == Approx((80 + 50) * 1e-9));
    CHECK(dirty_line_s(topology, 0, writer, home, false) == Approx(80e-9));
  }
}

TEST_CASE("behind one hub the owner writes back and memory answers") {
  Description d = two_nodes();
  d.interconnect = models::topology::Interconnect::front_side_bus;
  d.links.clear();
  d.fsb_bandwidth = sim::BytesPerSecond{10e9};
  const Topology topology{d};
  CHECK(dirty_line_s(topology, 0, 4, 0) == Approx(80e-9));
}

TEST_CASE("a reader waits for its writers where they run, and for the LLC when none does") {
  const Topology topology{two_nodes()};
  Profile reads;  // 0.5 ns beside the line
  reads.dirty_lines_per_kilo_instruction = 1000.0;
  const Profile writes;
  Contention contention{topology, {}};
  const StreamId reader = contention.add(reads);
  const StreamId near = contention.add(writes);
  const StreamId far = contention.add(writes);
  contention.place(reader, {0.0, 1.0});
  contention.read_from(reader, {near, far});
  const auto wait_s = [&] { return contention.state(reader).pace.instruction_s - 0.5e-9; };
  contention.start(reader, 0);
  contention.settle(sim::Instant{});
  CHECK(wait_s() == Approx(24e-9));
  contention.start(near, 1);
  contention.settle(sim::Instant{});
  CHECK(wait_s() == Approx(48e-9));
  contention.start(far, 4);
  contention.settle(sim::Instant{});
  CHECK(wait_s() == Approx((48e-9 + 98e-9) / 2));
}

TEST_CASE("between caches of one node a modified line takes as long as memory") {
  Description d = two_nodes();
  d.llc.shared_by = 2;
  const Topology topology{d};
  CHECK(dirty_line_s(topology, 0, 2, 0) == Approx(80e-9));
}
