// What a disk image is kept on, as the VMM's thread uses it: each I/O that the image's format asks
// for is submitted by that thread, or by one of its pool, and reaped by it.
//
// Models  CPU time of submitting and reaping, waiting for the thread, several completions reaped in
//         one round of the loop, as many I/Os of a pool at once as it has threads.
// Source  QEMU block/linux-aio.c, util/thread-pool.c for what is done.
// Checked tests/models/io_paths_test.cpp.
#pragma once

#include <coroutine>
#include <deque>
#include <vector>

#include "models/event_loop.hpp"
#include "models/storage/block_device.hpp"
#include "models/vmm/block_costs.hpp"
#include "sim/process.hpp"
#include "sim/server.hpp"

namespace models {

class HostFile final : public storage::BlockDevice {
 public:
  // `pool`: workers of aio=threads; none: the loop submits itself. `buffered`: the device is a page
  // cache, in which what a call costs its thread is settled; only for a pool.
  // `submit`: of one I/O, by whom it is.
  HostFile(EventLoop& loop, storage::BlockDevice& device, const vmm::BlockCosts& costs,
           sim::Cycles submit, std::vector<int> pool, bool buffered);

  void start();
  sim::Engine& engine() override { return loop_.engine(); }
  sim::Bytes capacity() const override { return device_.capacity(); }
  sim::Task<> serve(storage::Request request) override;
  // In the device, all I/Os of the guest's data; of nothing buffered.
  double served_s() const { return served_s_; }
  void restart_stats() { served_s_ = 0.0; }

 private:
  struct Reaped {
    HostFile& file;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter);
    void await_resume() const noexcept {}
  };
  sim::Process reap();
  sim::Cycles pinning(const storage::Request& request) const;
  void count(const storage::Request& request, sim::Instant submitted);
  sim::Task<> by_pool(storage::Request request);
  sim::Task<> by_pool_past_cache(int worker, storage::Request request);

  EventLoop& loop_;
  storage::BlockDevice& device_;
  const vmm::BlockCosts& costs_;
  sim::Cycles submit_;
  std::vector<int> idle_;  // of the pool
  sim::Server slots_;
  bool pooled_;
  bool buffered_;
  sim::Signal completed_;
  sim::Instant completed_at_{};
  std::deque<std::coroutine_handle<>> done_;  // not yet reaped
  double served_s_ = 0.0;
};

}  // namespace models
