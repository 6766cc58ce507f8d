#include "models/translation/page_walk.hpp"

#include <catch2/catch.hpp>

namespace {

using namespace models;
using namespace models::translation;

constexpr PageUse kSmall{PageSize::small, 1.0};
constexpr PageUse kLarge{PageSize::large, 1.0};
constexpr PageUse kHuge{PageSize::huge, 1.0};

// A machine without any translation cache beyond the first level.
topology::Tlb bare() {
  return {.l1_4k = 1,
          .l1_2m = 1,
          .l1_1g = 1,
          .l2_4k = 0,
          .l2_shared_2m = false,
          .l2_1g = 0,
          .l2_latency = sim::Cycles{7},
          .pde_cache = 0,
          .pdpte_cache = 0,
          .pml4e_cache = 0,
          .nested_tlb = 0,
          .walkers = 1,
          .levels = 4,
          .nested_paging = true};
}

const PageReferences kScattered{.scattered_per_kilo_instruction = 1000.0,
                                .miss_curve = {},
                                .sequential_B_per_kilo_instruction = 0.0,
                                .span = {},
                                .large_page_share = 1.0};
const sim::Bytes kVast{1LL << 50};

double reads(Paging paging, const PageUse& guest, const PageUse& host,
             const topology::Tlb& tlb = bare()) {
  return walks(tlb, kScattered, kVast, paging, guest, host, 1).reads_per_walk();
}

}  // namespace

// semantics.md 11.3: (g + 1)(h + 1) - 1 reads.
TEST_CASE("without translation caches a walk reads as many tables as the manuals say") {
  CHECK(reads(Paging::native, kSmall, kSmall) == Approx(4));
  CHECK(reads(Paging::native, kLarge, kSmall) == Approx(3));
  CHECK(reads(Paging::native, kHuge, kSmall) == Approx(2));
  CHECK(reads(Paging::nested, kSmall, kSmall) == Approx(24));
  CHECK(reads(Paging::nested, kSmall, kLarge) == Approx(19));
  CHECK(reads(Paging::nested, kLarge, kLarge) == Approx(15));
  topology::Tlb five = bare();
  five.levels = 5;
  CHECK(reads(Paging::nested, kSmall, kSmall, five) == Approx(35));
}

TEST_CASE("shadow paging walks one dimension, with the smaller of the two pages") {
  CHECK(reads(Paging::shadow, kLarge, kLarge) == Approx(3));
  CHECK(reads(Paging::shadow, kLarge, kSmall) == Approx(4));
}

TEST_CASE("paging-structure caches leave the leaf while the memory is within their reach") {
  topology::Tlb tlb = bare();
  tlb.pde_cache = 32;
  tlb.pdpte_cache = 4;
  tlb.pml4e_cache = 2;
  tlb.nested_tlb = 16;
  const auto per_walk = [&](sim::Bytes footprint, Paging paging) {
    return walks(tlb, kScattered, footprint, paging, kSmall, kSmall, 1).reads_per_walk();
  };
  CHECK(per_walk(sim::Bytes{64LL << 20}, Paging::native) == Approx(1));  // 32 PDEs of 2 MiB
  CHECK(per_walk(sim::Bytes{128LL << 20}, Paging::native) == Approx(1.5));
  // The guest's leaf, the host's leaf, and now and then the host's leaf of the guest's table; of
  // two dimensions' PDEs, 2 x 18 and those of the tables, 32 reach half as far.
  const double nested = per_walk(sim::Bytes{36LL << 20}, Paging::nested);
  CHECK(nested > 2.0);
  CHECK(nested < 3.0);
}

TEST_CASE("the TLBs' reach decides who walks") {
  topology::Tlb tlb;  // Sandy Bridge
  const sim::Bytes footprint{8LL << 20};
  const Walks one = walks(tlb, kScattered, footprint, Paging::native, kSmall, kSmall, 1);
  CHECK(one.misses_per_instruction == Approx(0.75));                  // 512 of 2048 pages
  CHECK(one.l2_tlb_hits_per_instruction == Approx(0.25 - 1.0 / 32));  // 64 of them in the first
  const Walks two = walks(tlb, kScattered, footprint, Paging::native, kSmall, kSmall, 2);
  CHECK(two.misses_per_instruction == Approx(0.875));  // siblings share the entries
  const Walks large = walks(tlb, kScattered, footprint, Paging::native, kLarge, kSmall, 1);
  CHECK(large.misses_per_instruction == Approx(0.0));  // 32 x 2 MiB
  CHECK(large.reads.empty());
}

TEST_CASE("a TLB entry maps no more than the smaller page of the two dimensions") {
  topology::Tlb tlb;
  tlb.nested_in_l2 = false;
  const sim::Bytes footprint{32LL << 20};
  const auto missing = [&](const PageUse& guest, const PageUse& host) {
    return walks(tlb, kScattered, footprint, Paging::nested, guest, host, 1).misses_per_instruction;
  };
  CHECK(missing(kLarge, kLarge) == Approx(0.0));
  CHECK(missing(kLarge, kSmall) == Approx(missing(kSmall, kSmall)));
  // Half covered: that half needs no walk, the other has the small entries to itself.
  CHECK(missing(kLarge, {PageSize::large, 0.5}) == Approx(0.5 * (1 - 512.0 * 4096 / (16 << 20))));
}

TEST_CASE("parts that one kind of entry maps share the entries") {
  topology::Tlb tlb;
  tlb.nested_in_l2 = false;
  const sim::Bytes footprint{64LL << 20};
  const auto missing = [&](double coverage) {
    return walks(tlb, kScattered, footprint, Paging::nested, kSmall, {PageSize::large, coverage}, 1)
        .misses_per_instruction;
  };
  CHECK(missing(0.5) == Approx(missing(0.0)));
  CHECK(missing(1.0) == Approx(missing(0.0)));
}

TEST_CASE(
    "translations of the guest's tables take entries of the second-level TLB, or have their own") {
  topology::Tlb tlb;  // 512 entries
  const sim::Bytes footprint{1LL << 30};
  const auto missing = [&](const PageUse& host) {
    return walks(tlb, kScattered, footprint, Paging::nested, kSmall, host, 1)
        .misses_per_instruction;
  };
  // Each walk fills an entry for its page and uses one of 512 for its table's: x entries of the
  // data leave 512 x / (512 + x) to the tables', together 512.
  const double shared = missing(kSmall);
  tlb.nested_in_l2 = false;
  const double own = missing(kSmall);
  const double pages = 1 << 18;
  CHECK(own == Approx(1 - 512 / pages));
  CHECK((1 - shared) * pages == Approx(316).margin(4));
  tlb.nested_in_l2 = true;
  CHECK(missing(kLarge) == Approx(own));  // this second level holds no 2 MiB pages
}

TEST_CASE("both dimensions of a walk share the paging-structure caches") {
  topology::Tlb tlb = bare();
  tlb.pde_cache = 32;
  const auto per_walk = [&](Paging paging, const PageUse& host) {
    return walks(tlb, kScattered, sim::Bytes{128LL << 20}, paging, kSmall, host, 1)
        .reads_per_walk();
  };
  // 64 entries of one dimension: half are found, and half the walks go on to the upper levels.
  CHECK(per_walk(Paging::native, kSmall) == Approx(1 + 0.5 * 3));
  // Of two dimensions' 128 a quarter; beside them lie those of the host's for the guest's tables.
  topology::Tlb nested = tlb;
  nested.nested_tlb = 1'000'000;  // no walks for these
  const double reads =
      walks(nested, kScattered, sim::Bytes{128LL << 20}, Paging::nested, kSmall, kSmall, 1)
          .reads_per_walk();
  CHECK(reads == Approx(2 * (1 + 0.75 * 3)));
}

TEST_CASE("a stream walks once a page") {
  const PageReferences stream{.scattered_per_kilo_instruction = 0.0,
                              .miss_curve = {},
                              .sequential_B_per_kilo_instruction = 4096.0,
                              .span = {},
                              .large_page_share = 1.0};
  topology::Tlb tlb;
  CHECK(walks(tlb, stream, kVast, Paging::native, kSmall, kSmall, 1).misses_per_instruction ==
        Approx(0.001));
  CHECK(walks(tlb, stream, kVast, Paging::native, kLarge, kSmall, 1).misses_per_instruction ==
        Approx(0.001 / 512));
}

TEST_CASE("a stated curve replaces the assumption that all pages are used alike") {
  const PageReferences local{.scattered_per_kilo_instruction = 1000.0,
                             .miss_curve = {{sim::Bytes{1 << 20}, 0.4}, {sim::Bytes{3 << 20}, 0.2}},
                             .sequential_B_per_kilo_instruction = 0.0,
                             .span = {},
                             .large_page_share = 1.0};
  topology::Tlb tlb;  // 512 entries reach 2 MiB
  CHECK(walks(tlb, local, kVast, Paging::native, kSmall, kSmall, 1).misses_per_instruction ==
        Approx(0.3));
}
