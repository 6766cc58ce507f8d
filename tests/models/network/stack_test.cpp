#include "models/network/stack.hpp"

#include <catch2/catch.hpp>

#include "tests/models/network/machine.hpp"

using namespace models::network;
using namespace sim::literals;

namespace {

// A CPU of the host that a thread or a softirq is on.
struct On : OwnCpu {
  On(sim::Engine& engine, int on) : OwnCpu{engine}, where{on} {}
  int cpu() const override { return where; }
  int where;
};

struct ReaderOn : Note {
  ReaderOn(sim::Engine& engine, int on) : Note{engine}, where{on} {}
  int cpu() const override { return where; }
  int where;
};

// Two sockets of two cores each, an LLC a socket.
models::topology::Description two_sockets() {
  models::topology::Description d;
  d.sockets = 2;
  d.cores_per_node = 2;
  d.frequency = sim::Hertz{2e9};
  d.l2 = {.size = 1_MiB, .shared_by = 1, .latency = 4_ns};
  d.llc = {.size = 16_MiB, .shared_by = 2, .latency = 24_ns};
  d.memory = 64_GiB;
  d.controller.channel_bandwidth = sim::BytesPerSecond{10e9};
  d.controller.latency = 80_ns;
  d.links = {{.from = 0,
              .to = 1,
              .kind = "upi",
              .bandwidth = sim::BytesPerSecond{20e9},
              .efficiency = 1.0,
              .latency = 50_ns}};
  return d;
}

StackConfig config() {
  StackConfig config{.costs = kFreeStack, .clock = sim::Hertz{1e9}, .cold_far = sim::Cycles{4'000}};
  config.costs.cold = sim::Cycles{1'000};
  return config;
}

// Busy time of the softirq with a packet for `first`, then one for `second`.
sim::Duration two_packets(const StackConfig& config, int first, int second) {
  sim::Engine engine;
  On softirq{engine, 0};
  ReaderOn a{engine, first}, b{engine, second};
  Stack stack{engine, config};
  for (Note* const to : {static_cast<Note*>(&a), static_cast<Note*>(&b)}) {
    engine.spawn(hand_over(engine, stack, Batch{.to = to}, softirq));
    engine.run();
  }
  return softirq.busy();
}

}  // namespace

TEST_CASE("what comes for another connection than the last finds its lines in other CPUs' caches") {
  CHECK(two_packets(config(), 1, 1) == ns(1'000));
}

TEST_CASE("a connection whose reader ran behind another LLC has its lines farther away") {
  const models::topology::Topology topology{two_sockets()};
  StackConfig wired = config();
  wired.topology = &topology;
  CHECK(two_packets(wired, 1, 1) == ns(1'000));
  CHECK(two_packets(wired, 1, 2) == ns(4'000));
  CHECK(two_packets(wired, 1, -1) == ns(1'000));  // outside
}

TEST_CASE("a connection whose reader ran on the softirq's own CPU has its lines there") {
  const models::topology::Topology topology{two_sockets()};
  StackConfig wired = config();
  wired.topology = &topology;
  CHECK(two_packets(wired, 1, 0) == ns(0));
}

namespace {

sim::Process four(sim::Engine&, Stack& stack, Batch packet, Thread& on, bool generated) {
  if (generated) {
    co_await stack.generate(packet, 4, on);
  } else {
    co_await stack.datagrams(packet, 4, on);
  }
}

}  // namespace

TEST_CASE("a packet made in the kernel costs neither a socket nor TCP/IP") {
  sim::Engine engine;
  OwnCpu cpu{engine};
  Deliver device{engine};
  StackConfig free{.costs = kFreeStack, .clock = sim::Hertz{1e9}};
  free.costs.send.per_buffer = sim::Cycles{2'600};
  free.costs.generate = sim::Cycles{300};
  Stack stack{engine, free};
  stack.set_device(device);
  Note to{engine};
  const Batch packet{.to = &to, .protocol = Protocol::udp, .payload = sim::Bytes{18}};
  const auto busy = [&](bool generated) {
    const sim::Duration before = cpu.busy();
    engine.spawn(four(engine, stack, packet, cpu, generated));
    engine.run();
    return cpu.busy() - before;
  };
  CHECK(busy(true) == ns(4 * 300));
  CHECK(busy(false) == ns(4 * 2'600));
  CHECK(to.batches.size() == 2);
}
