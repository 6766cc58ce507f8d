#include "models/network/receive_queue.hpp"

#include <catch2/catch.hpp>
#include <utility>

#include "sim/error.hpp"
#include "tests/models/network/machine.hpp"

using namespace models::network;

namespace {

ReceiveConfig free_config() {
  return {
      .moderation = {.kind = ModerationKind::none}, .costs = kFreeDriver, .clock = sim::Hertz{1e9}};
}

}  // namespace

TEST_CASE("packets of one flow in one round are merged, up to a limit") {
  sim::Engine engine;
  OwnCpu softirq{engine};
  Deliver up{engine};
  Note to{engine};
  ReceiveConfig config = free_config();
  config.gro_packets = 17;
  ReceiveQueue queue{engine, config, softirq, up};
  for (int i = 0; i < 3; ++i) {
    queue.arrive(Batch{.to = &to, .packets = 10, .buffers = 10, .payload = sim::Bytes{14'480}});
  }
  engine.run();
  REQUIRE(to.batches.size() == 1);
  CHECK(to.batches[0].packets == 30);
  CHECK(to.batches[0].buffers == 2);
  CHECK(to.batches[0].payload == sim::Bytes{43'440});
}

TEST_CASE("datagrams and bare acknowledgements are not merged") {
  sim::Engine engine;
  OwnCpu softirq{engine};
  Deliver up{engine};
  Note to{engine};
  ReceiveQueue queue{engine, free_config(), softirq, up};
  queue.arrive(Batch{.to = &to, .protocol = Protocol::udp, .payload = sim::Bytes{18}});
  queue.arrive(Batch{.to = &to, .protocol = Protocol::udp, .payload = sim::Bytes{18}});
  queue.arrive(Batch{.to = &to});
  engine.run();
  CHECK(to.batches.size() == 3);
}

TEST_CASE("a full ring drops what does not fit") {
  sim::Engine engine;
  OwnCpu softirq{engine};
  Deliver up{engine};
  Note to{engine}, from{engine};
  ReceiveConfig config = free_config();
  config.descriptors = 100;
  config.costs.receive.per_packet = sim::Cycles{1'000};
  ReceiveQueue queue{engine, config, softirq, up};
  const Batch sixty{.from = &from,
                    .to = &to,
                    .protocol = Protocol::udp,
                    .packets = 60,
                    .buffers = 60,
                    .payload = sim::Bytes{60 * 18}};
  for (int i = 0; i < 3; ++i) queue.arrive(sixty);
  engine.run();
  CHECK(queue.traffic().packets == 100);
  CHECK(queue.traffic().dropped == 80);
  CHECK(from.lost_packets == 80);
  CHECK(sim::seconds(softirq.busy()) == Approx(100e-6));
}

TEST_CASE("one interrupt serves all that comes while the driver polls") {
  sim::Engine engine;
  OwnCpu softirq{engine};
  Deliver up{engine};
  Note to{engine};
  ReceiveConfig config = free_config();
  config.costs.interrupt = sim::Cycles{2'000};  // 2 us
  config.costs.receive.per_packet = sim::Cycles{1'000};
  ReceiveQueue queue{engine, config, softirq, up};
  const auto feed = [](sim::Engine& of, ReceiveQueue& into, Note& socket) -> sim::Process {
    for (int i = 0; i < 4; ++i) {
      into.arrive(Batch{.to = &socket, .protocol = Protocol::udp, .payload = sim::Bytes{18}});
      co_await of.delay(ns(900));
    }
  };
  engine.spawn(feed(engine, queue, to));
  engine.run();
  // Interrupt to 2 us; three packets at once, 3 us; the fourth came meanwhile.
  CHECK(to.at == std::vector<double>{5, 5, 5, 6});
  CHECK(queue.moderation().interrupts() == 1);
}

TEST_CASE("an impossible ring is refused") {
  sim::Engine engine;
  OwnCpu softirq{engine};
  Deliver up{engine};
  ReceiveConfig config = free_config();
  config.descriptors = 0;
  CHECK_THROWS_WITH((ReceiveQueue{engine, config, softirq, up}), "rx_ring = 0, needs at least 1");
}

namespace {

// A softirq that notes when it becomes a thread, and is one again.
struct Giving : OwnCpu {
  explicit Giving(sim::Engine& engine) : OwnCpu{engine} {}
  bool defer() override {
    at.push_back(in_us(engine().now()));
    return true;
  }
  std::vector<double> at;
};

// One whose CPU has a reader with 150 us of work for each of its turns.
struct Contended : Giving {
  explicit Contended(sim::Engine& engine) : Giving{engine} {}
  bool defer() override {
    in_turn = true;
    return Giving::defer();
  }
  sim::Task<> work(sim::Duration cpu_time) override {
    if (std::exchange(in_turn, false)) co_await engine().delay(sim::Duration{150'000'000});
    co_await OwnCpu::work(cpu_time);
  }
  bool in_turn = false;
};

// A microsecond for each packet.
ReceiveConfig slow_config() {
  ReceiveConfig config = free_config();
  config.descriptors = 1'024;
  config.costs.receive.per_buffer = sim::Cycles{1'000};
  return config;
}

}  // namespace

TEST_CASE("as a thread it lets others run for as long as it has") {
  sim::Engine engine;
  Contended softirq{engine};
  Deliver up{engine};
  Note to{engine};
  ReceiveQueue queue{engine, slow_config(), softirq, up};
  for (int i = 0; i < 400; ++i) queue.arrive(Batch{.to = &to});
  engine.run();
  // It has run for 320 us: three turns of 150, the first after a switch, the others a look each.
  REQUIRE(softirq.at.size() == 3);
  CHECK(softirq.at[1] == Approx(471));
  CHECK(softirq.at[2] == Approx(621.001));
}

TEST_CASE("a softirq goes on as a thread after every 300 packets that it has without a pause") {
  sim::Engine engine;
  Giving softirq{engine};
  Deliver up{engine};
  Note to{engine};
  ReceiveQueue queue{engine, slow_config(), softirq, up};
  for (int i = 0; i < 700; ++i) queue.arrive(Batch{.to = &to});
  engine.run();
  // Rounds of 64, so after 320; its turn takes a microsecond.
  CHECK(softirq.at == std::vector<double>{320, 641});
  engine.run_until(engine.now() + sim::Duration{1'000'000});  // it has returned
  for (int i = 0; i < 300; ++i) queue.arrive(Batch{.to = &to});
  engine.run();
  CHECK(softirq.at.size() == 2);
}

// A packet each 1.2 us that takes 1 us: the ring is empty after each, but not for as long as the
// way back from the softirq takes; each 2 us it is.
TEST_CASE(
    "a softirq that is raised anew before it has returned goes on as a thread at the tenth time") {
  const auto turns = [](sim::Duration apart) {
    sim::Engine engine;
    Giving softirq{engine};
    Deliver up{engine};
    Note to{engine};
    ReceiveQueue queue{engine, slow_config(), softirq, up};
    for (int i = 0; i < 35; ++i) {
      queue.arrive(Batch{.to = &to});
      engine.run_until(engine.now() + apart);
    }
    engine.run();
    return softirq.at.size();
  };
  CHECK(turns(sim::Duration{1'200'000}) == 2);  // the turn itself lets packets gather
  CHECK(turns(sim::Duration{2'000'000}) == 0);
}
