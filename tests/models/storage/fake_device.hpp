// A device that takes a fixed time for each request and remembers them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "models/storage/block_device.hpp"

namespace tests {

class FakeDevice : public models::storage::BlockDevice {
 public:
  explicit FakeDevice(sim::Engine& engine, sim::Duration time = {},
                      sim::Bytes capacity = sim::Bytes{std::int64_t{1} << 50})
      : engine_{engine}, time_{time}, capacity_{capacity} {}
  sim::Engine& engine() override { return engine_; }
  sim::Bytes capacity() const override { return capacity_; }
  sim::Task<> serve(models::storage::Request request) override {
    if (keep) requests.push_back(request);
    ++served;
    co_await engine_.delay(time_);
    finished.push_back(engine_.now());
  }

  bool keep = true;
  std::int64_t served = 0;
  std::vector<models::storage::Request> requests;
  std::vector<sim::Instant> finished;

 private:
  sim::Engine& engine_;
  sim::Duration time_;
  sim::Bytes capacity_;
};

// What it was asked since the last call: r, w, z with KiB (rounded up), f.
inline std::string asked(FakeDevice& device) {
  std::string all;
  for (const models::storage::Request& r : std::exchange(device.requests, {})) {
    const char kind[] = {'r', 'w', 'z', 'f'};
    all += kind[static_cast<int>(r.operation)];
    if (r.operation != models::storage::Operation::flush)
      all += std::to_string((r.size.count() + 1023) / 1024);
    all += ' ';
  }
  return all;
}

// Runs one task from start to end and says when it ended.
inline sim::Process await_task(sim::Engine& engine, sim::Task<> task, sim::Instant* ended) {
  co_await task;
  if (ended != nullptr) *ended = engine.now();
}
inline sim::Instant run(sim::Engine& engine, sim::Task<> task) {
  sim::Instant ended = sim::kNever;
  engine.spawn(await_task(engine, std::move(task), &ended));
  engine.run();
  return ended;
}

}  // namespace tests
