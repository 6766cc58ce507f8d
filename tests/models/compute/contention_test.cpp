#include "models/compute/contention.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/models/compute/two_nodes.hpp"

using namespace sim::literals;
using namespace models::compute;
using models::topology::Description;
using models::topology::Topology;

namespace {

// One instruction: 0.5 ns of core, 1/100 of a miss of 100 ns: 1.5 ns when alone and local.
Profile misser(double parallelism = 1.0) {
  return {.base_cpi = 1.0,
          .llc_accesses_per_kilo_instruction = 10,
          .miss_curve = MissCurve{{{0_KiB, 1.0}}},
          .memory_level_parallelism = parallelism,
          .footprint = 64_MiB};
}

}  // namespace

TEST_CASE("a lone local thread waits idle latency only, a remote one the crossing too",
          "[contention]") {
  const Topology topology{two_nodes()};
  const Profile profile = misser();
  Contention contention{topology, {.controller_queueing = false}};
  const StreamId local = contention.add(profile), remote = contention.add(profile);
  contention.place(local, {1.0, 0.0});
  contention.place(remote, {1.0, 0.0});
  contention.start(local, 0);
  contention.start(remote, 8);
  contention.settle(sim::kStart);
  CHECK(contention.state(local).pace.instruction_s == Approx(1.5e-9));
  CHECK(contention.state(remote).pace.remote_s == Approx(0.6e-9));
}

TEST_CASE("no resource carries more than its capacity, and equals slow alike", "[contention]") {
  const Topology topology{two_nodes()};
  const Profile profile = misser(20.0);  // 16 threads want 16 * 64 B / 100 / 0.55 ns = 18 GB/s
  Contention contention{topology, {}};
  for (int i = 0; i < 16; ++i) {
    contention.place(contention.add(profile), {1.0, 0.0});
    contention.start(i, i);
  }
  contention.settle(sim::kStart);
  for (int r = 0; r < static_cast<int>(topology.resources().size()); ++r) {
    CHECK(contention.utilisation(r) <= 1.0005);
  }
  CHECK(contention.utilisation(0) + contention.utilisation(3) > 0.95);
  for (int i = 1; i < 8; ++i) {
    CHECK(contention.state(i).pace.instruction_s ==
          Approx(contention.state(0).pace.instruction_s).epsilon(1e-6));
    CHECK(contention.state(8 + i).pace.instruction_s ==
          Approx(contention.state(8).pace.instruction_s).epsilon(1e-6));
  }
  CHECK(contention.state(8).pace.link_s > 0);
}

TEST_CASE("the delay in force is the curve's at the load in force", "[contention]") {
  const Topology topology{two_nodes()};
  const Profile profile = misser(2.0);
  Contention contention{topology, {}};
  for (int i = 0; i < 6; ++i) {
    contention.place(contention.add(profile), {1.0, 0.0});
    contention.start(i, i);
  }
  contention.settle(sim::kStart);
  const double u = contention.utilisation(0);
  const double delay_s = 25e-9 * u / std::sqrt(1 - u);
  CHECK(contention.state(0).memory_latency_s == Approx(100e-9 + delay_s).epsilon(2e-3));
}

TEST_CASE("equals halve a cache, and a switched-off mechanism costs nothing", "[contention]") {
  const Topology topology{two_nodes()};
  Profile profile = misser();
  profile.miss_curve = MissCurve{{{0_KiB, 1.0}, {16_MiB, 0.0}}};
  Contention contention{
      topology, {.remote_latency = false, .link_bandwidth = false, .controller_queueing = false}};
  for (int i = 0; i < 2; ++i) {
    contention.place(contention.add(profile), {0.0, 1.0});
    contention.start(i, i);
  }
  contention.settle(sim::kStart);
  CHECK(contention.state(0).space_B == Approx(8.0 * 1024 * 1024).epsilon(1e-3));
  CHECK(contention.state(0).misses_per_instruction == Approx(0.005).epsilon(1e-3));
  CHECK(contention.state(0).pace.remote_s == 0.0);
  contention.stop(1, sim::kStart);
  contention.settle(sim::kStart);
  CHECK(contention.state(0).misses_per_instruction == Approx(0.0).margin(1e-6));
}

TEST_CASE("without an LLC whatever L2 misses is waited for in memory", "[contention]") {
  models::topology::Description bare = two_nodes();
  bare.llc = {};
  const Topology topology{bare};
  Profile profile = misser();
  profile.miss_curve = MissCurve{{{0_KiB, 0.5}, {16_MiB, 0.0}}};
  profile.footprint_loads_per_kilo_instruction = 10;
  profile.footprint = 1_MiB;  // L2 holds a quarter of it
  Contention contention{topology, {.controller_queueing = false}};
  for (int i = 0; i < 2; ++i) {
    contention.place(contention.add(profile), {1.0, 0.0});
    contention.start(i, i);
  }
  contention.settle(sim::kStart);
  CHECK(contention.state(0).space_B == 0.0);
  CHECK(contention.state(0).misses_per_instruction == Approx(0.01 + 0.75 * 0.01));
  CHECK(contention.state(1).pace.local_s == Approx((0.01 + 0.75 * 0.01) * 100e-9));
}

TEST_CASE("a written line costs the controller its share of a turn of the bus", "[contention]") {
  // 16 threads that want more than 10 GB/s. Read only they get it all; writing back each line costs
  // 1 + 20 ns x 10 GB/s / (32 x 64 B) = 1.098 lines more.
  const auto read_Bps = [](double written) {
    Description d = two_nodes();
    d.controller.queueing = {sim::Duration{1'000}, 0.5};  // saturates within a hair
    const Topology topology{d};
    Profile profile = misser(200.0);
    profile.write_back_fraction = written;
    Contention contention{topology, {}};
    double sum = 0.0;
    for (int i = 0; i < 8; ++i) {
      contention.place(contention.add(profile), {1.0, 0.0});
      contention.start(i, i);
    }
    contention.settle(sim::kStart);
    for (int i = 0; i < 8; ++i) {
      const StreamState& state = contention.state(i);
      sum += 64.0 * state.misses_per_instruction / state.pace.instruction_s;
    }
    return sum;
  };
  const double cost = 1.0 + 20e-9 * 10e9 / (32 * 64.0);
  CHECK(read_Bps(0.0) / read_Bps(1.0) == Approx(1.0 + cost).epsilon(0.02));
}

TEST_CASE("a solution is found where writes outweigh reads and several resources are full",
          "[contention]") {
  // Every thread of both nodes updates memory spread over both: controllers and both directions of
  // the link are full at once. Loads must come out at capacity, not above, and alike on both sides.
  Description d = two_nodes();
  d.links.front().bandwidth = sim::BytesPerSecond{8e9};
  const Topology topology{d};
  Profile profile = misser(20.0);
  profile.write_back_fraction = 1.0;
  Contention contention{topology, {}};
  for (int i = 0; i < 16; ++i) {
    contention.place(contention.add(profile), {0.5, 0.5});
    contention.start(i, i);
  }
  contention.settle(sim::kStart);
  for (int r = 0; r < static_cast<int>(topology.resources().size()); ++r)
    CHECK(contention.utilisation(r) <= 1.0 + 1e-3);
  CHECK(contention.utilisation(0) > 0.95);
  CHECK(contention.utilisation(0) == Approx(contention.utilisation(1)).epsilon(1e-3));
  CHECK(contention.state(0).pace.instruction_s ==
        Approx(contention.state(15).pace.instruction_s).epsilon(1e-3));
}

// Only what has drifted is solved again; the paces still are those of a machine set up at once.
TEST_CASE("threads that come one by one end up where all at once do", "[contention]") {
  const Topology topology{two_nodes()};
  const Profile light = misser(1.0), heavy = misser(8.0);
  const auto place = [&](Contention& contention) {
    for (int i = 0; i < 16; ++i) {
      const StreamId id = contention.add(i % 3 == 0 ? heavy : light);
      const double local = i % 4 == 0 ? 0.5 : 1.0;
      contention.place(id, i < 8 ? std::vector{local, 1 - local} : std::vector{1 - local, local});
    }
  };
  Contention at_once{topology, {}}, one_by_one{topology, {}};
  place(at_once);
  place(one_by_one);
  for (int i = 0; i < 16; ++i) at_once.start(i, i);
  at_once.settle(sim::kStart);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 16; ++i) {
      one_by_one.start(i, i);
      one_by_one.settle(sim::kStart);
    }
    if (round == 2) break;
    for (int i = 15; i >= 0; --i) {
      one_by_one.stop(i, sim::kStart);
      one_by_one.settle(sim::kStart);
    }
  }
  for (int i = 0; i < 16; ++i) {
    INFO("thread " << i);
    CHECK(one_by_one.state(i).pace.instruction_s ==
          Approx(at_once.state(i).pace.instruction_s).epsilon(0.04));
  }
  for (int r = 0; r < static_cast<int>(topology.resources().size()); ++r) {
    CHECK(one_by_one.utilisation(r) == Approx(at_once.utilisation(r)).margin(0.05));
    CHECK(one_by_one.utilisation(r) < 1.01);
  }
}

// Where loads lean against the delay, one less of many changes nearly nothing; one more would fill
// more than there is.
TEST_CASE("a full resource is solved again for who comes, not for who goes", "[contention]") {
  const Topology topology{two_nodes()};
  Profile heavy = misser(80.0);
  heavy.base_cpi = 0.2;
  const Profile light = misser(4.0);
  Contention contention{topology, {}};
  for (int i = 0; i < 8; ++i) {
    contention.place(contention.add(i < 7 ? heavy : light), {1.0, 0.0});
    if (i < 7) contention.start(i, i);
  }
  contention.settle(sim::kStart);
  REQUIRE(contention.utilisation(0) > 0.99);
  const double full_s = contention.state(0).pace.instruction_s;
  std::uint64_t solved = contention.solutions();
  contention.start(7, 7);
  contention.settle(sim::kStart);
  CHECK(contention.solutions() > solved);
  CHECK(contention.utilisation(0) <= 1.0 + 1e-3);
  solved = contention.solutions();
  contention.stop(7, sim::kStart);
  contention.settle(sim::kStart);
  CHECK(contention.solutions() == solved);
  CHECK(contention.utilisation(0) < 0.995);
  CHECK(contention.state(0).pace.instruction_s == Approx(full_s).epsilon(0.04));
  contention.allow_no_drift();
  contention.settle(sim::kStart);
  CHECK(contention.solutions() > solved);
  CHECK(contention.state(0).pace.instruction_s == Approx(full_s).epsilon(1e-3));
  contention.stop(6, sim::kStart);  // a seventh of the load
  contention.settle(sim::kStart);
  CHECK(contention.state(0).pace.instruction_s < 0.95 * full_s);
}

TEST_CASE("buses and the hub behind them, all full, are solved together", "[contention]") {
  Description d = two_nodes();
  d.cores_per_node = 4;
  d.llc.shared_by = 4;
  d.links.clear();
  d.interconnect = models::topology::Interconnect::front_side_bus;
  d.fsb_bandwidth = sim::BytesPerSecond{10.67e9};
  d.fsb_efficiency = 0.65;
  d.fsb_queueing = {sim::Duration{23'500}, 0.49};
  d.controller = {.channels = 4,
                  .channel_bandwidth = sim::BytesPerSecond{5.33e9},
                  .efficiency = 0.6,
                  .latency = 110_ns,
                  .queueing = {sim::Duration{23'500}, 0.49}};
  const Topology topology{d};
  Profile profile = misser(40.0);
  profile.llc_accesses_per_kilo_instruction = 80;
  profile.write_back_fraction = 1.0;
  Contention contention{topology, {}};
  double worst = 0.0;
  for (const int cpu : {0, 4, 1, 5, 2, 6, 3, 7}) {
    contention.start(contention.add(profile), cpu);
    contention.settle(sim::kStart);
    for (int r = 0; r < static_cast<int>(topology.resources().size()); ++r)
      worst = std::max(worst, contention.utilisation(r));
  }
  CHECK(worst > 0.95);
  CHECK(worst < 1.005);
}

TEST_CASE("a compute die gets no more than its port reads and writes", "[contention]") {
  Description d = two_nodes();
  d.controller.channels = 8;  // 80 GB/s a node
  d.chiplet = {.shared_by = 4,
               .read_bandwidth = sim::BytesPerSecond{12e9},
               .write_bandwidth = sim::BytesPerSecond{4e9},
               .efficiency = 0.5};
  const Topology topology{d};
  const auto reads_Bps = [&](double written) {
    Profile profile = misser(20.0);
    profile.write_back_fraction = written;
    Contention contention{topology, {}};
    for (int i = 0; i < 4; ++i) {  // one die, of memory beside it
      contention.place(contention.add(profile), {1.0, 0.0});
      contention.start(i, i);
    }
    contention.settle(sim::kStart);
    double all = 0.0;
    for (int i = 0; i < 4; ++i) all += 0.64 / contention.state(i).pace.instruction_s;
    return all;
  };
  // 0.64 B an instruction of 0.55 ns, four times 1.16 GB/s, fits through the port; its writes do
  // not.
  CHECK(reads_Bps(0.0) == Approx(4.5e9).epsilon(0.03));
  CHECK(reads_Bps(1.0) == Approx(3.7e9).epsilon(0.06));
  d.chiplet.read_bandwidth = sim::BytesPerSecond{4e9};
  const Topology narrow{d};
  const Profile profile = misser(20.0);
  Contention contention{narrow, {}};
  for (int i = 0; i < 8; ++i) {
    contention.place(contention.add(profile), {1.0, 0.0});
    contention.start(i, i);
  }
  contention.settle(sim::kStart);
  for (int r = 0; r < static_cast<int>(narrow.resources().size()); ++r)
    CHECK(contention.utilisation(r) <= 1.0005);
  double die_Bps = 0.0;
  for (int i = 0; i < 4; ++i) die_Bps += 0.64 / contention.state(i).pace.instruction_s;
  CHECK(die_Bps == Approx(2e9).epsilon(0.03));
}

TEST_CASE("each change of loads ends the time in which the old ones were carried", "[contention]") {
  const Topology topology{two_nodes()};
  const Profile profile = misser();
  Contention contention{topology, {.link_bandwidth = false, .controller_queueing = false}};
  const StreamId stream = contention.add(profile);
  contention.place(stream, {1.0, 0.0});
  contention.start(stream, 0);
  contention.settle(sim::kStart);
  const double read_Bps = contention.load_Bps(0);
  REQUIRE(read_Bps > 0);
  contention.place(stream, {0.0, 1.0}, sim::kStart + 1_s);
  contention.settle(sim::kStart + 1_s);
  const double remote_Bps = contention.load_Bps(1);
  contention.add_traffic(0, 5e8, sim::kStart + 2_s);
  contention.stop(0, sim::kStart + 3_s);
  contention.settle(sim::kStart + 3_s);
  contention.add_traffic(0, -5e8, sim::kStart + 4_s);
  const CarriedLoads& carried = contention.carry(sim::kStart + 5_s);
  CHECK(carried.carried_B(0) == Approx(read_Bps + 2 * 5e8));
  CHECK(carried.carried_B(1) == Approx(2 * remote_Bps));
}
