// fio in small: so many requests outstanding, each followed by the next.
#pragma once

#include "models/storage/block_device.hpp"
#include "sim/engine.hpp"
#include "sim/histogram.hpp"
#include "sim/process.hpp"
#include "sim/random.hpp"
#include "sim/tally.hpp"

namespace tests {

struct Job {
  models::storage::Operation operation = models::storage::Operation::read;
  sim::Bytes block{4096};
  int depth = 1;
  bool random = true;
  sim::Bytes span{};     // zero: the whole device
  sim::Duration host{};  // beside the device, overlapping
  sim::Duration warmup{1'000'000'000'000};
  sim::Duration measured{10'000'000'000'000};
  bool synchronous = true;
  int stream = 0;
};

struct Load {
  explicit Load(sim::Engine& engine, models::storage::BlockDevice& on, const Job& what)
      : device{on}, job{what}, places{engine.stream("places")} {
    const sim::Bytes span = job.span.count() > 0 ? job.span : device.capacity();
    blocks = span.count() / job.block.count();
  }
  models::storage::BlockDevice& device;
  Job job;
  sim::Random places;
  std::int64_t blocks = 0;
  std::int64_t next = 0;
  bool counting = false;
  sim::Tally latency_us;
  sim::Histogram histogram_us;

  double per_second() const {
    return static_cast<double>(latency_us.count()) / sim::seconds(job.measured);
  }
  double megabytes_per_second() const {
    return per_second() * static_cast<double>(job.block.count()) / 1e6;
  }
  double p99_us() const { return histogram_us.percentile(0.99); }
};

inline sim::Process requests(sim::Engine& engine, Load& load) {
  while (true) {
    const std::int64_t block =
        load.job.random
            ? static_cast<std::int64_t>(load.places.below(static_cast<std::uint64_t>(load.blocks)))
            : load.next++ % load.blocks;
    const sim::Instant begun = engine.now();
    co_await engine.delay(load.job.host);
    co_await load.device.serve({.operation = load.job.operation,
                                .offset = load.job.block * block,
                                .size = load.job.block,
                                .synchronous = load.job.synchronous,
                                .stream = load.job.stream});
    if (!load.counting) continue;
    const double us = sim::seconds(engine.now() - begun) * 1e6;
    load.latency_us.record(us);
    load.histogram_us.record(us);
  }
}

// Starts the load; who runs the engine decides when it counts.
inline void start(sim::Engine& engine, Load& load) {
  for (int i = 0; i < load.job.depth; ++i) engine.spawn(requests(engine, load));
}

inline Load run(sim::Engine& engine, models::storage::BlockDevice& device, const Job& job) {
  Load load{engine, device, job};
  start(engine, load);
  engine.run_until(engine.now() + job.warmup);
  load.counting = true;
  engine.run_until(engine.now() + job.measured);
  return load;
}

}  // namespace tests
