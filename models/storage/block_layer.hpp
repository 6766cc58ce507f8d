// The host kernel's block layer below a page cache: who is in the kernel for a request submits it
// and is woken by its interrupt, and what nobody asked for (write-back, read-ahead) is a kernel
// thread's work.
//
// Source  mm/page-writeback.c, fs/fs-writeback.c (bdi workers), block/blk-core.c; costs as in
//         vmm/block_costs.hpp.
// Checked tests/models/storage/block_layer_test.cpp.
#pragma once

#include "models/storage/block_device.hpp"

namespace models::storage {

class BlockLayer final : public BlockDevice {
 public:
  // CPU time a request: before it goes to the device, and when it has come back.
  struct Costs {
    sim::Duration submit{};
    sim::Duration interrupt{};
  };
  BlockLayer(BlockDevice& device, Thread& kernel, const Costs& costs)
      : device_{device}, kernel_{kernel}, costs_{costs} {}

  sim::Engine& engine() override { return device_.engine(); }
  sim::Bytes capacity() const override { return device_.capacity(); }
  sim::Task<> serve(Request request) override {
    Thread& thread = request.by != nullptr ? *request.by : kernel_;
    co_await thread.work(costs_.submit);
    const sim::Instant submitted = engine().now();
    co_await device_.serve(request);
    if (request.waits != nullptr)
      served_s_ += request.waits->requests * sim::seconds(engine().now() - submitted);
    co_await thread.work(costs_.interrupt);
  }
  double served_s() const { return served_s_; }  // in the device, all I/Os that a guest waited for
  void restart_stats() { served_s_ = 0.0; }

 private:
  BlockDevice& device_;
  Thread& kernel_;
  Costs costs_;
  double served_s_ = 0.0;
};

}  // namespace models::storage
