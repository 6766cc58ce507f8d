#include "models/network/requests.hpp"

#include <catch2/catch.hpp>

#include "tests/models/network/machine.hpp"

using namespace models::network;

namespace {

NicConfig nic(double rate_Bps) {
  return {.name = "eth0",
          .rate = sim::BytesPerSecond{rate_Bps},
          .moderation = {.kind = ModerationKind::none}};
}

double stream_Mbps(const NicConfig& config, const StackConfig& stack) {
  sim::Engine engine;
  Machine a{engine, 1, stack, config}, b{engine, 2, stack, config};
  a.connect(b, us(2));
  StreamSender sender{{1, &a.stack, &a.app}, 0, {}};
  StreamReceiver receiver{{2, &b.stack, &b.app}, 0};
  receiver.start();
  sender.start(receiver);
  engine.run_until(sim::kStart + us(50'000));
  const std::int64_t warm = receiver.read_B();
  engine.run_until(sim::kStart + us(250'000));
  CHECK(sender.losses() == 0);
  return static_cast<double>(receiver.read_B() - warm) * 8.0 / 0.2 / 1e6;
}

struct Flood {
  double received_Hz = 0.0;
  double dropped = 0.0;  // share
  double softirq = 0.0;  // share of its CPU
  std::uint64_t interrupts = 0;
};

Flood flood(double rate_Hz, const ModerationConfig& moderation, int at_once) {
  sim::Engine engine;
  NicConfig config = nic(1.25e9);
  config.moderation = moderation;
  NicConfig sending = nic(1.25e9);
  sending.driver = kFreeDriver;
  Machine a{engine, 1, {.costs = kFreeStack}, sending}, b{engine, 2, {}, config};
  a.connect(b, us(2));
  DatagramSender sender{
      {1, &a.stack, &a.app}, 0, {.rate_Hz = rate_Hz, .at_once = at_once, .calls = false}};
  Note sink{engine, 2};
  sender.start(sink);
  engine.run_until(sim::kStart + us(20'000));
  const Traffic got = b.nic.received();
  Flood flood;
  flood.received_Hz = static_cast<double>(got.packets) / 0.02;
  flood.dropped = static_cast<double>(got.dropped) / static_cast<double>(got.packets + got.dropped);
  flood.softirq = sim::seconds(b.softirq.busy()) / 0.02;
  flood.interrupts = b.nic.interrupts();
  return flood;
}

double round_trip_us(const StackConfig& stack, const NicConfig& config, sim::Duration wake) {
  sim::Engine engine;
  Machine a{engine, 1, stack, config, wake}, b{engine, 2, stack, config, wake};
  a.connect(b, us(2));
  Requester client{{1, &a.stack, &a.app}, 0, {}};
  Responder server{{2, &b.stack, &b.app}, 0, {}};
  server.start();
  client.start(server, engine.stream("client"));
  engine.run_until(sim::kStart + us(10'000));
  return client.mean().mean() * 1e6;
}

}  // namespace

TEST_CASE("TCP over 1 Gbit/s Ethernet gives 941 Mbit/s") {
  CHECK(stream_Mbps(nic(0.125e9), {}) == Approx(941.0).epsilon(0.002));
}

TEST_CASE("a CPU that keeps up fills 10 Gbit/s, jumbo frames fill it further") {
  CHECK(stream_Mbps(nic(1.25e9), {}) == Approx(9'410.0).epsilon(0.005));
  CHECK(stream_Mbps(nic(1.25e9), {.mtu = sim::Bytes{9'000}}) == Approx(9'890.0).epsilon(0.005));
}

TEST_CASE("a slow CPU, not the wire, limits a stream without offloads") {
  NicConfig plain = nic(1.25e9);
  plain.tso = false;
  plain.gro = false;
  plain.clock = sim::Hertz{2e9};
  const StackConfig stack{.tso = false, .clock = sim::Hertz{2e9}};
  // 2 GHz over what driver and stack take for each packet.
  const DriverCosts& d = plain.driver;
  const auto packet = d.receive.per_buffer + d.receive.per_packet + stack.costs.receive.per_buffer +
                      stack.costs.receive.per_packet;
  const double most_Mbps = 2e9 / static_cast<double>(packet.count()) * 1'448 * 8 / 1e6;
  CHECK(stream_Mbps(plain, stack) < most_Mbps);
  CHECK(stream_Mbps(plain, stack) > 0.85 * most_Mbps);
}

TEST_CASE("a small packet's round trip is the sum of its stages") {
  const StackConfig stack{.clock = sim::Hertz{1e9}};
  NicConfig config = nic(1.25e9);
  config.clock = sim::Hertz{1e9};
  const StackCosts& s = stack.costs;
  const DriverCosts& d = config.driver;
  // Out of a program: call, stack, driver. Both machines do the same.
  const auto out = s.call + s.send.per_buffer + d.transmit.per_buffer;
  const auto in = d.interrupt + d.poll + d.receive.per_buffer + d.receive.per_packet +
                  s.receive.per_buffer + s.receive.per_packet + s.wake + s.call;
  // NIC 1 us at both ends, cable 2 us, 91 bytes on the wire 72.8 ns.
  const double one_way_us = static_cast<double>((out + in).count()) / 1e3 + 4.0 + 0.0728;
  CHECK(round_trip_us(stack, config, {}) == Approx(2.0 * one_way_us).margin(0.01));
  // Four threads are woken on the way there and back: two softirqs, two programs.
  CHECK(round_trip_us(stack, config, us(3)) == Approx(2.0 * one_way_us + 4 * 3.0).margin(0.01));
}

TEST_CASE("small packets at 10 Gbit/s saturate a CPU long before the wire is full") {
  const Flood all = flood(14.88e6, {.kind = ModerationKind::adaptive}, 32);
  CHECK(all.softirq > 0.99);
  CHECK(all.received_Hz < 1e6);
  CHECK(all.dropped > 0.9);
}

TEST_CASE("moderation buys CPU time for latency") {
  const Flood each = flood(200e3, {.kind = ModerationKind::none}, 1);
  const Flood few = flood(200e3, {.kind = ModerationKind::throttle, .gap = us(50)}, 1);
  CHECK(each.interrupts == Approx(4'000).margin(5));
  CHECK(few.interrupts == Approx(400).margin(5));
  CHECK(few.softirq < each.softirq);
  CHECK(few.dropped == 0.0);
  NicConfig throttled = nic(1.25e9);
  throttled.moderation = {.kind = ModerationKind::hold_off, .gap = us(50)};
  const StackConfig stack{};
  CHECK(round_trip_us(stack, throttled, {}) ==
        Approx(round_trip_us(stack, nic(1.25e9), {}) + 100.0).margin(0.01));
}

TEST_CASE("a window smaller than rate times round trip limits a stream") {
  sim::Engine engine;
  const StackConfig stack{.costs = kFreeStack};
  NicConfig config = nic(1.25e9);
  config.driver = kFreeDriver;
  Machine a{engine, 1, stack, config}, b{engine, 2, stack, config};
  a.connect(b, us(498));
  StreamSender sender{{1, &a.stack, &a.app}, 0, {.window = kLargestBurst}};
  StreamReceiver receiver{{2, &b.stack, &b.app}, 0};
  receiver.start();
  sender.start(receiver);
  engine.run_until(sim::kStart + us(100'000));
  // Each of four bursts of 16 KiB, 14 us on the wire, goes out when the one before it is answered.
  CHECK(static_cast<double>(receiver.read_B()) == Approx(65'536.0 * 0.1 / 1'014e-6).epsilon(0.01));
}

TEST_CASE("a stream that loses packets sends them again, with half the window") {
  sim::Engine engine;
  NicConfig tight = nic(1.25e9);
  tight.rx_ring = 64;
  tight.gro = false;
  tight.clock = sim::Hertz{0.5e9};
  Machine a{engine, 1, {}, nic(1.25e9)}, b{engine, 2, {}, tight};
  a.connect(b, us(2));
  StreamSender sender{{1, &a.stack, &a.app}, 0, {}};
  StreamReceiver receiver{{2, &b.stack, &b.app}, 0};
  receiver.start();
  sender.start(receiver);
  engine.run_until(sim::kStart + us(200'000));
  CHECK(sender.losses() > 0);
  const std::int64_t half = receiver.read_B();
  engine.run_until(sim::kStart + us(400'000));
  CHECK(receiver.read_B() > half + half / 4);
}

namespace {

// A device that frees what it is given a while later, or at once.
struct Holds : Port {
  Holds(sim::Engine& of, sim::Duration each) : engine_{of}, each_{each} {}
  sim::Engine& engine() override { return engine_; }
  sim::Task<> send(Batch batch, Thread&) override {
    payloads.push_back(batch.payload.count() / 1'024);
    engine_.spawn(free(batch));
    co_return;
  }
  sim::Process free(Batch batch) {
    co_await engine_.delay(each_);
    complete(batch);
  }
  sim::Engine& engine_;
  sim::Duration each_;
  std::vector<std::int64_t> payloads;  // KiB
};

// What leaves in the first 100 us of a program that writes 16 KiB each 10 us.
std::vector<std::int64_t> bursts(sim::Duration held, sim::Bytes window) {
  sim::Engine engine;
  OwnCpu app{engine};
  StackConfig config{.costs = kFreeStack, .clock = sim::Hertz{1e9}};
  config.costs.call = sim::Cycles{10'000};
  Stack stack{engine, config};
  Holds device{engine, held};
  stack.set_device(device);
  StreamSender sender{{1, &stack, &app}, 0, {.window = window}};
  Note to{engine, 2};
  sender.start(to);
  engine.run_until(sim::kStart + us(105));
  return device.payloads;
}

}  // namespace

TEST_CASE("messages gather while earlier ones stand in their machine's queues") {
  const sim::Bytes wide{4 * 1'024 * 1'024};
  CHECK(bursts(us(1), wide) == std::vector<std::int64_t>(10, 16));
  // Free after 25 us: by then two have gathered, and the third takes them along.
  CHECK(bursts(us(25), wide) == std::vector<std::int64_t>{16, 48, 48, 48});
  CHECK(bursts(us(1'000), wide) == std::vector<std::int64_t>{16, 64, 64});
}

TEST_CASE("messages gather while the window is full") {
  CHECK(bursts(us(1), sim::Bytes{256 * 1'024}) == std::vector<std::int64_t>(10, 16));
  // Three leave; what follows has no room, and nothing is acknowledged.
  CHECK(bursts(us(1), sim::Bytes{48 * 1'024}) == std::vector<std::int64_t>(3, 16));
}
