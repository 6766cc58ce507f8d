// What a row of a parity stripe reads before it can be written, and what it then writes: md's
// choice between read-modify-write and reconstruct-write.
//
//   rmw = reads of {written blocks, P, Q} that are not in the cache
//   rcw = reads of the data blocks that are not overwritten as a whole and not in the cache
// A block on a missing disk counts 2n. Reconstruct-write is forced by rmw_level 0 and beyond what
// a resync has reached; else the smaller wins, and a tie is reconstructed unless rmw_level is 2.
//
// Models  degraded reads and writes: a block of a missing disk is computed from all others.
// Omits   the journal, replacement disks, bad blocks.
// Source  semantics.md 7; raid5.c handle_stripe_dirtying, need_this_block, fetch_block. A degraded
//         read of RAID 6 with one disk missing reads Q as well: fetch_block computes only when
//         all but one block are there (uptodate == disks - 1).
// Checked tests/models/storage/raid/stripe_plan_test.cpp.
#pragma once

#include <cstdint>

namespace models::storage::raid {

// One bit a member.
using Blocks = std::uint64_t;
// None of a member that is not there, -1.
inline Blocks bit(int member) {
  return member < 0 ? 0 : Blocks{1} << member;
}

struct RowState {
  int members = 0;
  int p = 0;
  int q = -1;          // -1: RAID 5
  Blocks cached = 0;   // in the stripe cache
  Blocks present = 0;  // on disks that can be read here
  Blocks written = 0;  // by what is asked, wholly or in part
  Blocks whole = 0;    // of these, overwritten as a whole
  Blocks read = 0;     // asked for
  bool synced = true;  // parity can be trusted
  int rmw_level = 1;
};

enum class Method { read, full_stripe, read_modify_write, reconstruct_write };

struct RowPlan {
  Method method = Method::read;
  Blocks reads = 0;
  Blocks writes = 0;        // before missing disks are left out: also those that cannot be written
  Blocks cached = 0;        // what the cache holds afterwards
  bool computes = false;    // a missing block from all others
  int saved = 0;            // reads that the cache saves
  int xor_blocks = 0;       // read by the computation of P, or of a missing block
  int syndrome_blocks = 0;  // by that of Q
  bool operator==(const RowPlan&) const = default;
};

RowPlan plan_row(const RowState& row);

}  // namespace models::storage::raid
