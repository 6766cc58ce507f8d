#include "models/compute/cold_cache.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <vector>

using namespace sim::literals;
using namespace models::compute;
using models::topology::Topology;

namespace {

// Two sockets of two cores; L2 1 MiB a core, LLC 8 MiB a socket.
models::topology::Description machine() {
  models::topology::Description d;
  d.sockets = 2;
  d.cores_per_node = 2;
  d.frequency = sim::Hertz{2e9};
  d.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 5_ns};
  d.llc = {.size = 8_MiB, .shared_by = 2, .latency = 20_ns};
  d.memory = 8_GiB;
  d.controller.latency = 80_ns;
  d.controller.channel_bandwidth = sim::BytesPerSecond{50e9};
  d.links = {{.from = 0, .to = 1, .bandwidth = sim::BytesPerSecond{20e9}, .latency = 60_ns}};
  return d;
}

struct Host {
  explicit Host(bool llc_sharing = true,
                const models::topology::Description& description = machine())
      : topology{description},
        contention{topology, {.llc_sharing = llc_sharing}},
        cold{topology, contention, llc_sharing} {
    profile.llc_accesses_per_kilo_instruction = 20;
    profile.miss_curve = MissCurve{{{8_MiB, 0.05}}};
    profile.footprint = 4_MiB;
    for (int i = 0; i < 2; ++i) {
      contention.add(profile);
      cold.add();
      contention.place(i, {1.0, 0.0});
    }
  }
  // Runs `stream` on `cpu` for a while, too short for what is `missing` of its refill.
  ColdCache::Refill visit(StreamId stream, int cpu, sim::Duration span,
                          const ColdCache::Missing& missing = {}) {
    contention.start(stream, cpu);
    contention.settle(now);
    const ColdCache::Refill refill = cold.enter(stream, cpu, profile, now);
    now += span;
    contention.stop(cpu, now);
    cold.leave(stream, cpu, profile, now, missing);
    contention.settle(now);
    return refill;
  }
  // What all of its refill takes.
  sim::Duration run(StreamId stream, int cpu, sim::Duration span) {
    const ColdCache::Refill refill = visit(stream, cpu, span);
    return refill.core + refill.llc;
  }
  Topology topology;
  Profile profile;
  Contention contention;
  ColdCache cold;
  sim::Instant now{};
};

}  // namespace

TEST_CASE("the very first start is free: what it has not had it cannot refill") {
  Host host;
  CHECK(host.run(0, 0, 10_ms) == sim::Duration::zero());
}

TEST_CASE("who comes back to a CPU that stayed idle finds its caches warm") {
  Host host;
  host.run(0, 0, 10_ms);
  CHECK(host.run(0, 0, 10_ms) == sim::Duration::zero());
}

TEST_CASE("a neighbour that ran meanwhile costs a refill, the more the longer it ran") {
  Host brief, lengthy;
  brief.run(0, 0, 10_ms);
  lengthy.run(0, 0, 10_ms);
  brief.run(1, 0, 1_ms);
  lengthy.run(1, 0, 100_ms);
  const sim::Duration little = brief.run(0, 0, 1_ms);
  const sim::Duration much = lengthy.run(0, 0, 1_ms);
  CHECK(little > sim::Duration::zero());
  CHECK(much > little);
}

TEST_CASE("who comes back where others have left finds no more lost than it held") {
  Host host;
  host.profile.footprint = 8_MiB;
  host.contention.start(1, 1);
  host.run(0, 0, 10_ms);  // beside a neighbour: half of the LLC
  host.contention.stop(1, host.now);
  CHECK(host.run(0, 0, 10_ms) == sim::Duration::zero());
}

TEST_CASE("a move within the socket refills the core's cache, a move to another also the LLC") {
  Host within, across;
  within.run(0, 0, 10_ms);
  across.run(0, 0, 10_ms);
  const sim::Duration near = within.run(0, 1, 1_ms);
  const sim::Duration far = across.run(0, 2, 1_ms);
  CHECK(near > sim::Duration::zero());
  CHECK(far > near);
  // Never more than the footprint, line by line, from remote memory.
  CHECK(far < sim::from_seconds(4.0 * (1 << 20) / 64 * 200e-9));
}

TEST_CASE("without an LLC a core's cache is refilled from memory") {
  models::topology::Description bare = machine();
  bare.llc = {};
  Host host{true, bare};
  host.run(0, 0, 10_ms);
  const ColdCache::Refill refill = host.visit(0, 1, 10_ms);
  const double lines = 1024.0 * 1024.0 / 64.0;  // of L2
  CHECK(sim::seconds(refill.core) ==
        Approx(lines * host.contention.state(0).memory_latency_s).epsilon(1e-6));
  CHECK(refill.llc == sim::Duration::zero());
}

TEST_CASE("where nobody shares an LLC, others evict nothing of it") {
  const auto back = [](bool sharing) {
    Host host{sharing};
    host.run(0, 0, 10_ms);
    host.run(1, 0, 100_ms);  // 4 MiB of others' lines many times over
    return host.run(0, 0, 10_ms);
  };
  CHECK(back(true) > back(false));
  CHECK(back(false) > sim::Duration::zero());  // the core's own cache
}

TEST_CASE("an LLC's lines come back in as many instructions as it takes to use them") {
  Host host;
  host.run(0, 0, 10_ms);
  const ColdCache::Refill refill = host.visit(0, 2, 10_ms);
  // 4 MiB are 65,536 lines, of which 20 are used each 1,000 instructions.
  CHECK(refill.llc_instructions == Approx(65'536 / 0.020).epsilon(0.01));
  host.profile.llc_accesses_per_kilo_instruction = 0;
  CHECK(host.visit(0, 0, 10_ms).llc == sim::Duration::zero());
}

TEST_CASE("what has not come back is missing again, once") {
  Host host;
  host.run(0, 0, 10_ms);
  const ColdCache::Refill all = host.visit(0, 2, 10_us, {.core = 1.0, .llc = 0.75});
  const ColdCache::Refill rest = host.visit(0, 2, 10_us, {.core = 1.0, .llc = 1.0});
  CHECK(sim::seconds(rest.llc) == Approx(0.75 * sim::seconds(all.llc)).epsilon(0.01));
  const ColdCache::Refill still = host.visit(0, 2, 10_ms);
  CHECK(sim::seconds(still.llc) == Approx(sim::seconds(rest.llc)).epsilon(0.01));
  CHECK(host.run(0, 2, 10_ms) == sim::Duration::zero());
}

namespace {

Profile user(sim::Bytes footprint) {
  Profile profile;
  profile.llc_accesses_per_kilo_instruction = 20;
  profile.miss_curve = MissCurve{{{8_MiB, 0.05}}};
  profile.footprint = footprint;
  return profile;
}

struct Ways {
  std::vector<int> own, others;  // none: all
};

// Of a stream that another has taken turns with for a second: what it brings back of that.
ColdCache::Refill back(const Profile& mine, const Profile& theirs, const Ways& ways = {},
                       double most_B = std::numeric_limits<double>::infinity()) {
  const Topology topology{machine()};
  Contention contention{topology, {}};
  ColdCache cold{topology, contention};
  contention.add(mine, {.walks = {}, .llc_ways = ways.own});
  contention.add(theirs, {.walks = {}, .llc_ways = ways.others});
  cold.add();
  cold.add();
  sim::Instant now{};
  ColdCache::Refill refill{};
  for (const StreamId stream : {0, 1, 0}) {
    const Profile& profile = stream == 0 ? mine : theirs;
    contention.place(stream, {1.0, 0.0});
    contention.start(stream, 0);
    contention.settle(now);
    refill = cold.enter(stream, 0, profile, now, stream == 0 ? most_B : 1e12);
    now += stream == 0 ? 10_ms : 1_s;
    contention.stop(0, now);
    cold.leave(stream, 0, profile, now, {});
    contention.settle(now);
  }
  return refill;
}

}  // namespace

TEST_CASE("lines in ways of its own outlast any neighbour, those in shared ways do not") {
  const auto llc_s = [&](const std::vector<int>& own, const std::vector<int>& others) {
    return sim::seconds(back(user(2_MiB), user(2_MiB), {own, others}).llc);
  };
  const double all_s = llc_s({}, {});
  CHECK(all_s > 0);
  CHECK(llc_s({0, 1, 2, 3, 4, 5, 6, 7}, {8, 9, 10, 11, 12, 13, 14, 15}) == 0.0);
  CHECK(llc_s({0, 1, 2, 3, 4, 5, 6, 7}, {4, 5, 6, 7}) == Approx(0.5 * all_s).epsilon(0.01));
}

TEST_CASE(
    "a run that touches little brings back that part of what it lacks, whatever it uses else") {
  const double most_B = 16'384.0;
  const ColdCache::Refill all = back(user(16_MiB), user(16_MiB));
  const ColdCache::Refill little = back(user(16_MiB), user(16_MiB), {}, most_B);
  CHECK(all.llc_share == 1.0);
  CHECK(sim::seconds(little.llc) == Approx(little.llc_share * sim::seconds(all.llc)).epsilon(1e-6));
  // As many lines, of however much.
  CHECK(sim::seconds(back(user(1_MiB), user(16_MiB), {}, most_B).llc) ==
        Approx(sim::seconds(little.llc)).epsilon(0.02));
  CHECK(little.core_share == Approx(most_B / static_cast<double>(machine().l2.size.count())));
}
