#include "models/network/nic.hpp"

#include <catch2/catch.hpp>

#include "sim/error.hpp"
#include "tests/models/network/machine.hpp"
#include "tests/models/network/two_sockets.hpp"

using namespace models::network;

namespace {

NicConfig free_nic() {
  return {.name = "eth0",
          .rate = sim::BytesPerSecond{1e9},
          .moderation = {.kind = ModerationKind::none},
          .latency = {},
          .driver = kFreeDriver,
          .clock = sim::Hertz{1e9}};
}

struct Pair {
  explicit Pair(const NicConfig& config)
      : up{engine}, cpu{engine}, a{engine, config, {&cpu}, up}, b{engine, config, {&cpu}, up} {
    a.connect(b, us(3));
    b.connect(a, us(3));
  }
  sim::Engine engine;
  Deliver up;
  OwnCpu cpu;
  Nic a, b;
};

const Batch kTenThousand{.packets = 1, .payload = sim::Bytes{10'000 - 52 - 38}};

}  // namespace

TEST_CASE("a batch takes its time on the wire, then the cable's latency") {
  Pair pair{free_nic()};
  Note to{pair.engine};
  Batch batch = kTenThousand;
  batch.to = &to;
  pair.engine.spawn(hand_over(pair.engine, pair.a, batch, pair.cpu));
  pair.engine.spawn(hand_over(pair.engine, pair.a, batch, pair.cpu));
  pair.engine.run();
  CHECK(to.at == std::vector<double>{13, 23});  // 10 us each at 1 GB/s, 3 us
  CHECK(pair.a.sent().packets == 2);
  CHECK(pair.b.received().packets == 2);
}

TEST_CASE("a full transmit ring stops its senders") {
  NicConfig config = free_nic();
  config.tx_ring = 1;
  Pair pair{config};
  Note to{pair.engine};
  Batch batch = kTenThousand;
  batch.to = &to;
  std::vector<double> done;
  for (int i = 0; i < 8; ++i) {
    pair.engine.spawn(hand_over(pair.engine, pair.a, batch, pair.cpu, &done));
  }
  pair.engine.run();
  // Four are fetched and one waits in the ring; from then on one goes each 10 us.
  REQUIRE(done.size() == 8);
  CHECK(done[4] == 0.0);
  CHECK(done[5] == 10.0);
  CHECK(done[6] == 20.0);
  CHECK(done[7] == 30.0);
}

TEST_CASE("without TSO the driver cuts bursts, packet by packet") {
  NicConfig config = free_nic();
  config.driver.transmit.per_buffer = sim::Cycles{700};
  config.driver.segment = sim::Cycles{600};
  const auto busy = [&](bool tso) {
    config.tso = tso;
    Pair pair{config};
    Note to{pair.engine};
    const Batch burst{.to = &to, .packets = 46, .payload = kLargestBurst};
    pair.engine.spawn(hand_over(pair.engine, pair.a, burst, pair.cpu));
    pair.engine.run();
    return pair.cpu.busy();
  };
  CHECK(busy(true) == ns(700));
  CHECK(busy(false) == ns(700 + 46 * 600));
}

TEST_CASE("a virtual function takes what is for its guest, at the guest's own CPU") {
  NicConfig config = free_nic();
  config.functions = 2;
  Pair pair{config};
  GuestCpu vcpu{pair.engine};
  Note guest{pair.engine, 7}, outside{pair.engine, 1};
  Port& function = pair.a.add_function(7, {&vcpu}, pair.up, sim::Cycles{5'000});
  Batch batch = kTenThousand;
  batch.to = &guest;
  pair.engine.spawn(hand_over(pair.engine, pair.b, batch, pair.cpu));
  pair.engine.run();
  CHECK(guest.at == std::vector<double>{18});  // 10 us wire, 3 us cable, 5 us of exits
  CHECK(vcpu.busy() == us(5));
  CHECK(vcpu.exits == 3);
  batch.to = &outside;
  pair.engine.spawn(hand_over(pair.engine, function, batch, vcpu));
  pair.engine.run();
  CHECK(outside.at == std::vector<double>{31});
}

TEST_CASE("a virtual function of two queues interrupts two of its guest's CPUs") {
  NicConfig config = free_nic();
  config.functions = 1;
  Pair pair{config};
  GuestCpu first{pair.engine}, second{pair.engine};
  Note one{pair.engine, 7, 0}, other{pair.engine, 7, 1};
  pair.a.add_function(7, {&first, &second}, pair.up, sim::Cycles{5'000});
  Batch batch = kTenThousand;
  for (Note* to : {&one, &other}) {
    batch.to = to;
    pair.engine.spawn(hand_over(pair.engine, pair.b, batch, pair.cpu));
    pair.engine.run();
  }
  CHECK(first.busy() == us(5));
  CHECK(second.busy() == us(5));
  CHECK(pair.a.interrupts() == 2);
}

TEST_CASE("functions of one NIC reach each other without the wire") {
  NicConfig config = free_nic();
  config.functions = 2;
  Pair pair{config};
  OwnCpu first{pair.engine}, second{pair.engine};
  Note guest{pair.engine, 8};
  Port& from = pair.a.add_function(7, {&first}, pair.up, {});
  pair.a.add_function(8, {&second}, pair.up, {});
  Batch batch = kTenThousand;
  batch.to = &guest;
  pair.engine.spawn(hand_over(pair.engine, from, batch, first));
  pair.engine.run();
  CHECK(guest.at == std::vector<double>{0});
  CHECK(pair.a.sent().packets == 0);
}

TEST_CASE("a function and its host's own stations reach each other without the wire") {
  NicConfig config = free_nic();
  config.functions = 1;
  Pair pair{config};
  OwnCpu vcpu{pair.engine};
  Note guest{pair.engine, 7}, bridged{pair.engine, 8};
  Port& function = pair.a.add_function(7, {&vcpu}, pair.up, {});
  pair.a.add_own(8);
  Batch batch = kTenThousand;
  batch.to = &bridged;
  pair.engine.spawn(hand_over(pair.engine, function, batch, vcpu));
  batch.to = &guest;
  pair.engine.spawn(hand_over(pair.engine, pair.a, batch, pair.cpu));
  pair.engine.run();
  CHECK(bridged.at == std::vector<double>{0});
  CHECK(guest.at == std::vector<double>{0});
  CHECK(pair.a.sent().packets == 0);
}

TEST_CASE("queues of a NIC have the wire in turn") {
  NicConfig config = free_nic();
  config.queues = 2;
  sim::Engine engine;
  Deliver up{engine};
  OwnCpu cpu{engine};
  Nic a{engine, config, {&cpu, &cpu}, up}, b{engine, config, {&cpu, &cpu}, up};
  a.connect(b, us(3));
  Note one{engine, 0, 0}, other{engine, 0, 1};
  for (Note* to : {&one, &other}) {
    for (int i = 0; i < 20; ++i) {
      Batch batch = kTenThousand;
      batch.to = to;
      engine.spawn(hand_over(engine, a, batch, cpu));
    }
  }
  // Twenty packets and the cable: what the first queue had fetched alone, then one each.
  engine.run_until(sim::kStart + us(205));
  REQUIRE(one.at.size() + other.at.size() == 20);
  CHECK(other.at.size() >= 8);
}

TEST_CASE("a buffer is free once the wire has had it, and its socket is told once") {
  struct Sender : Note {
    using Note::Note;
    void completed(const Batch&) override { freed_at.push_back(in_us(engine().now())); }
    std::vector<double> freed_at;
  };
  Pair pair{free_nic()};
  Sender from{pair.engine};
  Note to{pair.engine};
  Batch batch = kTenThousand;
  batch.from = &from;
  batch.to = &to;
  batch.queued = true;
  pair.engine.spawn(hand_over(pair.engine, pair.a, batch, pair.cpu));
  pair.engine.spawn(hand_over(pair.engine, pair.a, batch, pair.cpu));
  pair.engine.run();
  CHECK(from.freed_at == std::vector<double>{10, 20});
  CHECK(to.batches.size() == 2);
}

TEST_CASE("an impossible NIC is refused, all reasons at once") {
  sim::Engine engine;
  Deliver up{engine};
  OwnCpu cpu{engine};
  NicConfig config = free_nic();
  config.queues = 2;
  config.mtu = sim::Bytes{100};
  CHECK_THROWS_WITH((Nic{engine, config, {&cpu}, up}),
                    "nic eth0: mtu = 100, needs 576 to 9216\n"
                    "nic eth0: 1 softirq threads for 2 queues");
  Pair pair{free_nic()};
  CHECK_THROWS_WITH(pair.a.add_function(7, {&pair.cpu}, pair.up, {}),
                    "nic eth0: 0 virtual functions, one more is asked for");
}

namespace {

// Node 1 is 100 ns away.
struct FarMemory : Dma {
  explicit FarMemory(sim::Engine& of) : engine_{of} {}
  sim::Engine& engine() { return engine_; }
  sim::Task<> read(sim::Bytes, int node) override {
    read_from.push_back(node);
    co_return;
  }
  sim::Task<> write(sim::Bytes, int node) override {
    written_to.push_back(node);
    co_return;
  }
  sim::Duration crossing(int node) const override { return ns(node == 1 ? 100 : 0); }
  sim::Engine& engine_;
  std::vector<int> read_from, written_to;
};

}  // namespace

TEST_CASE("a NIC reads and writes where packets lie, a function the memory of its guest") {
  const auto topology = tests::sockets(2);
  sim::Engine engine;
  Deliver up{engine};
  OwnCpu cpu{engine};
  FarMemory memory{engine};
  BuffersOn guests{1};
  NicConfig config = free_nic();
  Nic b{engine, config, {&cpu}, up};
  config.functions = 1;
  config.node = config.buffers = 0;
  config.distance = MemoryDistance{topology};
  Nic a{engine, config, {&cpu}, up, &memory};
  Port& function = a.add_function(7, {&cpu}, up, {}, &guests);
  a.connect(b, us(3));
  b.connect(a, us(3));
  Note far{engine}, own{engine}, guest{engine, 7};
  Batch batch = kTenThousand;
  batch.where = {.memory = 1};
  batch.to = &far;
  engine.spawn(hand_over(engine, function, batch, cpu));
  for (Note* to : {&own, &guest}) {
    batch.to = to;
    engine.spawn(hand_over(engine, b, batch, cpu));
  }
  engine.run();
  // 10 us of wire and 3 of cable. Out: five crossings; in: one.
  CHECK(far.at == std::vector<double>{13.5});
  CHECK(own.at == std::vector<double>{13});
  REQUIRE(guest.at.size() == 1);
  CHECK(guest.at.front() == Approx(23.1));
  CHECK(memory.read_from == std::vector<int>{1});
  CHECK(memory.written_to == std::vector<int>{0, 1});
  CHECK(own.batches.at(0).where.cache == 0);
  CHECK(guest.batches.at(0).where.memory == 1);
  CHECK(guest.batches.at(0).where.cache == -1);
}
