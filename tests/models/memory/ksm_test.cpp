#include "models/memory/ksm.hpp"

#include <catch2/catch.hpp>
#include <cmath>

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
  CHECK(merged_s == Approx(0.3e-6));
  CHECK(searched_s > 3 * merged_s);
}

// Linux 6.11, d58a361b0350: with 8192 stable nodes to search, pages that change cost what they cost
// without any, and an equal one that is new waits for a second visit.
TEST_CASE("ksm: with the checksum first, changing pages are not looked up", "[ksm]") {
  double cost_s[2] = {}, merged[2] = {};
  for (const bool first : {false, true}) {
    ContentProfile written = quiet();
    written[Content::hot].rewrite_s = 1e-6;
    Ksm ksm{{.checksum_first = first}, 100e-9};
    ksm.add("a", quiet(), {0.0, 8192.0, 0.0, 0.0});
    ksm.add("a", quiet(), {0.0, 8192.0, 0.0, 0.0});
    scan_round(ksm, 16384, 2);
    REQUIRE(ksm.merged(0) == Approx(8192));
    ksm.add("b", written, {0.0, 0.0, 0.0, 8192.0});
    scan_round(ksm, 24576, 1, 2.0);
    cost_s[first] = (scan_round(ksm, 24576, 1, 3.0) - 16384 * 0.3e-6) / 8192;
    const int late = ksm.add("a", quiet(), {0.0, 8192.0, 0.0, 0.0});
    scan_round(ksm, 32768, 1, 4.0);
    merged[first] = ksm.merged(late);
  }
  CHECK(cost_s[true] == Approx(0.7e-6));
  CHECK(cost_s[false] == Approx(0.7e-6 + (13 - 5) * 2 * 100e-9));
  CHECK(merged[false] == Approx(8192));
  CHECK(merged[true] == 0);
}

// mm/ksm.c, should_skip_rmap_item: visited at ages 0 to 3, then 1 left out, 2, 4 and ever 8.
TEST_CASE("ksm: smart scan visits what does not merge ever less often", "[ksm]") {
  Ksm smart = identical(1, 10'000, 0.0, KsmTunables{.smart_scan = true});
  std::vector<int> visited;
  for (int round = 0; round < 32; ++round) {
    const double before = smart.counters().pages_scanned;
    smart.scan(20'000, round);
    if (smart.counters().pages_scanned > before) visited.push_back(round);
  }
  CHECK(visited == std::vector<int>{0, 1, 2, 3, 5, 8, 13, 22, 31});
  CHECK(smart.counters().full_scans == 32);
  CHECK(smart.counters().pages_skipped == Approx(23 * 10'000));
}

// Each round e^-0.5 of the pages live on, so that a share (1 - q) q^n has age n.
TEST_CASE("ksm: pages that are freed make smart scan see more of them", "[ksm]") {
  ContentProfile brief = quiet();
  brief[Content::hot].life_s = 2.0;
  Ksm ksm{KsmTunables{.smart_scan = true}, 100e-9};
  ksm.add("a", brief, {0.0, 0.0, 0.0, 10'000.0});
  for (int round = 0; round < 60; ++round) {
    ksm.scan(20'000, round);
    ksm.write(1.0);
  }
  const double q = std::exp(-0.5);
  double seen = 1 - std::pow(q, 4);
  for (const int age : {5, 8, 13, 22, 31, 40}) seen += (1 - q) * std::pow(q, age);
  CHECK(ksm.counters().scanned_a_round == Approx(10'000 * seen).epsilon(1e-6));
}

TEST_CASE("ksm: pages that live for less than two rounds hardly merge", "[ksm]") {
  ContentProfile brief = quiet();
  brief[Content::image].life_s = 0.5;
  Ksm ksm{{}, 100e-9};
  for (int vm = 0; vm < 2; ++vm) ksm.add("a", brief, {0.0, 1'000.0, 0.0, 0.0});
  for (int round = 0; round < 20; ++round) {
    ksm.scan(2'000, round);
    ksm.write(1.0);
  }
  CHECK(ksm.counters().pages_sharing < 2'000 * std::exp(-2.0));
  CHECK(ksm.counters().pages_shared + ksm.counters().pages_sharing + ksm.counters().pages_unshared +
            ksm.counters().pages_volatile ==
        Approx(2'000));
}

TEST_CASE("ksm: smart scan still visits all merged pages", "[ksm]") {
  Ksm smart = identical(2, 5'000, 1.0, KsmTunables{.smart_scan = true});
  for (int round = 0; round < 12; ++round) smart.scan(20'000, round);
  CHECK(smart.counters().scanned_a_round == Approx(10'000));
}

TEST_CASE("ksm: pages that smart scan leaves out count as volatile", "[ksm]") {
  Ksm smart = identical(1, 1'000, 0.0, KsmTunables{.smart_scan = true});
  for (int round = 0; round < 4; ++round) smart.scan(2'000, round);
  CHECK(smart.counters().pages_unshared == Approx(1'000));
  smart.scan(2'000, 4);
  CHECK(smart.counters().pages_unshared == 0);
  CHECK(smart.counters().pages_volatile == Approx(1'000));
}

TEST_CASE("ksm: a batch ends with the full scan", "[ksm]") {
  Ksm ksm = identical(2, 1'000, 0.0);
  ksm.scan(1'500, 0.0);
  CHECK(ksm.counters().full_scans == 0);
  ksm.scan(1'500, 0.0);
  CHECK(ksm.counters().full_scans == 1);
  CHECK(ksm.counters().pages_scanned == Approx(2'000));
}

TEST_CASE("ksm: with use_zero_pages zeros become the kernel's page and are scanned no more",
          "[ksm]") {
  Ksm ksm{KsmTunables{.use_zero_pages = true}, 100e-9};
  ksm.add("a", quiet(), {1'000, 0.0, 0.0, 0.0});
  scan_round(ksm, 1'000, 2);
  CHECK(ksm.counters().zero_pages == Approx(1'000));
  CHECK(ksm.counters().pages_shared == 0);
  CHECK(ksm.counters().pages_sharing == 0);
  CHECK(ksm.saved() == Approx(1'000));
  CHECK(ksm.counters().general_profit_B ==
        Approx(1'000 * 4096.0));  // nothing is remembered of them
  const double scanned = ksm.counters().pages_scanned;
  ksm.scan(1'000, 9.0);
  CHECK(ksm.counters().pages_scanned == scanned);
}

// admin-guide/mm/ksm.rst: saved pages x 4 KiB - remembered ones x 64 B.
TEST_CASE("ksm: the profit is what is saved less 64 bytes a page", "[ksm]") {
  Ksm ksm = identical(4, 1'000, 0.5);
  scan_round(ksm, 4'000, 2);
  CHECK(ksm.counters().general_profit_B == Approx(1'500 * 4096.0 - 4'000 * 64.0));
  Ksm useless = identical(4, 1'000, 0.0);
  scan_round(useless, 4'000, 2);
  CHECK(useless.counters().general_profit_B == Approx(-4'000 * 64.0));
}

TEST_CASE("ksm: across nodes, merged pages lie where their finder lay", "[ksm]") {
  Ksm ksm{KsmTunables{}, 100e-9, 2};
  for (int i = 0; i < 2; ++i) ksm.add("a", quiet(), {0.0, 1'000, 0.0, 0.0});
  ksm.lie(0, {1.0, 0.0});
  ksm.lie(1, {0.0, 1.0});
  scan_round(ksm, 2'000, 2);
  CHECK(ksm.counters().pages_sharing == Approx(1'000));
  std::vector<double> homes(2, 0.0);
  ksm.homes(0, Content::image, 1'000, homes);
  CHECK(homes[0] == Approx(0.0).margin(1e-6));
  CHECK(homes[1] == Approx(1'000));
}

TEST_CASE("ksm: with merge_across_nodes = 0 only what lies on one node is merged", "[ksm]") {
  const auto made = [](std::vector<double> first, std::vector<double> second) {
    Ksm ksm{KsmTunables{.merge_across_nodes = false}, 100e-9, 2};
    for (int i = 0; i < 2; ++i) ksm.add("a", quiet(), {0.0, 1'000, 0.0, 0.0});
    ksm.lie(0, first);
    ksm.lie(1, second);
    scan_round(ksm, 2'000, 3);
    return ksm.counters();
  };
  CHECK(made({1.0, 0.0}, {0.0, 1.0}).pages_sharing == 0);
  CHECK(made({1.0, 0.0}, {1.0, 0.0}).pages_sharing == Approx(1'000));
  // Both lie half and half: of a node's 500 pages of the one, half are on it of the other, too.
  CHECK(made({0.5, 0.5}, {0.5, 0.5}).pages_sharing == Approx(500).epsilon(0.01));
  Ksm zeros{KsmTunables{.merge_across_nodes = false}, 100e-9, 2};
  zeros.add("a", quiet(), {1'000, 0.0, 0.0, 0.0});
  zeros.lie(0, {0.5, 0.5});
  scan_round(zeros, 1'000, 3);
  CHECK(zeros.counters().pages_shared == Approx(4).epsilon(0.05));  // 2 x 500 / 256
}

TEST_CASE("ksm: pages that go away take their merged part along", "[ksm]") {
  Ksm ksm = identical(2, 1000, 1.0);
  scan_round(ksm, 2000, 3);
  ksm.resize(0, Content::image, 250);
  CHECK(ksm.merged(0) == Approx(250));
  CHECK(ksm.merged(1) == Approx(1000));
}
