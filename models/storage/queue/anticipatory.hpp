// The anticipatory scheduler: after a read the disk is kept idle for a moment, because the process
// that got its data will most likely ask for what lies next to it.
//
// Reads (with other synchronous requests) and writes take turns in batches of time, each an
// elevator that may go back a little. When the last read of a process that comes back soon
// completes and it has nothing else waiting, nothing is dispatched for up to antic_expire, unless
// the process or a read close by comes first.
//
// Models  batches, expiry, anticipation by a stream's mean think time.
// Omits   exit probability, cooperating processes, adapting the number of writes in a batch,
//         tagged queueing: it sends one request at a time whatever the device's depth.
// Source  semantics.md 8, block/as-iosched.c (2.6.24); Iyer, Druschel (SOSP 2001).
// Checked tests/models/storage/queue/anticipatory_test.cpp.
#pragma once

#include <unordered_map>

#include "models/storage/queue/habits.hpp"
#include "models/storage/queue/waiting_items.hpp"

namespace models::storage::queue {

struct AnticipatoryTunables {
  sim::Duration read_expire{125'000'000'000};   // HZ/8
  sim::Duration write_expire{250'000'000'000};  // HZ/4
  sim::Duration read_batch_expire{500'000'000'000};
  sim::Duration write_batch_expire{125'000'000'000};
  sim::Duration antic_expire{6'700'000'000};  // HZ/150
};

class Anticipatory final : public Policy {
 public:
  explicit Anticipatory(const AnticipatoryTunables& tunables) : tunables_{tunables} {}
  void add(Item& item) override;
  Item* next(sim::Instant now) override;
  sim::Instant ask_again() const override { return wait_until_; }
  void completed(const Item& item, sim::Instant now) override;

 private:
  void begin_batch(bool reading, sim::Instant now);
  Item* pick(const WaitingItems& from, sim::Duration expire, sim::Instant now) const;
  bool close(const Item& item) const;

  AnticipatoryTunables tunables_;
  WaitingItems reads_;   // and other synchronous requests
  WaitingItems writes_;  // asynchronous ones
  std::unordered_map<int, Habits> processes_;
  bool reading_ = true;
  sim::Instant batch_end_{};
  bool busy_ = false;
  sim::Bytes position_{};
  int awaited_ = 0;                        // the stream that is waited for
  sim::Instant wait_until_ = sim::kNever;  // kNever: nobody is
};

}  // namespace models::storage::queue
