// An I/O scheduler in front of a device: requests wait, merge with neighbours, and go to the device
// in the order that a policy gives them.
//
// Models  merging at both ends up to max_size, dispatch depth, nr_requests (synchronous and
//         asynchronous apart; who finds no place waits), policies that idle.
// Omits   plugging (a request reaches an idle device at once), per-CPU queues, batches of
//         requests for one process; flushes pass by as blk-flush lets them.
// Source  semantics.md 8.
// Checked tests/models/storage/queue/queue_test.cpp.
#pragma once

#include <coroutine>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "models/storage/block_device.hpp"
#include "models/storage/places.hpp"
#include "models/storage/queue/anticipatory.hpp"
#include "models/storage/queue/bfq.hpp"
#include "models/storage/queue/cfq.hpp"
#include "models/storage/queue/deadline.hpp"
#include "models/storage/queue/policy.hpp"
#include "sim/event.hpp"
#include "sim/process.hpp"

namespace models::storage::queue {

enum class Scheduler { noop, deadline, anticipatory, cfq, bfq };

struct QueueConfig {
  Scheduler scheduler = Scheduler::noop;
  int depth = 32;                  // requests at the device at once
  int nr_requests = 128;           // /sys/block/*/queue/nr_requests
  sim::Bytes max_size{512 << 10};  // max_sectors_kb; 1280 since Linux 4.x
  DeadlineTunables deadline{};
  AnticipatoryTunables anticipatory{};
  CfqTunables cfq{};
  BfqTunables bfq{};
};

std::unique_ptr<Policy> make_policy(const QueueConfig& config);

class Queue final : public BlockDevice {
 public:
  struct Stats {
    std::uint64_t requests = 0;
    std::uint64_t merged = 0;
    std::uint64_t dispatched = 0;
  };

  // The device must outlive the queue.
  Queue(BlockDevice& device, const QueueConfig& config);

  sim::Engine& engine() override { return engine_; }
  sim::Bytes capacity() const override { return device_.capacity(); }
  sim::Task<> serve(Request request) override;
  void set_weight(int stream, int weight) { policy_->set_weight(stream, weight); }
  const Stats& stats() const { return stats_; }

 private:
  bool merge(const Request& request, Waiter& waiter);
  void insert(const Request& request, Waiter& waiter);
  Places& places(bool synchronous) { return synchronous ? synchronous_ : asynchronous_; }
  void dispatch();
  static sim::Process run(Queue& queue, Item& item);
  void finish(Item& item);
  Item& fresh_item();

  sim::Engine& engine_;
  BlockDevice& device_;
  QueueConfig config_;
  std::unique_ptr<Policy> policy_;
  Places synchronous_;
  Places asynchronous_;
  std::deque<Item> items_;
  std::vector<Item*> unused_;
  std::vector<Item*> waiting_;
  std::uint64_t next_number_ = 0;
  int in_flight_ = 0;
  bool dispatching_ = false;
  sim::Event again_;
  Stats stats_;
};

}  // namespace models::storage::queue
