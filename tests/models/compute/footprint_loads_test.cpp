#include "models/compute/footprint_loads.hpp"

#include <catch2/catch.hpp>

#include "models/compute/contention.hpp"

using namespace sim::literals;
using namespace models::compute;
using models::topology::Description;
using models::topology::Topology;

namespace {

// L1 32 KiB in 4 cycles of 0.5 ns, L2 256 KiB in 6 ns, four slices of 2 MiB in 10, 12, 14, 16 ns.
Description four_cores() {
  Description d;
  d.cores_per_node = 4;
  d.frequency = sim::Hertz{2e9};
  d.l2 = {.size = 256_KiB, .shared_by = 1, .latency = 6_ns};
  d.llc = {.size = 8_MiB, .shared_by = 4, .latency = 10_ns};
  d.ring = {.hop = 2_ns, .other_stops = 2};
  d.memory = 64_GiB;
  d.controller.channel_bandwidth = sim::BytesPerSecond{10e9};
  d.controller.latency = 80_ns;
  return d;
}

// Core time of 0.05 cycles beside the load.
Profile chase(sim::Bytes footprint, Order order = Order::random) {
  Profile profile;
  profile.base_cpi = 0.05;
  profile.footprint_loads_per_kilo_instruction = 1000.0;
  profile.footprint_order = order;
  profile.footprint = footprint;
  return profile;
}

double load_ns(const Profile& profile, int cpu = 0) {
  const Topology topology{four_cores()};
  Contention contention{topology, {.controller_queueing = false}};
  const StreamId id = contention.add(profile);
  contention.start(id, cpu);
  contention.settle(sim::kStart);
  return contention.state(id).pace.instruction_s * 1e9 - 0.025;
}

}  // namespace

TEST_CASE("caches serve the share of random loads that they have room for") {
  const Served by = served(four_cores(), chase(1_MiB), 8.0 * (1 << 20), 1);
  CHECK(by.l1 == Approx(1.0 / 32));
  CHECK(by.l2 == Approx(8.0 / 32 - 1.0 / 32));
  CHECK(by.llc == Approx(24.0 / 32));
  CHECK(by.memory == 0.0);
}

TEST_CASE("a busy sibling leaves half of L1 and L2") {
  const Served by = served(four_cores(), chase(64_KiB), 64.0 * 1024, 2);
  CHECK(by.l1 == Approx(0.25));
  CHECK(by.l2 == Approx(0.75));
}

TEST_CASE("round and round, a cache that does not hold all serves nothing") {
  CHECK(load_ns(chase(32_KiB, Order::cyclic)) == Approx(2.0));
  CHECK(load_ns(chase(64_KiB, Order::cyclic)) == Approx(6.0));
  CHECK(load_ns(chase(1_MiB, Order::cyclic)) == Approx(13.0));
  CHECK(load_ns(chase(64_MiB, Order::cyclic)) == Approx(80.0));
}

TEST_CASE("a random load takes what its caches take on average") {
  CHECK(load_ns(chase(64_KiB)) == Approx((2.0 + 6.0) / 2));
  CHECK(load_ns(chase(512_KiB)) == Approx((2.0 + 7 * 6.0 + 8 * 13.0) / 16));
}

TEST_CASE("slices further round the ring take longer, by the shorter way") {
  Profile profile = chase(1_MiB, Order::cyclic);
  CHECK(load_ns(profile, 0) == Approx((10.0 + 12 + 14 + 16) / 4));
  CHECK(load_ns(profile, 1) == Approx((12.0 + 10 + 12 + 14) / 4));
  profile.llc_slices = Slices::nearest;
  CHECK(load_ns(profile, 0) == Approx(10.0));
  profile.llc_slices = Slices::farthest;
  CHECK(load_ns(profile, 0) == Approx(16.0));
  CHECK(load_ns(profile, 1) == Approx(14.0));
}

TEST_CASE(
    "line fill buffers bound independent loads, L2's queue its streamer's, and siblings share "
    "both") {
  const models::topology::LineBuffers buffers{.fill = 12, .streamed = 20, .super_queue = 16};
  Profile profile;
  profile.memory_level_parallelism = 3.0;
  CHECK(lines_at_once(buffers, profile, 1) == 3.0);
  profile.overlap = Overlap::fill_buffers;
  CHECK(lines_at_once(buffers, profile, 1) == 12.0);
  CHECK(lines_at_once(buffers, profile, 2) == 6.0);
  profile.overlap = Overlap::streamer;
  CHECK(lines_at_once(buffers, profile, 1) == 16.0);
  CHECK(lines_at_once(buffers, profile, 2) == 8.0);
  const models::topology::LineBuffers long_queue{.fill = 12, .streamed = 20, .super_queue = 32};
  CHECK(lines_at_once(long_queue, profile, 1) == 20.0);
  CHECK(lines_at_once(long_queue, profile, 2) == 16.0);
}

TEST_CASE("a busy sibling takes half of the window that misses are found in, and of the buffers") {
  const models::topology::LineBuffers buffers{.fill = 10, .streamed = 20, .super_queue = 16};
  Profile profile;
  const auto with_sibling = [&](double alone) {
    profile.memory_level_parallelism = alone;
    CHECK(lines_at_once(buffers, profile, 1) == alone);
    return lines_at_once(buffers, profile, 2);
  };
  CHECK(with_sibling(1.0) == 1.0);  // one after the other: nothing to lose
  CHECK(with_sibling(3.0) == 2.0);  // the first, and one of the two others
  CHECK(with_sibling(9.5) == 5.0);  // of ten buffers
  CHECK(with_sibling(20.0) == 10.0);
  // A module of two cores, of which each has its own but for a tenth.
  profile.memory_level_parallelism = 3.0;
  CHECK(lines_at_once(buffers, profile, 2, 1.8) == Approx(1.0 + 2.0 * 0.9));
  CHECK(lines_at_once(buffers, profile, 2, 2.0) == 3.0);
}

TEST_CASE("siblings that wait for memory gain less with half the window each") {
  Description d = four_cores();
  d.threads_per_core = 2;
  d.llc.shared_by = 8;
  const Topology topology{d};
  const auto gain = [&](double parallelism) {
    Profile profile;
    profile.llc_accesses_per_kilo_instruction = 10.0;
    profile.miss_curve = MissCurve{{{0_KiB, 1.0}}};
    profile.footprint = 64_MiB;
    profile.memory_level_parallelism = parallelism;
    profile.smt_yield = 1.0;
    Contention contention{topology, {.controller_queueing = false}};
    const StreamId one = contention.add(profile), two = contention.add(profile);
    contention.place(one, {1.0});
    contention.place(two, {1.0});
    contention.start(one, 0);
    contention.settle(sim::kStart);
    const double alone_s = contention.state(one).pace.instruction_s;
    contention.start(two, topology.cpus_of_core(0).back());
    contention.settle(sim::kStart);
    return 2.0 * alone_s / contention.state(one).pace.instruction_s;
  };
  // 0.5 ns of core, which they take in turn, and 0.8 ns of waits.
  CHECK(gain(1.0) == Approx(2.0 * 1.3 / 1.8));
  CHECK(gain(2.0) == Approx(2.0 * 0.9 / (1.0 + 0.8 / 1.5)));
}

TEST_CASE("threads of a core with one page walker wait for each other's walks") {
  Description d = four_cores();
  d.threads_per_core = 2;
  d.llc.shared_by = 8;
  const auto walking = [&](int walkers, bool sibling) {
    d.tlb.walkers = walkers;
    const Topology topology{d};
    Profile profile;  // 0.5 ns of core and a walk that reads one line of memory, 80 ns, in 100
    profile.smt_yield = 2.0;
    const TableWalks walks{.reads = {{.per_instruction = 0.01, .lines = 1e15}}};
    Contention contention{topology, {.controller_queueing = false}};
    for (int i = 0; i < 2; ++i) {
      const StreamId id = contention.add(profile, {.walks = {walks, walks}});
      contention.place(id, {1.0});
      if (i == 0 || sibling) contention.start(id, i == 0 ? 0 : topology.cpus_of_core(0).back());
    }
    contention.settle(sim::kStart);
    return contention.state(0).pace.translation_s;
  };
  const double alone_s = walking(1, false);
  CHECK(alone_s == Approx(0.8e-9).epsilon(0.01));
  CHECK(walking(2, true) == Approx(alone_s));
  // It finds the sibling walking in 0.8 of 1.3 cases.
  CHECK(walking(1, true) == Approx(alone_s * (1.0 + 0.8 / 1.3)).epsilon(0.01));
}

TEST_CASE("a reader in order has as many lines under way as L2 has room for") {
  Profile profile;  // 0.5 ns of core and one line of 80 ns
  profile.llc_accesses_per_kilo_instruction = 1000.0;
  profile.miss_curve = MissCurve{{{0_KiB, 1.0}}};
  profile.footprint = 64_MiB;
  const Topology topology{four_cores()};
  for (const auto& [overlap, lines] :
       {std::pair{Overlap::workload, 1}, {Overlap::fill_buffers, 10}, {Overlap::streamer, 16}}) {
    profile.overlap = overlap;
    Contention contention{topology, {.controller_queueing = false}};
    const StreamId id = contention.add(profile);
    contention.start(id, 0);
    contention.settle(sim::kStart);
    CHECK(contention.state(id).pace.instruction_s == Approx(0.5e-9 + 80e-9 / lines));
  }
}
