#include "models/storage/raid/stripe_plan.hpp"

#include <bit>

namespace models::storage::raid {
namespace {

struct Sets {
  Blocks all;
  Blocks parity;
  Blocks data;
  Blocks missing;
};

Sets sets_of(const RowState& row) {
  const Blocks all = row.members == 64 ? ~Blocks{0} : bit(row.members) - 1;
  const Blocks parity = bit(row.p) | bit(row.q);
  return {all, parity, all & ~parity, all & ~row.present};
}

// need_this_block: everything must be read because a missing block has to be computed.
bool reads_everything(const RowState& row, const Sets& sets) {
  const Blocks unknown = sets.missing & ~row.cached;
  if ((row.read & unknown) != 0) return true;
  if (row.written == 0 || sets.missing == 0) return false;
  if ((row.written & ~row.whole & unknown) != 0) return true;
  const bool two = std::popcount(sets.missing) >= 2;
  const bool forced =
      row.rmw_level == 0 || !row.synced || (two && (unknown & (row.written | sets.parity)) != 0);
  return forced && (unknown & sets.data & ~row.whole) != 0;
}

int price(Blocks blocks, const RowState& row) {
  const Blocks wanted = blocks & ~row.cached;
  return std::popcount(wanted & row.present) +
         2 * row.members * std::popcount(wanted & ~row.present);
}

}  // namespace

RowPlan plan_row(const RowState& given) {
  const Sets sets = sets_of(given);
  RowState row = given;
  RowPlan plan;
  // Blocks asked for, and the rest of blocks written in part.
  Blocks needed = row.read | (row.written & ~row.whole);
  plan.reads = needed & row.present & ~row.cached;
  if (reads_everything(row, sets)) {
    plan.reads = row.present & ~row.cached;
    plan.computes = true;
    plan.xor_blocks = row.members - 1;
    needed = sets.all;
    row.cached = sets.all;
  }
  row.cached |= plan.reads;
  if (row.written != 0) {
    const Blocks rmw_set = row.written | sets.parity;
    const Blocks rcw_set = sets.data & ~row.whole;
    int rmw = price(rmw_set, row);
    int rcw = price(rcw_set, row);
    if (row.rmw_level == 0 || (!row.synced && sets.missing == 0)) {
      rcw = 1;
      rmw = 2;
    }
    const bool modify = rmw < rcw || (rmw == rcw && row.rmw_level == 2 && rmw > 0);
    needed |= modify ? rmw_set : rcw_set;
    plan.reads |= (modify ? rmw_set : rcw_set) & row.present & ~row.cached;
    plan.writes = row.written | sets.parity;
    const int written = std::popcount(row.written);
    const int sources = modify ? 2 * written + 1 : std::popcount(sets.data);
    plan.xor_blocks += sources;
    if (row.q >= 0) plan.syndrome_blocks = sources;
    plan.method = modify         ? Method::read_modify_write
                  : rcw_set == 0 ? Method::full_stripe
                                 : Method::reconstruct_write;
  }
  plan.saved = std::popcount(needed & given.cached);
  plan.cached = row.cached | plan.reads | plan.writes;
  return plan;
}

}  // namespace models::storage::raid
