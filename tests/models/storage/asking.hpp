// One request at a given time, and when it was done.
#pragma once

#include <vector>

#include "models/storage/block_device.hpp"
#include "sim/engine.hpp"
#include "sim/process.hpp"

namespace tests {

// Takes the device and so much time, and remembers the order in which it was asked.
class RecordingDevice final : public models::storage::BlockDevice {
 public:
  RecordingDevice(sim::Engine& engine, sim::Duration service)
      : engine_{engine}, service_{service} {}
  sim::Engine& engine() override { return engine_; }
  sim::Bytes capacity() const override { return sim::Bytes{std::int64_t{1} << 40}; }
  sim::Task<> serve(models::storage::Request request) override {
    asked.push_back(request);
    at.push_back(engine_.now() - sim::kStart);
    co_await engine_.delay(service_);
  }
  std::vector<models::storage::Request> asked;
  std::vector<sim::Duration> at;
  std::vector<std::int64_t> places(std::int64_t unit) const {
    std::vector<std::int64_t> all;
    for (const auto& each : asked) all.push_back(each.offset.count() / unit);
    return all;
  }

 private:
  sim::Engine& engine_;
  sim::Duration service_;
};

// Gives the request at time `at` and puts down when it was done.
inline sim::Process ask(sim::Engine& engine, models::storage::BlockDevice& device, sim::Duration at,
                        models::storage::Request request, sim::Duration& done) {
  if (at > sim::Duration::zero()) co_await engine.delay(at);
  co_await device.serve(request);
  done = engine.now() - sim::kStart;
}

struct Asked {
  sim::Duration at;
  models::storage::Request request;
};

// When each was done; minus one for those that were not by `end`.
inline std::vector<sim::Duration> done_times(sim::Engine& engine,
                                             models::storage::BlockDevice& device,
                                             const std::vector<Asked>& list, sim::Duration end) {
  std::vector<sim::Duration> done(list.size(), sim::Duration{-1});
  for (std::size_t i = 0; i < list.size(); ++i)
    engine.spawn(ask(engine, device, list[i].at, list[i].request, done[i]));
  engine.run_until(sim::kStart + end);
  return done;
}

}  // namespace tests
