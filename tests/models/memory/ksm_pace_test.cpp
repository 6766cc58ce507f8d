#include "models/memory/ksm_pace.hpp"

#include <catch2/catch.hpp>

using namespace models::memory;

// mm/ksm.c, scan_time_advisor, reckoned by hand: in whole per cent, change begins at 0.
TEST_CASE("the advisor lets a full scan take its target time", "[ksm]") {
  KsmAdvisor advisor{ScanTimeAdvisor{.run = true}};
  CHECK(advisor.pages() == 500);
  // 400 s for a target of 200: 500 x 100 / 50 = 1000, x change 30 %; CPU 10 %: 50 pages a per cent,
  // at least 10 of them.
  CHECK(advisor.scanned(400.0, 40.0) == 500);
  // As long again: change 0.7 x 30 + 0.3 x 100 = 51 %.
  CHECK(advisor.scanned(400.0, 40.0) == 510);
  int pages = 0;
  for (int i = 0; i < 40; ++i) pages = advisor.scanned(400.0 * 510 / advisor.pages(), 40.0);
  CHECK(pages == Approx(2 * 510).epsilon(0.03));  // 400 s at 510 pages is 200 s at 1020
}

TEST_CASE("the advisor keeps between its bounds of CPU and of pages", "[ksm]") {
  KsmAdvisor greedy{ScanTimeAdvisor{.run = true, .max_cpu = 0.20}};
  for (int i = 0; i < 20; ++i) {
    // 10'000 s a scan whatever it does, each page of a batch 0.02 % of a CPU.
    const double cpu_s = 10'000.0 * greedy.pages() * 2e-4;
    greedy.scanned(10'000.0, cpu_s);
  }
  CHECK(greedy.pages() == Approx(1000).epsilon(0.1));
  KsmAdvisor most{ScanTimeAdvisor{.run = true, .max_pages = 700}};
  for (int i = 0; i < 20; ++i) most.scanned(10'000.0, 100.0);
  CHECK(most.pages() == 700);
}

// semantics.md 5.2.
TEST_CASE("ksmtuned: boosts below a fifth of free memory, decays above, stops with room", "[ksm]") {
  const double total = 16.0 * 1024 * 1024;
  KsmTuned tuned{total};
  CHECK_FALSE(tuned.tune(0.9 * total, 0.1 * total).run);
  const auto first = tuned.tune(0.1 * total, 0.9 * total);
  CHECK(first.run);
  CHECK(first.pages_to_scan == 300);
  CHECK(first.sleep == sim::from_seconds(0.010));
  int pages = 0;
  for (int i = 0; i < 4; ++i) pages = tuned.tune(0.1 * total, 0.9 * total).pages_to_scan;
  CHECK(pages == 1250);  // five intervals from nothing to the most
  CHECK(tuned.tune(0.3 * total, 0.9 * total).pages_to_scan == 1200);
  CHECK_FALSE(tuned.tune(0.9 * total, 0.1 * total).run);
  CHECK(KsmTuned{total / 2}.tune(0, total).sleep == sim::from_seconds(0.020));
}
