#include "models/memory/dirty_log.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace models::memory;

namespace {

constexpr double kLightExit = 1'100.0;  // cycles

DirtyLog log_of(WrittenPages pages, bool cpu_logs = false) {
  return DirtyLog{{pages}, cpu_logs};
}

}  // namespace

TEST_CASE("scattered writes approach all pages exponentially", "[dirty-log]") {
  DirtyLog log = log_of({.pages = 1000});
  log.begin(0.0);
  log.visit(0, 1000);
  CHECK(log.dirty() == Approx(1000 * (1 - std::exp(-1.0))));
  log.visit(0, 9000);
  CHECK(log.dirty() == Approx(1000).epsilon(1e-4));
}

TEST_CASE("writes in order find each page once in a round", "[dirty-log]") {
  DirtyLog log = log_of({.pages = 1000, .order = WriteOrder::sequential});
  log.begin(0.0);
  log.visit(0, 400);
  CHECK(log.dirty() == Approx(400));
  CHECK(log.toll(0).faults == Approx(1));
  log.visit(0, 700);
  CHECK(log.dirty() == Approx(1000));
  CHECK(log.toll(0).faults == Approx(0));
}

TEST_CASE("of visits that write now and then, a second round finds what the first left",
          "[dirty-log]") {
  DirtyLog log = log_of({.pages = 1000, .share = 0.25, .order = WriteOrder::sequential});
  log.begin(0.0);
  log.visit(0, 1000);
  CHECK(log.dirty() == Approx(250));
  log.visit(0, 1000);
  CHECK(log.dirty() == Approx(250 + 0.75 * 250));
}

TEST_CASE("reading the log makes all pages clean", "[dirty-log]") {
  DirtyLog log = log_of({.pages = 1000, .order = WriteOrder::sequential});
  log.begin(0.0);
  log.visit(0, 600);
  CHECK(log.take() == Approx(600));
  CHECK(log.dirty() == 0);
  CHECK(log.toll(0).faults == Approx(1));
}

TEST_CASE("a large page is split by its first write only", "[dirty-log]") {
  DirtyLog log = log_of({.pages = 5120, .order = WriteOrder::sequential});
  log.begin(1.0);
  CHECK(log.toll(0).splits == Approx(1 / 512.0));  // ten in 5120 visits
  log.visit(0, 5120);
  CHECK(log.toll(0).splits == 0);
  log.take();
  CHECK(log.toll(0).splits == 0);
}

TEST_CASE("a CPU that logs spares small pages the faults", "[dirty-log]") {
  DirtyLog log = log_of({.pages = 5120, .order = WriteOrder::sequential}, true);
  log.begin(0.0);
  CHECK(log.toll(0).faults == 0);
  CHECK(log.toll(0).logged == Approx(1));
  log.begin(1.0);  // large pages are write-protected all the same
  CHECK(log.toll(0).faults == Approx(1));
  log.visit(0, 5120);
  log.take();  // by now they are small
  CHECK(log.toll(0).faults == Approx(0).margin(1e-12));
}

TEST_CASE("a fault costs an exit and the steps of its handler", "[dirty-log]") {
  const DirtyLogCosts costs{.decode = sim::Cycles{100},
                            .slot = sim::Cycles{50},
                            .level = sim::Cycles{20},
                            .fix = sim::Cycles{60},
                            .retry = sim::Cycles{70},
                            .split = sim::Cycles{1000},
                            .split_entry = sim::Cycles{5},
                            .log_entry = sim::Cycles{100},
                            .drain_entry = sim::Cycles{10}};
  CHECK(fault_cycles(costs, kLightExit) == Approx(1100 + 100 + 50 + 4 * 20 + 60 + 70));
  CHECK(split_cycles(costs) == Approx(1000 + 512 * 5));
  CHECK(logged_cycles(costs, 512.0) == Approx(100 + 10 + 1));
}

TEST_CASE("a lock that nobody else wants costs its lines' way, one that all want serves in turn",
          "[dirty-log]") {
  const double line_s = 50e-9;
  CHECK(lock_s(1, 1e-6, line_s) == Approx(3 * line_s));
  // Without a pause between, each of 8 waits for the seven before it.
  CHECK(lock_s(8, 0.0, line_s) == Approx(8 * 3 * line_s));
  CHECK(lock_s(8, 1e-3, line_s) < 1.01 * 3 * line_s);
}

TEST_CASE("what is dirty is so again as often as its kind of page is written", "[dirty-log]") {
  // A hundred pages all of which are written, ten thousand of which next to none are.
  DirtyLog log{{{.pages = 100}, {.pages = 10'000}}, false};
  log.begin(0.0);
  CHECK(log.again() == 0.0);
  log.visit(0, 1e6);
  CHECK(log.again() == Approx(1.0));
  log.visit(1, 100);
  CHECK(log.again() == Approx((100 + 99.5 * 99.5 / 10'000) / 199.5).epsilon(0.001));
}
