#include "models/storage/block_layer.hpp"

#include <catch2/catch.hpp>

#include "tests/models/storage/fake_device.hpp"

using namespace models::storage;
using namespace sim::literals;

namespace {

class Worker : public Thread {
 public:
  explicit Worker(sim::Engine& engine) : engine_{engine} {}
  sim::Engine& engine() { return engine_; }
  sim::Task<> work(sim::Duration cpu_time) override {
    worked += cpu_time;
    co_await engine_.delay(cpu_time);
  }
  sim::Duration worked{};

 private:
  sim::Engine& engine_;
};

}  // namespace

TEST_CASE("a request is submitted and ended by who asks, or else by the kernel") {
  sim::Engine engine;
  tests::FakeDevice device{engine, 100_us, 1_GiB};
  Worker kernel{engine}, caller{engine};
  BlockLayer blocks{device, kernel, {.submit = 2_us, .interrupt = 1_us}};
  CHECK(blocks.capacity() == 1_GiB);
  CHECK(tests::run(engine, blocks.serve({.size = 4_KiB, .by = &caller})) == sim::kStart + 103_us);
  CHECK(caller.worked == 3_us);
  CHECK(kernel.worked == 0_us);
  tests::run(engine, blocks.serve({.operation = Operation::write, .size = 4_KiB}));
  CHECK(caller.worked == 3_us);
  CHECK(kernel.worked == 3_us);
}

TEST_CASE("the time in the device counts if a guest waits for it") {
  sim::Engine engine;
  tests::FakeDevice device{engine, 100_us, 1_GiB};
  Worker kernel{engine};
  Waits waits;
  BlockLayer blocks{device, kernel, {.submit = 2_us, .interrupt = 1_us}};
  tests::run(engine, blocks.serve({.size = 4_KiB}));
  CHECK(blocks.served_s() == 0.0);
  tests::run(engine, blocks.serve({.size = 4_KiB, .waits = &waits}));
  CHECK(blocks.served_s() == Approx(100e-6));
  blocks.restart_stats();
  CHECK(blocks.served_s() == 0.0);
}
