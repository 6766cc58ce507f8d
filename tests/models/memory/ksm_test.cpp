#include "models/memory/ksm.hpp"

#include <catch2/catch.hpp>

using namespace models::memory;

namespace {

constexpr double kForever = std::numeric_limits<double>::infinity();

ContentProfile quiet() {
  ContentProfile profile;
  for (ContentClass& each : profile.classes) each.rewrite_s = kForever;
  return profile;
}

// `processes` of `pages` pages, of which a share is the same in all and the rest their own.
Ksm identical(int processes, double pages, double share, KsmTunables tunables = {}) {
  Ksm ksm{tunables, 100e-9};
  for (int i = 0; i < processes; ++i)
    ksm.add("a", quiet(), {0.0, pages * share, 0.0, pages * (1 - share)});
  return ksm;
}

// So many full scans, in batches.
double scan_round(Ksm& ksm, double pages, int times = 1, double from_s = 0.0) {
  double cpu_s = 0.0;
  for (int i = 0; i < times; ++i) {
    for (double done = 0; done < pages; done += 1024)
      cpu_s += ksm.scan(std::min(1024.0, pages - done), from_s + i);
  }
  return cpu_s;
}

}  // namespace

// linux-ksm.toml: after the first scan nothing, after the second everything.
TEST_CASE("ksm: pages merge in their second scan", "[ksm]") {
  Ksm ksm = identical(4, 16384, 0.5);
  scan_round(ksm, 65536);
  CHECK(ksm.counters().full_scans == 1);
  CHECK(ksm.counters().pages_sharing == 0);
  scan_round(ksm, 65536);
  CHECK(ksm.counters().pages_shared == Approx(8192).epsilon(0.01));
  CHECK(ksm.counters().pages_sharing == Approx(24576).epsilon(0.01));
  CHECK(ksm.counters().pages_unshared == Approx(32768).epsilon(0.01));
  scan_round(ksm, 65536, 5);
  CHECK(ksm.counters().pages_shared == Approx(8192).epsilon(0.001));
  CHECK(ksm.counters().pages_sharing == Approx(24576).epsilon(0.001));
}

TEST_CASE("ksm: unique pages never merge", "[ksm]") {
  Ksm ksm = identical(3, 1000, 0.0);
  scan_round(ksm, 3000, 4);
  CHECK(ksm.counters().pages_sharing == 0);
  CHECK(ksm.counters().pages_unshared == Approx(3000));
}

TEST_CASE("ksm: zero pages of one VM merge with each other, in chains", "[ksm]") {
  Ksm ksm{KsmTunables{.max_page_sharing = 256}, 100e-9};
  ksm.add("a", quiet(), {10'240, 0.0, 0.0, 0.0});
  scan_round(ksm, 10'240, 3);
  CHECK(ksm.counters().pages_shared == Approx(40));
  CHECK(ksm.counters().pages_sharing == Approx(10'200).epsilon(0.001));
}

TEST_CASE("ksm: VMs of different images share nothing but zeros", "[ksm]") {
  Ksm ksm{{}, 100e-9};
  ksm.add("debian", quiet(), {0.0, 1000.0, 0.0, 0.0});
  ksm.add("windows", quiet(), {0.0, 1000.0, 0.0, 0.0});
  scan_round(ksm, 2000, 4);
  CHECK(ksm.counters().pages_sharing == 0);
}

TEST_CASE("ksm: pages that change faster than the scanner comes by are volatile", "[ksm]") {
  Ksm ksm{{}, 100e-9};
  ContentProfile busy = quiet();
  busy[Content::image].rewrite_s = 0.05;  // twenty times a scan of a second
  for (int i = 0; i < 2; ++i) ksm.add("a", busy, {0.0, 1000.0, 0.0, 0.0});
  for (int s = 0; s < 5; ++s) {
    scan_round(ksm, 2000, 1, s);
    ksm.write(1.0);
  }
  CHECK(ksm.counters().pages_sharing < 1);
  CHECK(ksm.counters().pages_volatile == Approx(2000).epsilon(0.01));
}

TEST_CASE("ksm: writes break merged pages off, and are counted by VM", "[ksm]") {
  Ksm ksm = identical(2, 1000, 1.0);
  scan_round(ksm, 2000, 3);
  REQUIRE(ksm.merged(0) == Approx(1000));
  ContentProfile written = quiet();
  Ksm other{{}, 100e-9};
  written[Content::image].rewrite_s = 100.0;
  for (int i = 0; i < 2; ++i) other.add("a", written, {0.0, 1000.0, 0.0, 0.0});
  scan_round(other, 2000, 2, 0.0);
  const double before = other.merged(0);
  REQUIRE(before > 900);
  const std::vector<double> copied = other.write(10.0);
  CHECK(copied[0] == Approx(before * (1 - std::exp(-0.1))));
  CHECK(other.merged(0) == Approx(before - copied[0]));
}

TEST_CASE("ksm: merged pages are the cheapest to visit", "[ksm]") {
  Ksm alike = identical(2, 32768, 1.0);
  scan_round(alike, 65536, 2);
  const double merged_s = scan_round(alike, 65536) / 65536;
  Ksm unique = identical(2, 32768, 0.0);
  scan_round(unique, 65536, 2);
  const double searched_s = scan_round(unique, 65536) / 65536;
  CHECK(merged_s == Approx(1.05e-6));
  CHECK(searched_s > 3 * merged_s);
}

TEST_CASE("ksm: smart scan visits what does not merge ever less often", "[ksm]") {
  Ksm plain = identical(1, 10'000, 0.0);
  Ksm smart = identical(1, 10'000, 0.0, KsmTunables{.smart_scan = true});
  CHECK(scan_round(smart, 10'000, 40) < 0.3 * scan_round(plain, 10'000, 40));
}

TEST_CASE("ksm: pages that go away take their merged part along", "[ksm]") {
  Ksm ksm = identical(2, 1000, 1.0);
  scan_round(ksm, 2000, 3);
  ksm.resize(0, Content::image, 250);
  CHECK(ksm.merged(0) == Approx(250));
  CHECK(ksm.merged(1) == Approx(1000));
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
