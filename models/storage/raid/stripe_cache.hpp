// The stripe cache of a parity array: rows of one 4 KiB block of each member, in use or kept for
// the next write nearby until the row is needed for another place.
//
// When all rows are in use, new ones wait until a quarter of them is free again
// (R5_INACTIVE_BLOCKED).
//
// Omits   growing on demand (max 32768 rows since 4.1).
// Source  semantics.md 7 (NR_STRIPES 256, STRIPE_SIZE 4 KiB); raid5.c raid5_get_active_stripe.
// Checked tests/models/storage/raid/stripe_cache_test.cpp.
#pragma once

#include <coroutine>
#include <cstdint>
#include <vector>

#include "models/storage/raid/stripe_plan.hpp"
#include "sim/event.hpp"
#include "sim/units.hpp"

namespace models::storage::raid {

inline constexpr std::int64_t kRow_B = 4096;

// A wait for a number of things that others report one by one.
class Countdown {
 public:
  explicit Countdown(sim::Engine& engine)
      : done_{engine, [](void* self) { static_cast<Countdown*>(self)->waiter_.resume(); }, this} {}
  void expect() { ++left_; }
  void one_done() {
    if (--left_ == 0 && waiter_) done_.after(sim::Duration::zero());
  }
  bool await_ready() const noexcept { return left_ == 0; }
  void await_suspend(std::coroutine_handle<> waiter) { waiter_ = waiter; }
  void await_resume() const noexcept {}

  sim::Instant writing_from{};  // when the last of its rows, read and computed, began to be written

 private:
  int left_ = 0;
  std::coroutine_handle<> waiter_;
  sim::Event done_;
};

// What is asked of a row, until its handling begins.
struct RowRequest {
  Blocks written = 0;
  Blocks whole = 0;
  Blocks read = 0;
  bool fua = false;
  bool urgent = false;  // somebody waits: its pre-read is not delayed
  bool empty() const { return (written | read) == 0; }
};

struct Row {
  enum class State { idle, claimed, queued, delayed, held, handled };
  std::int64_t number = -1;  // member offset / 4 KiB
  Blocks cached = 0;
  State state = State::idle;
  bool gathered = false;   // pre-reads for `request` may begin (STRIPE_PREREAD_ACTIVE)
  bool started = false;    // and have been made (STRIPE_IO_STARTED)
  std::uint64_t held = 0;  // its number in the hold list
  RowRequest request;
  std::vector<Countdown*> waiting;  // for `request`
  std::vector<Countdown*> served;   // by the handling under way
  Row* chain = nullptr;             // of the hash
  Row* newer = nullptr;             // idle rows by last use
  Row* older = nullptr;
};

class StripeCache {
 public:
  explicit StripeCache(int rows);
  StripeCache(const StripeCache&) = delete;
  StripeCache& operator=(const StripeCache&) = delete;

  // The row in use or kept, or else one made of the longest idle; null when it has to wait.
  // A row that was idle is in use from here on.
  Row* claim(std::int64_t number);
  Row* find(std::int64_t number) const;
  // The row is idle. True when those that wait may try again.
  bool release(Row& row);
  int in_use() const { return in_use_; }
  int size() const { return static_cast<int>(rows_.size()); }

 private:
  Row*& bucket(std::int64_t number);
  void unlink_idle(Row& row);

  std::vector<Row> rows_;
  std::vector<Row*> buckets_;
  Row* oldest_ = nullptr;
  Row* newest_ = nullptr;
  int in_use_ = 0;
  bool blocked_ = false;
};

}  // namespace models::storage::raid
