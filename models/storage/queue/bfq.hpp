// BFQ: budgets of service for each process, in the order of B-WF2Q+.
//
// Each backlogged stream i has a budget B_i and a weight w_i; the system's virtual time V advances
// by service / (sum of weights of the backlogged). With S_i = max(V, last F_i), F_i = S_i +
// B_i/w_i, the stream with S_i <= V and the least F_i is served until its budget or its time is
// used up, or it has nothing left and does not come back within slice_idle; then F_i = S_i +
// service / w_i. A seeky stream is charged for its time: budget x time / timeout.
//
// Models  weights, budgets, time-outs, idling by habit, asynchronous charge, raised weight of
//         streams that begin after a pause (interactive).
// Omits   budgets tuned by peak rate and feedback (all have max_budget), groups, soft real time,
//         bursts of starting processes, queue merging, injection.
// Source  semantics.md 8, block/bfq-iosched.c (4.19); Valente, Checconi (IEEE Trans. Comp. 2010).
// Checked tests/models/storage/queue/bfq_test.cpp.
#pragma once

#include <deque>
#include <unordered_map>

#include "models/storage/queue/habits.hpp"
#include "models/storage/queue/waiting_items.hpp"

namespace models::storage::queue {

struct BfqTunables {
  sim::Duration fifo_expire_sync{125'000'000'000};
  sim::Duration fifo_expire_async{250'000'000'000};
  sim::Bytes back_seek_max{16 << 20};
  int back_seek_penalty = 2;
  sim::Duration slice_idle{8'000'000'000};
  sim::Duration timeout_sync{125'000'000'000};
  sim::Bytes max_budget{16384 * 512};
  double async_charge_factor = 3.0;
  bool low_latency = true;
  double raised = 30.0;                         // wr_coeff
  sim::Duration raised_for{7'000'000'000'000};  // of rotational disks, 3 to 25 s [recall]
  sim::Duration min_idle{2'000'000'000'000};    // a pause after which a stream is new
};

class Bfq final : public Policy {
 public:
  explicit Bfq(const BfqTunables& tunables) : tunables_{tunables} {}
  void add(Item& item) override;
  Item* next(sim::Instant now) override;
  sim::Instant ask_again() const override { return ask_again_; }
  void completed(const Item& item, sim::Instant now) override;
  bool may_merge(const Item& item, const Request& request) const override;
  void set_weight(int stream, int weight) override { weights_[stream] = weight; }

 private:
  struct Stream {
    bool synchronous = true;
    double weight = 100.0;
    WaitingItems items{};
    Habits habits{};
    int in_flight = 0;
    bool backlogged = false;
    double start = 0.0;  // virtual, B per weight
    double finish = 0.0;
    double service = 0.0;  // B, of the budget in use
    sim::Instant last_done{};
    bool begun = false;
    sim::Instant raised_until{};
  };
  Stream& stream_of(bool synchronous, int id);
  double weight(const Stream& stream, sim::Instant now) const;
  void become_backlogged(Stream& stream, sim::Instant now);
  Stream* select();
  void expire(sim::Instant now);
  bool idles(const Stream& stream, sim::Instant now) const;
  bool alike() const;
  Item* choose(Stream& stream, sim::Instant now);

  BfqTunables tunables_;
  std::deque<Stream> streams_;
  std::unordered_map<int, Stream*> by_id_;
  std::unordered_map<int, int> weights_;
  Stream* asynchronous_ = nullptr;
  double virtual_time_ = 0.0;
  Stream* active_ = nullptr;
  sim::Instant since_{};
  bool fifo_looked_at_ = false;
  sim::Instant idle_until_ = sim::kNever;
  sim::Instant ask_again_ = sim::kNever;
  sim::Bytes position_{};
};

}  // namespace models::storage::queue
