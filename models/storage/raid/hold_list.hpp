// Rows that may pre-read at last, standing back once more behind rows that need none.
//
// As long as full stripes are on their way to the disks, more writes are likely to fill the rows
// that are held; each that is filled goes with the others, and what it would have read is spared.
// So that no row is held for ever, one may go for each that has gone past the first of those held,
// above a threshold.
//
// Source  raid5.c __get_priority_stripe (hold_list, bypass_count, last_hold; BYPASS_THRESHOLD 1),
//         since Linux 2.6.26.
// Checked tests/models/storage/raid/hold_list_test.cpp, parity_test.cpp.
#pragma once

#include <cstdint>
#include <deque>

#include "models/storage/raid/stripe_cache.hpp"

namespace models::storage::raid {

class HoldList {
 public:
  // A row whose state is held. It leaves when it is next, or when its state is another.
  void add(Row& row) {
    row.held = ++added_;
    rows_.push_back({&row, row.held});
  }
  // Another row is handled that has asked nothing of the disks yet.
  void passed();
  // The next to go; null: none is left, or those that are stand back. It is the caller's.
  Row* next(bool full_stripes_under_way);

 private:
  static constexpr int kThreshold = 1;  // preread_bypass_threshold
  struct Entry {
    Row* row;
    std::uint64_t number;  // another than the row's: it left, and has been added anew
  };
  Row* first();

  std::deque<Entry> rows_;
  std::uint64_t added_ = 0;
  const Row* last_first_ = nullptr;  // of those held, when one was last passed
  int passed_ = 0;                   // bypass_count
};

}  // namespace models::storage::raid
