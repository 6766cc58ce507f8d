#include "models/memory/numa_space.hpp"

#include <catch2/catch.hpp>

using namespace sim::literals;
using namespace models::memory;

namespace {

constexpr double kGiB = 262144;  // pages
const NodeDistances kTwo{{10, 21}, {21, 10}};

double anywhere(int, int, double pages) {
  return pages;
}

double nowhere(int, int, double) {
  return 0;
}

// Threads that run all the time on the nodes given.
struct Guest {
  Guest(int threads, double huge = 0.0)
      : space{NumaTunables{}, kTwo, threads, ContentProfile{}, huge},
        ran(static_cast<std::size_t>(threads)) {}
  void run(double for_s, std::vector<int> nodes, const NumaSpace::Room& room = anywhere) {
    for (const double until_s = now_s + for_s; now_s < until_s;) {
      now_s += 0.25;
      for (std::size_t i = 0; i < ran.size(); ++i) ran[i] = {nodes[i], 0.25};
      for (const auto& toll : space.use_for(ran, room)) {
        faults += toll.faults;
        moves += toll.moves;
        moved += toll.moved;
      }
      for (int i = 0; i < static_cast<int>(ran.size()); ++i) {
        space.wants_to_move(i, now_s, now_s, nodes[static_cast<std::size_t>(i)]);
        scanned += space.scan(i, now_s, now_s, false, nodes[static_cast<std::size_t>(i)]);
      }
    }
  }
  NumaSpace space;
  std::vector<NumaSpace::Ran> ran;
  double now_s = 0.0;
  double scanned = 0.0, faults = 0.0, moves = 0.0, moved = 0.0;
};

}  // namespace

TEST_CASE("the first scan follows a second of running time and takes 256 MiB", "[numa]") {
  Guest guest{1};
  guest.space.hold({kGiB, 0});
  CHECK(guest.space.scan(0, 2.0, 2.0, false, 0) == 0);  // stamped with the delay, then a period
  CHECK(guest.space.scan(0, 2.25, 2.25, false, 0) == kGiB / 4);
  CHECK(guest.space.waiting());
}

TEST_CASE("a huge page is one entry and one fault", "[numa]") {
  Guest guest{1, 1.0};
  guest.space.hold({kGiB, 0});
  CHECK(guest.space.scan(0, 2.25, 2.25, false, 0) == Approx(kGiB / 4 / 512));
  const auto& tolls = guest.space.use_for({{0, 10.0}}, anywhere);
  CHECK(tolls[0].faults == Approx(kGiB / 4 / 512));
}

TEST_CASE("one with its memory to itself leaves local pages alone", "[numa]") {
  Guest guest{1};
  guest.space.hold({kGiB, 0});
  CHECK(guest.space.scan(0, 2.25, 2.25, true, 0) == 0);
  CHECK_FALSE(guest.space.waiting());
}

TEST_CASE("memory comes to a thread that runs elsewhere, each page once", "[numa]") {
  Guest guest{1};
  guest.space.hold({kGiB, 0});
  guest.run(30, {1});
  CHECK(guest.space.pages(1) == Approx(kGiB).epsilon(0.01));
  CHECK(guest.moved == Approx(guest.space.pages(1)));
  CHECK(guest.space.use()[1] == Approx(1.0).epsilon(0.01));
  CHECK(guest.space.preferred(0) == 1);
}

TEST_CASE("without room nothing moves, and scans become rarer", "[numa]") {
  Guest guest{1};
  guest.space.hold({kGiB, 0});
  guest.run(30, {1}, nowhere);
  CHECK(guest.space.pages(0) == Approx(kGiB));
  CHECK(guest.space.preferred(0) == 0);
  CHECK(guest.space.scan_period_s(0) > 1.0);
}

TEST_CASE("threads that share memory on one node are scanned ever less once it is there",
          "[numa]") {
  Guest guest{4};
  guest.space.hold({kGiB / 2, kGiB / 2});
  guest.run(60, {0, 0, 0, 0});
  CHECK(guest.space.grouped());
  CHECK(guest.space.pages(0) == Approx(kGiB).epsilon(0.02));
  CHECK_FALSE(guest.space.spread());
  const double before = guest.faults;
  guest.run(60, {0, 0, 0, 0});
  CHECK(guest.faults - before < before);
}

TEST_CASE("threads on two nodes that share memory spread it over both", "[numa]") {
  Guest guest{2};
  guest.space.hold({kGiB, 0});
  guest.run(60, {0, 1});
  CHECK(guest.space.spread());
  CHECK(guest.space.pages(1) > 0.2 * kGiB);
  CHECK(guest.space.pages(1) < 0.8 * kGiB);
}
