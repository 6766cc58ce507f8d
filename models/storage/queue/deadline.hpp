// deadline and mq-deadline: batches in order of place, reads before writes, bounded starvation.
//
// A batch goes upwards in one direction for at most fifo_batch requests. At its end reads are
// chosen unless writes have been passed over writes_starved times; the batch begins at the oldest
// request if that has expired or nothing lies further up, else it goes on.
//
// Omits   the order of several priorities (since 5.14), zoned devices.
// Source  semantics.md 8, block/deadline-iosched.c (4.19).
// Checked tests/models/storage/queue/deadline_test.cpp.
#pragma once

#include <array>

#include "models/storage/queue/waiting_items.hpp"

namespace models::storage::queue {

struct DeadlineTunables {
  sim::Duration read_expire{500'000'000'000};     // 500 ms
  sim::Duration write_expire{5'000'000'000'000};  // 5 s
  int writes_starved = 2;
  int fifo_batch = 16;
  bool front_merges = true;
};

class Deadline final : public Policy {
 public:
  explicit Deadline(const DeadlineTunables& tunables) : tunables_{tunables} {}
  void add(Item& item) override { waiting_[direction(item)].add(item); }
  Item* next(sim::Instant now) override;
  bool may_merge(const Item& item, const Request& request) const override {
    return tunables_.front_merges || item.end() == request.offset;
  }

 private:
  static std::size_t direction(const Item& item) { return item.read() ? kRead : kWrite; }
  static constexpr std::size_t kRead = 0;
  static constexpr std::size_t kWrite = 1;

  DeadlineTunables tunables_;
  std::array<WaitingItems, 2> waiting_;
  std::size_t batch_ = kRead;  // its direction
  int dispatched_ = 0;         // of the batch
  sim::Bytes position_{};      // where the batch has come to
  int starved_ = 0;
};

}  // namespace models::storage::queue
