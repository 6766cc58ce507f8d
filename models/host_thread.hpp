// A thread of the host as stages of the storage path see it: its work waits for a CPU.
#pragma once

#include "models/running_host.hpp"
#include "models/storage/block_device.hpp"

namespace models {

class HostThread final : public storage::Thread {
 public:
  HostThread(RunningHost& host, int worker) : host_{host}, worker_{worker} {}
  sim::Engine& engine() { return host_.engine(); }
  sim::Task<> work(sim::Duration cpu_time) override {
    co_await host_.run(worker_, RunningHost::thread_work(cpu_time), scheduler::kNoCpu);
  }

 private:
  RunningHost& host_;
  int worker_;
};

}  // namespace models
