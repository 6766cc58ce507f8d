#include "models/vmm/shadow_paging.hpp"

#include <catch2/catch.hpp>

using namespace models::vmm;

namespace {

// A light exit of 1,000 + 400 cycles; a fault of 2,500 more.
constexpr ExitHardware kHardware{sim::Cycles{1'000}};
constexpr double kExit = 1'400.0;
constexpr double kFault = kExit + 2'500.0;
const AddressSpaces kPair{.switches_per_kilo_instruction = 1.0,
                          .spaces = 2,
                          .returns = 1.0,
                          .user_pages = 8,
                          .kernel_pages = 20};

double one(const AddressSpaces& use, ShadowTables tables, int targets = 0) {
  return switch_cycles(use, kHardware, ExitCosts{}, {.tables = tables, .cr3_targets = targets});
}

}  // namespace

TEST_CASE("with cached shadow tables a switch costs an exit and their look-up") {
  CHECK(one(kPair, ShadowTables::cached) == Approx(20 * 30 + kExit + 1'500));
}

TEST_CASE("flushed shadow tables are faulted in again page by page") {
  CHECK(one(kPair, ShadowTables::flushed) == Approx(20 * 30 + kExit + 3'500 + 8 * kFault));
}

TEST_CASE("a CR3 target saves the exit, not the TLB entries of the kernel") {
  CHECK(one(kPair, ShadowTables::cached, 4) == Approx(20 * 30));
}

TEST_CASE("four CR3 targets know every other space of a sender that is always gone back to") {
  AddressSpaces group = kPair;
  group.spaces = 40;
  group.returns = 0.5;
  CHECK(target_hits(group, 4) == Approx(0.5 + 0.5 * 4 / 40));
  CHECK(target_hits(group, 1) == Approx(1.0 / 40));
  CHECK(target_hits(group, 0) == 0.0);
}

TEST_CASE("a nested VMM makes a switch dearer") {
  ExitCosts nested;
  nested.nested = true;
  CHECK(switch_cycles(kPair, kHardware, nested, {}) > 3 * one(kPair, ShadowTables::cached));
}
