// CFQ: slices of disk time for each process's synchronous requests, in turn, and one queue for all
// asynchronous ones.
//
// A slice begins with its first completion. A stream that reads in order and comes back soon keeps
// the disk idle for up to slice_idle between its requests; a seeky or slow one gives it up. A
// synchronous request ends an asynchronous slice. Within a queue an elevator goes up, and a little
// back; once a slice the oldest request goes first if it has expired.
//
// Models  slices (scaled by weight, and to target_latency when many wait), idling by habit,
//         quantum, asynchronous depth that grows with the time since a late synchronous request.
// Omits   hierarchical groups and group_idle: weights scale slices; I/O priority classes, queue
//         merging of cooperating processes, the order of service trees: queues take turns.
// Source  semantics.md 8, block/cfq-iosched.c (4.19).
// Checked tests/models/storage/queue/cfq_test.cpp.
#pragma once

#include <deque>
#include <unordered_map>

#include "models/storage/queue/habits.hpp"
#include "models/storage/queue/waiting_items.hpp"

namespace models::storage::queue {

struct CfqTunables {
  int quantum = 8;
  sim::Duration fifo_expire_sync{125'000'000'000};
  sim::Duration fifo_expire_async{250'000'000'000};
  sim::Bytes back_seek_max{16 << 20};
  int back_seek_penalty = 2;
  sim::Duration slice_sync{100'000'000'000};
  sim::Duration slice_async{40'000'000'000};
  int slice_async_rq = 2;
  sim::Duration slice_idle{8'000'000'000};
  bool low_latency = true;
  sim::Duration target_latency{300'000'000'000};
};

class Cfq final : public Policy {
 public:
  explicit Cfq(const CfqTunables& tunables) : tunables_{tunables} {}
  void add(Item& item) override;
  Item* next(sim::Instant now) override;
  sim::Instant ask_again() const override { return ask_again_; }
  void completed(const Item& item, sim::Instant now) override;
  bool may_merge(const Item& item, const Request& request) const override;
  void set_weight(int stream, int weight) override { weights_[stream] = weight; }

 private:
  struct Stream {
    int id = 0;
    bool synchronous = true;
    WaitingItems items{};
    Habits habits{};
    int in_flight = 0;
    bool in_turn = false;  // waits in turns_
  };
  Stream& stream_of(bool synchronous, int id);
  void activate(Stream& stream);
  void expire();
  bool idles(const Stream& stream) const;
  int may_have_in_flight(const Stream& stream, sim::Instant now) const;
  bool held_back(const Stream& stream) const;
  sim::Duration slice(const Stream& stream) const;
  Item* choose(Stream& stream, sim::Instant now);

  CfqTunables tunables_;
  std::deque<Stream> streams_;
  std::unordered_map<int, Stream*> by_id_;
  std::unordered_map<int, int> weights_;
  Stream* asynchronous_ = nullptr;
  std::deque<Stream*> turns_;
  Stream* active_ = nullptr;
  bool slice_begun_ = false;
  sim::Instant slice_end_{};
  int slice_dispatched_ = 0;
  bool fifo_looked_at_ = false;
  sim::Instant idle_until_ = sim::kNever;
  sim::Instant ask_again_ = sim::kNever;
  sim::Bytes position_{};
  int sync_in_flight_ = 0;
  int async_in_flight_ = 0;
  sim::Instant late_sync_{};  // a synchronous request that had expired completed
};

}  // namespace models::storage::queue
