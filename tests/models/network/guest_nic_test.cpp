#include "models/network/guest_nic.hpp"

#include <catch2/catch.hpp>

#include "sim/error.hpp"
#include "tests/models/network/machine.hpp"
#include "tests/models/network/two_sockets.hpp"

using namespace models::network;

namespace {

// Round figures at 1 GHz: a cycle is a nanosecond.
BackendCosts round_costs() {
  BackendCosts costs;
  costs.guest_send = {.per_buffer = sim::Cycles{1'000}, .per_packet = {}, .per_KiB = {}};
  costs.guest_driver = kFreeDriver;
  costs.kick = sim::Cycles{2'000};
  costs.wake = {};
  costs.inject = sim::Cycles{3'000};
  costs.end_of_interrupt = sim::Cycles{1'000};
  costs.signal = sim::Cycles{500};
  costs.call_qemu = sim::Cycles{10'000};
  costs.tap = {.per_buffer = sim::Cycles{500}, .per_packet = {}, .per_KiB = {}};
  costs.vhost_send = {
      .per_buffer = sim::Cycles{5'000}, .per_packet = {}, .per_KiB = sim::Cycles{1'000}};
  costs.vhost_receive = {.per_buffer = sim::Cycles{5'000}, .per_packet = {}, .per_KiB = {}};
  costs.zero_copy = sim::Cycles{2'000};
  costs.qemu_receive = {.per_buffer = sim::Cycles{4'000}, .per_packet = {}, .per_KiB = {}};
  costs.emulated = {.per_buffer = {}, .per_packet = sim::Cycles{6'000}, .per_KiB = {}};
  return costs;
}

struct Guest {
  explicit Guest(GuestNicModel model, int tap_queue = 1'000, bool zero_copy = false)
      : guest_side{engine},
        host_side{engine},
        vcpu{engine},
        backend{engine},
        softirq{engine},
        big_lock{engine},
        nic{engine,
            {.name = "net0",
             .model = model,
             .tap_queue = tap_queue,
             .zero_copy = zero_copy,
             .costs = round_costs(),
             .clock = sim::Hertz{1e9}},
            {{&vcpu, &backend}},
            guest_side,
            host_side,
            big_lock} {}
  sim::Engine engine;
  Deliver guest_side, host_side;
  GuestCpu vcpu;
  OwnCpu backend, softirq;
  sim::Server big_lock;
  GuestNic nic;
};

}  // namespace

TEST_CASE("a guest kicks a backend that sleeps, and not one that works") {
  Guest guest{GuestNicModel::vhost};
  Note to{guest.engine, 1};
  guest.engine.run();
  for (int i = 0; i < 3; ++i) {
    guest.engine.spawn(hand_over(guest.engine, guest.nic, Batch{.to = &to}, guest.vcpu));
  }
  guest.engine.run();
  // Driver 1 us each, the first one's kick behind them: 3 + 2; then 5 us each.
  CHECK(to.at == std::vector<double>{10, 15, 20});
  CHECK(guest.nic.kicks() == 1);
  CHECK(guest.vcpu.exits == 1);
  CHECK(guest.vcpu.busy() == us(5));
  CHECK(guest.backend.busy() == us(15));
}

TEST_CASE("zero-copy transmit costs a burst no bytes") {
  const Batch burst{.packets = 46, .payload = kLargestBurst};
  const auto busy = [&](bool zero_copy) {
    Guest guest{GuestNicModel::vhost, 1'000, zero_copy};
    Note to{guest.engine, 1};
    Batch batch = burst;
    batch.to = &to;
    guest.engine.spawn(hand_over(guest.engine, guest.nic, batch, guest.vcpu));
    guest.engine.run();
    return guest.backend.busy();
  };
  CHECK(busy(false) == us(5 + 64));
  CHECK(busy(true) == us(5 + 2));
}

TEST_CASE("what comes in takes the tap, the backend and the guest's interrupt in turn") {
  Guest guest{GuestNicModel::vhost};
  Note to{guest.engine, 7};
  guest.engine.spawn(hand_over(guest.engine, guest.nic.tap(), Batch{.to = &to}, guest.softirq));
  guest.engine.run();
  // Tap 0.5, vhost 5, signal 0.5, exits 4.
  CHECK(to.at == std::vector<double>{10});
  CHECK(guest.nic.interrupts() == 1);
}

TEST_CASE("a tap's full queue drops") {
  Guest guest{GuestNicModel::vhost, 2};
  Note to{guest.engine, 7}, from{guest.engine, 1};
  for (int i = 0; i < 6; ++i) {
    guest.engine.spawn(hand_over(guest.engine, guest.nic.tap(),
                                 Batch{.from = &from, .to = &to, .protocol = Protocol::udp},
                                 guest.softirq));
  }
  guest.engine.run();
  // All come within 3 us, the backend takes 5 for the first.
  CHECK(to.batches.size() == 2);
  CHECK(from.lost_packets == 4);
  CHECK(guest.nic.received().dropped == 4);
}

TEST_CASE("an emulated device exits to QEMU for each burst and works packet by packet") {
  Guest guest{GuestNicModel::e1000};
  Note to{guest.engine, 1};
  const Batch burst{.to = &to, .packets = 46, .payload = kLargestBurst};
  guest.engine.spawn(hand_over(guest.engine, guest.nic, burst, guest.vcpu));
  guest.engine.run();
  CHECK(guest.vcpu.busy() == us(1 + 10 + 46 * 6));  // driver, exit, packets
  CHECK(guest.backend.busy() == us(0));
  CHECK(to.batches.at(0).buffers == 46);
}

TEST_CASE("vCPUs take turns in an emulated device") {
  Guest guest{GuestNicModel::e1000};
  GuestCpu other{guest.engine};
  Note to{guest.engine, 2};
  guest.engine.spawn(hand_over(guest.engine, guest.nic, Batch{.to = &to}, guest.vcpu));
  guest.engine.spawn(hand_over(guest.engine, guest.nic, Batch{.to = &to}, other));
  guest.engine.run();
  CHECK(to.at == std::vector<double>{17, 34});  // driver, exit, packet
}

TEST_CASE("rtl8139 exits four times for each packet that it sends, and is interrupted after it") {
  Guest guest{GuestNicModel::rtl8139};
  Note to{guest.engine, 1};
  const Batch packets{.to = &to, .packets = 3, .buffers = 3, .payload = sim::Bytes{3 * 1'024}};
  guest.engine.spawn(hand_over(guest.engine, guest.nic, packets, guest.vcpu));
  guest.engine.run();
  // Driver, exits, copy, descriptor's words, interrupt and its end.
  CHECK(guest.vcpu.busy() == us(3 * (1 + 4 * 10 + 6 + 1 + 3 + 1)));
  CHECK(guest.nic.interrupts() == 3);
}

TEST_CASE("rtl8139's interrupt takes eight register accesses, and QEMU makes the frame's CRC") {
  Guest guest{GuestNicModel::rtl8139};
  Note to{guest.engine, 7};
  guest.engine.spawn(hand_over(guest.engine, guest.nic.tap(),
                               Batch{.to = &to, .payload = sim::Bytes{1'024}}, guest.softirq));
  guest.engine.run();
  CHECK(guest.vcpu.busy() == us(3 + 1 + 8 * 10));
  CHECK(guest.backend.busy() == ns(6'000 + 4'000 + 500 + 1'000 + 1'024));
  CHECK_FALSE(guest.nic.takes_bursts());
}

TEST_CASE("vhost copies more slowly from and to the other socket") {
  const auto topology = tests::sockets(2);
  const auto busy = [&](int cpu, bool in) {
    sim::Engine engine;
    Deliver guest_side{engine}, host_side{engine};
    OwnCpu vcpu{engine}, softirq{engine};
    CpuAt backend{engine, cpu};
    BuffersOn buffers{0};
    sim::Server big_lock{engine};
    GuestNic nic{engine,
                 {.name = "net0",
                  .model = GuestNicModel::vhost,
                  .costs = round_costs(),
                  .clock = sim::Hertz{1e9},
                  .distance = MemoryDistance{topology},
                  .buffers = &buffers},
                 {{&vcpu, &backend}},
                 guest_side,
                 host_side,
                 big_lock};
    Note to{engine, 7};
    Batch batch{.to = &to, .payload = sim::Bytes{1'024}};
    batch.where = {.memory = 0, .cache = 0};
    Port& side = in ? nic.tap() : static_cast<Port&>(nic);
    engine.spawn(hand_over(engine, side, batch, softirq));
    engine.run();
    CHECK(to.batches.at(0).where.cache == (cpu == kFirstCpu ? 0 : 1));
    CHECK(to.batches.at(0).where.memory == (in || cpu == kFirstCpu ? 0 : 1));
    return backend.busy();
  };
  // A header and a descriptor, 16 lines read, into the guest as many written.
  CHECK(busy(kSecondCpu, true) - busy(kFirstCpu, true) == ns(2 * 50 + 50 + 50));
  CHECK(busy(kSecondCpu, false) - busy(kFirstCpu, false) == ns(2 * 50 + 50));
}

TEST_CASE("an emulated interrupt takes register accesses that exit to QEMU") {
  Guest guest{GuestNicModel::e1000};
  Note to{guest.engine, 7};
  guest.engine.spawn(hand_over(guest.engine, guest.nic.tap(), Batch{.to = &to}, guest.softirq));
  guest.engine.run();
  CHECK(guest.vcpu.busy() == us(3 + 1 + 3 * 10));
  CHECK(guest.backend.busy() == ns(6'000 + 4'000 + 500));
}

TEST_CASE("impossible guest NICs are refused") {
  sim::Engine engine;
  Deliver side{engine};
  OwnCpu cpu{engine};
  sim::Server big_lock{engine};
  const auto make = [&](const GuestNicConfig& config) {
    GuestNic{engine, config, {{&cpu, &cpu}}, side, side, big_lock};
  };
  CHECK_THROWS_WITH(make({.name = "net0", .model = GuestNicModel::e1000, .zero_copy = true}),
                    "nic net0: zero_copy without vhost, which alone has it");
  CHECK_THROWS_WITH(make({.name = "net0", .queues = 4}), "nic net0: threads of 1 queues for 4");
}

TEST_CASE("an interrupt takes two exits, delivered virtually none") {
  const auto exits = [](bool virtually) {
    sim::Engine engine;
    Deliver guest_side{engine}, host_side{engine};
    GuestCpu vcpu{engine};
    OwnCpu backend{engine}, softirq{engine};
    sim::Server big_lock{engine};
    BackendCosts costs = round_costs();
    if (virtually) costs.end_of_interrupt = {};
    GuestNic nic{
        engine,
        {.name = "net0", .model = GuestNicModel::vhost, .costs = costs, .clock = sim::Hertz{1e9}},
        {{&vcpu, &backend}},
        guest_side,
        host_side,
        big_lock};
    Note to{engine, 7};
    engine.spawn(hand_over(engine, nic.tap(), Batch{.to = &to}, softirq));
    engine.run();
    REQUIRE(to.at.size() == 1);
    return vcpu.exits;
  };
  CHECK(exits(false) == 2);
  CHECK(exits(true) == 0);
}
