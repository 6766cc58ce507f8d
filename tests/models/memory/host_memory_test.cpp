#include "models/memory/host_memory.hpp"

#include <catch2/catch.hpp>

using namespace models::memory;

namespace {

constexpr double kGiB = 1024.0 * 1024 * 1024 / kPage_B;  // pages
constexpr double kForever = std::numeric_limits<double>::infinity();

HostMemoryConfig config(double gib, double swap_gib = 0.0) {
  return {.pages = gib * kGiB,
          .host_pages = 0.0,
          .swap_pages = swap_gib * kGiB,
          .swap_out_per_s = 1e5,
          .swap_in_per_s = kForever,
          .memory_latency_s = 90e-9,
          .ksm = {}};
}

GuestMemory guest(double gib) {
  GuestMemory g;
  g.image = "a";
  g.memory = gib * kGiB;
  g.profile[Content::zero] = {0.1, kForever, kForever};
  g.profile[Content::image] = {0.2, kForever, 60.0};
  g.profile[Content::cold] = {0.3, 1800.0, 600.0};
  g.profile[Content::hot] = {0.4, 5.0, 1.0};
  return g;
}

void run(HostMemory& host, double seconds) {
  for (double t = 0; t < seconds; t += 0.1) {
    host.step(0.1);
    REQUIRE(host.broken() == "");
  }
}

}  // namespace

TEST_CASE("memory: nothing is reclaimed while there is room", "[memory]") {
  HostMemory host{config(8, 4)};
  const int vm = host.add(guest(4));
  host.touched(vm, 4 * kGiB);
  run(host, 5);
  CHECK(host.present(vm) == Approx(4 * kGiB));
  CHECK(host.swap_used() == 0.0);
  CHECK(host.free() == Approx(4 * kGiB));
}

TEST_CASE("memory: below its watermark the host swaps what is used least, up to the next one",
          "[memory]") {
  HostMemory host{config(4, 4)};
  const int vm = host.add(guest(4.5));
  host.touched(vm, 4.5 * kGiB);
  run(host, 30);
  CHECK(host.free() > 0.0);
  CHECK(host.free() < 0.01 * 4 * kGiB);
  CHECK(host.swapped(vm) == Approx(0.5 * kGiB).epsilon(0.05));
  // Zeros first (never used), then cold pages; none that is used each second.
  CHECK(host.fault_rate(vm) < 0.1 * kGiB / 600.0 / 8);
}

TEST_CASE("memory: what does not fit the idle pages eats into the hot ones, and hurts",
          "[memory]") {
  HostMemory host{config(2, 8)};
  const int vm = host.add(guest(4));
  host.touched(vm, 4 * kGiB);
  run(host, 30);
  const double mild = [] {
    HostMemory other{config(3, 8)};
    const int own = other.add(guest(4));
    other.touched(own, 4 * kGiB);
    run(other, 30);
    return other.fault_rate(own);
  }();
  CHECK(host.fault_rate(vm) > 5 * mild);
}

TEST_CASE("memory: a fault brings a cluster of pages back from swap", "[memory]") {
  HostMemory host{config(2, 8)};
  const int vm = host.add(guest(4));
  host.touched(vm, 4 * kGiB);
  run(host, 30);
  const double before = host.swapped(vm);
  host.fault(vm);
  CHECK(before - host.swapped(vm) == Approx(8.0));
  CHECK(host.broken() == "");
}

TEST_CASE("memory: a guest that is killed beside free swap space is told why", "[memory]") {
  HostMemory host{config(4, 8)};
  GuestMemory locked = guest(5);
  locked.tune.locked = true;
  host.touched(host.add(locked), 5 * kGiB);
  run(host, 1);
  const auto killed = host.take_killed();
  REQUIRE(killed.size() == 1);
  CHECK_THAT(killed.front().reason, Catch::Contains("0.0 of 8.0 GiB of swap space (guests' other "
                                                    "memory is locked or kept for them)"));
}

TEST_CASE("memory: without swap space the largest guest is killed, with the reason", "[memory]") {
  HostMemory host{config(4)};
  const int small = host.add(guest(1));
  const int large = host.add(guest(4));
  host.touched(small, 1 * kGiB);
  host.touched(large, 4 * kGiB);
  run(host, 1);
  const auto killed = host.take_killed();
  REQUIRE(killed.size() == 1);
  CHECK(killed.front().vm == large);
  CHECK_THAT(killed.front().reason, Catch::Contains("highest oom_score, 4.00 GiB in memory"));
  CHECK_THAT(killed.front().reason, Catch::Contains("0.0 of 0.0 GiB of swap space, and"));
  CHECK(host.dead(large));
  CHECK(host.present(large) == 0.0);
  CHECK(host.present(small) == Approx(1 * kGiB));
}

TEST_CASE("memory: a guest over its limit swaps against itself, or dies of it", "[memory]") {
  HostMemory host{config(16, 1)};
  GuestMemory bounded = guest(4);
  bounded.tune.limit = 3.5 * kGiB;
  const int vm = host.add(bounded);
  host.touched(vm, 4 * kGiB);
  host.step(0.1);  // a limit is never exceeded, however slow the device
  CHECK(host.present(vm) == Approx(3.5 * kGiB).epsilon(0.001));
  CHECK_FALSE(host.dead(vm));
  GuestMemory tight = guest(4);
  tight.tune.limit = 1 * kGiB;
  HostMemory other{config(16)};
  const int victim = other.add(tight);
  other.touched(victim, 4 * kGiB);
  run(other, 1);
  CHECK(other.dead(victim));
  CHECK_THAT(other.take_killed().front().reason, Catch::Contains("its limit is 1.00 GiB"));
}

// The seeds' example: 24 GB by shares 1:2:3 are 4, 8 and 12.
TEST_CASE("memory: shares divide what is short", "[memory]") {
  HostMemory host{config(24, 64)};
  std::vector<int> vms;
  for (const double shares : {1.0, 2.0, 3.0}) {
    GuestMemory g = guest(24);
    g.tune.shares = shares;
    vms.push_back(host.add(g));
  }
  for (const int vm : vms) host.touched(vm, 24 * kGiB);
  run(host, 120);
  CHECK(host.present(vms[0]) == Approx(4 * kGiB).epsilon(0.01));
  CHECK(host.present(vms[1]) == Approx(8 * kGiB).epsilon(0.01));
  CHECK(host.present(vms[2]) == Approx(12 * kGiB).epsilon(0.01));
}

TEST_CASE("memory: a limit caps a share, a reservation holds one up", "[memory]") {
  HostMemory host{config(24, 64)};
  std::vector<int> vms;
  for (const double shares : {1.0, 2.0, 3.0}) {
    GuestMemory g = guest(24);
    g.tune.shares = shares;
    if (shares == 1.0) g.tune.reservation = 8 * kGiB;
    if (shares == 3.0) g.tune.limit = 8 * kGiB;
    vms.push_back(host.add(g));
  }
  for (const int vm : vms) host.touched(vm, 24 * kGiB);
  run(host, 120);
  for (const int vm : vms) CHECK(host.present(vm) == Approx(8 * kGiB).epsilon(0.01));
}

TEST_CASE("memory: locked guests give nothing", "[memory]") {
  HostMemory host{config(4, 8)};
  GuestMemory locked = guest(3);
  locked.tune.locked = true;
  const int a = host.add(locked);
  const int b = host.add(guest(3));
  host.touched(a, 3 * kGiB);
  host.touched(b, 3 * kGiB);
  run(host, 30);
  CHECK(host.present(a) == Approx(3 * kGiB));
  CHECK(host.swapped(b) > 1.9 * kGiB);
  CHECK(host.merged(a) == 0.0);
}

TEST_CASE("memory: a balloon takes free memory for nothing, more of it at a price", "[memory]") {
  HostMemory host{config(16)};
  GuestMemory mild = guest(4);
  mild.balloon = Balloon::target;
  mild.target = 3.7 * kGiB;
  GuestMemory harsh = mild;
  harsh.target = 1.5 * kGiB;
  const int a = host.add(mild);
  const int b = host.add(harsh);
  host.touched(a, 4 * kGiB);
  host.touched(b, 4 * kGiB);
  run(host, 1);
  CHECK(host.ballooned(a) > 0.0);
  CHECK(host.ballooned(a) < 0.3 * kGiB);  // the driver takes its time
  run(host, 30);
  CHECK(host.present(a) == Approx(3.7 * kGiB));
  CHECK(host.fault_rate(a) == 0.0);
  CHECK(host.present(b) == Approx(1.5 * kGiB));
  CHECK(host.fault_rate(b) > 10.0);
}

TEST_CASE("memory: automatic balloons shrink guests while the host is tight, and let go after",
          "[memory]") {
  HostMemory host{config(8)};
  GuestMemory g = guest(4);
  g.balloon = Balloon::automatic;
  const int a = host.add(g);
  const int b = host.add(guest(3));
  host.touched(a, 4 * kGiB);
  host.touched(b, 3 * kGiB);  // 7 of 8 GiB: less than 20 % free
  run(host, 60);
  CHECK(host.ballooned(a) > 0.1 * kGiB);
  CHECK(host.free() > 1.1 * kGiB);
}

TEST_CASE("memory: merging makes room", "[memory]") {
  HostMemoryConfig with = config(4, 8);
  with.ksm.run = true;
  with.ksm.pages_to_scan = 10'000;
  HostMemory host{with};
  for (int i = 0; i < 4; ++i) host.touched(host.add(guest(0.9)), 0.9 * kGiB);
  const double before = host.free();
  for (int i = 0; i < 60; ++i) {
    host.scan_for(1.0, i, 0.004);
    host.step(1.0);
    REQUIRE(host.broken() == "");
  }
  // Three of four copies of the image, and all zeros but one chain.
  CHECK(host.free() - before == Approx((3 * 0.18 + 4 * 0.09) * kGiB).epsilon(0.05));
}

TEST_CASE("memory: swapped pages come back as they are used", "[memory]") {
  HostMemory host{config(2, 8)};
  const int vm = host.add(guest(4));
  host.touched(vm, 4 * kGiB);
  run(host, 30);
  const double before = host.swapped(vm);
  host.use(10.0);
  CHECK(host.swapped(vm) < before);
  CHECK(host.broken() == "");
}

// mm/oom_kill.c: memory and swap, and a thousandth of all of it for a point of oom_score_adj.
TEST_CASE("memory: who is killed is who has the highest oom_score", "[memory]") {
  const auto killed = [](int adj_of_small, int adj_of_large) {
    HostMemory host{config(4)};
    GuestMemory small = guest(2);
    small.oom_score_adj = adj_of_small;
    GuestMemory large = guest(3);
    large.oom_score_adj = adj_of_large;
    host.touched(host.add(small), 2 * kGiB);
    host.touched(host.add(large), 3 * kGiB);
    host.step(0.1);
    const std::vector<Killed> dead = host.take_killed();
    return dead.empty() ? -1 : dead.front().vm;
  };
  CHECK(killed(0, 0) == 1);
  CHECK(killed(200, 0) == 1);  // 0.8 GiB more against 1 GiB
  CHECK(killed(300, 0) == 0);
  CHECK(killed(0, -1000) == 0);
  CHECK(killed(-1000, -1000) == -1);
}

TEST_CASE("memory: what is used comes back from swap as fast as the device reads", "[memory]") {
  HostMemoryConfig slow = config(16, 8);
  slow.swap_in_per_s = 100;  // clusters of 8 pages
  HostMemory host{slow};
  GuestMemory bounded = guest(4);
  bounded.tune.limit = 2 * kGiB;
  const int vm = host.add(bounded);
  host.touched(vm, 4 * kGiB);
  host.step(1.0);
  const double before = host.swapped(vm);
  host.use(10.0);
  CHECK(before - host.swapped(vm) == Approx(100 * 8 * 10.0).epsilon(0.001));
  HostMemoryConfig fast = config(16, 8);
  HostMemory other{fast};
  const int same = other.add(bounded);
  other.touched(same, 4 * kGiB);
  other.step(1.0);
  other.use(10.0);
  CHECK(before - other.swapped(same) > 100 * 8 * 10.0);
}

TEST_CASE("memory: what is on swap counts for who is killed", "[memory]") {
  HostMemory host{config(4, 1)};
  GuestMemory swapped = guest(3);
  swapped.tune.limit = 1.5 * kGiB;
  const int first = host.add(swapped);
  host.touched(first, 2.4 * kGiB);
  run(host, 20);
  REQUIRE(host.swapped(first) == Approx(0.9 * kGiB).epsilon(0.01));
  const int second = host.add(guest(3));
  host.touched(second, 2.2 * kGiB);  // less than 1.5 + 0.9
  const int third = host.add(guest(3));
  host.touched(third, 1.0 * kGiB);
  host.step(0.1);
  const std::vector<Killed> dead = host.take_killed();
  REQUIRE(dead.size() == 1);
  CHECK(dead.front().vm == first);
  CHECK_THAT(dead.front().reason, Catch::Contains("highest oom_score"));
}

TEST_CASE("memory: a guest over its own limit dies of its cgroup, whatever its oom_score_adj",
          "[memory]") {
  HostMemory host{config(16)};
  GuestMemory over = guest(4);
  over.tune.limit = 2 * kGiB;
  over.oom_score_adj = -1000;
  host.touched(host.add(over), 3 * kGiB);
  host.touched(host.add(guest(8)), 8 * kGiB);
  host.step(0.1);
  const std::vector<Killed> dead = host.take_killed();
  REQUIRE(dead.size() == 1);
  CHECK(dead.front().vm == 0);
  CHECK_THAT(dead.front().reason, Catch::Contains("its cgroup is out of memory"));
}

TEST_CASE("memory: room is how many more such guests fit", "[memory]") {
  HostMemory host{config(16)};
  const int vm = host.add(guest(2));
  host.touched(vm, 2 * kGiB);
  CHECK(host.room(vm) == Approx(7).epsilon(0.01));
}

TEST_CASE("memory: a guest's accesses go where its merged pages lie", "[memory]") {
  HostMemoryConfig two = config(16);
  two.nodes = 2;
  two.ksm.run = true;
  HostMemory host{two};
  for (int i = 0; i < 2; ++i) {
    GuestMemory alike = guest(1);
    alike.profile[Content::image] = {0.5, kForever, 1.0};
    alike.profile[Content::hot] = {0.1, 5.0, 1.0};
    host.add(alike);
    host.lie(i, {i == 0 ? 1.0 : 0.0, i == 0 ? 0.0 : 1.0});
    host.touched(i, kGiB);
  }
  for (int i = 0; i < 10'500; ++i) host.scan(i * 0.02);  // two rounds of half a million pages
  REQUIRE(host.merged(0) > 0.4 * kGiB);
  // The second guest found the twins: the first one's merged pages are on node 1 with them.
  const std::vector<double> first = host.accesses(0, {1.0, 0.0});
  CHECK(first[1] > 0.5);
  CHECK(host.accesses(1, {0.0, 1.0})[1] == Approx(1.0).epsilon(0.01));
}
