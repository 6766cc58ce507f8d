#include "models/compute/contended_lines.hpp"

#include <catch2/catch.hpp>

#include "models/compute/contention.hpp"
#include "models/compute/dirty_lines.hpp"

using namespace sim::literals;
using namespace models::compute;
using models::topology::Description;
using models::topology::Topology;

namespace {

// From L2 4 ns, from the LLC 24.
Description two_sockets() {
  Description d;
  d.sockets = 2;
  d.cores_per_node = 4;
  d.frequency = sim::Hertz{2e9};
  d.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 4_ns};
  d.llc = {.size = 16_MiB, .shared_by = 4, .latency = 24_ns};
  d.memory = 64_GiB;
  d.controller.channel_bandwidth = sim::BytesPerSecond{10e9};
  d.controller.latency = 80_ns;
  d.links = {{.from = 0, .to = 1, .bandwidth = sim::BytesPerSecond{20e9}, .latency = 50_ns}};
  return d;
}

// A write to a contended line each 1,000 instructions, which take 0.5 ns each.
const Profile kWriter{
    .base_cpi = 1.0, .miss_curve = {}, .contended_lines_per_kilo_instruction = 1.0};

struct Guest {
  explicit Guest(int vcpus, ContentionConfig config = {}) : contention{topology, config} {
    std::vector<StreamId> all;
    for (int i = 0; i < vcpus; ++i) {
      all.push_back(contention.add(kWriter));
      contention.place(i, {1.0, 0.0});
    }
    contention.write_together(all);
  }
  // Whoever writes now has done so for long.
  void settle_for(sim::Duration time) {
    contention.settle(now);
    now += time;
    contention.settle(now);
  }
  double lines_s(StreamId id) { return contention.state(id).pace.lines_s; }
  Topology topology{two_sockets()};
  Contention contention;
  sim::Instant now = sim::kStart;
};

}  // namespace

TEST_CASE("a lone writer keeps the line, two that seldom write wait for the way alone") {
  CHECK(contended_line_s(0.0, 1.0, 10.0) == 0.0);
  CHECK(contended_line_s(1.0, 1.0, 1e6) == Approx(1.0).epsilon(1e-5));
}

TEST_CASE("many that often write share the line's rate") {
  const double waits = contended_line_s(99.0, 1.0, 10.0);
  CHECK(100.0 / (10.0 + waits) == Approx(1.0).epsilon(0.01));
  CHECK(waits == Approx(1.0 + 99.0 * waits / (10.0 + waits)));
}

TEST_CASE("the time of an instruction holds its part of the waits") {
  Guest guest{2};
  guest.contention.start(0, 0);
  guest.settle_for(1_s);
  CHECK(guest.lines_s(0) == 0.0);
  guest.contention.start(1, 1);
  guest.settle_for(1_s);
  const double turn_s = dirty_line_s(guest.topology, 0, 1, 0);
  CHECK(guest.lines_s(0) == Approx(contended_line_s(1.0, turn_s, 500e-9) / 1000.0));
  CHECK(guest.contention.state(0).pace.instruction_s == Approx(0.5e-9 + guest.lines_s(0)));
}

TEST_CASE("a writer on another socket makes every turn dearer, one that waits makes none") {
  Guest near{2}, far{2};
  near.contention.start(0, 0);
  near.contention.start(1, 1);
  near.settle_for(1_s);
  far.contention.start(0, 0);
  far.contention.start(1, 4);
  far.settle_for(1_s);
  const double both_s = far.lines_s(0);
  CHECK(both_s > near.lines_s(0));
  far.contention.waits(1, true);
  far.settle_for(1_s);
  CHECK(far.lines_s(0) < 1e-6 * both_s);
  far.contention.waits(1, false);
  far.settle_for(1_s);
  CHECK(far.lines_s(0) == Approx(both_s));
  far.contention.stop(4, far.now);
  far.settle_for(1_s);
  CHECK(far.lines_s(0) < 1e-6 * both_s);
}

TEST_CASE("a writer that comes and goes counts as often as it is there") {
  Guest guest{2};
  guest.contention.start(0, 0);
  guest.contention.start(1, 1);
  guest.settle_for(1_s);
  const double always_s = guest.lines_s(0);
  for (int i = 0; i < 2000; ++i) {
    guest.contention.waits(1, i % 2 == 0);
    guest.settle_for(1_us);
  }
  CHECK(guest.lines_s(0) == Approx(always_s / 2.0).epsilon(0.3));
}

TEST_CASE("lines that nobody contends for take no time where that is switched off") {
  Guest guest{2, {.contended_lines = false}};
  guest.contention.start(0, 0);
  guest.contention.start(1, 1);
  guest.settle_for(1_s);
  CHECK(guest.lines_s(0) == 0.0);
}
