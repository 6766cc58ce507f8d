#include "models/network/switch.hpp"

#include <catch2/catch.hpp>

#include "sim/error.hpp"
#include "tests/models/network/machine.hpp"

using namespace models::network;

namespace {

sim::Duration forwarding(SwitchMode mode) {
  sim::Engine engine;
  OwnCpu cpu{engine};
  Deliver port{engine};
  Note to{engine, 1};
  Switch bridge{engine, mode, SwitchCosts{}, sim::Hertz{1e9}};
  bridge.attach(1, port);
  engine.spawn(hand_over(engine, bridge, Batch{.to = &to}, cpu));
  engine.run();
  REQUIRE(to.batches.size() == 1);
  return cpu.busy();
}

}  // namespace

TEST_CASE("routing adds to bridging, and translation to routing") {
  CHECK(forwarding(SwitchMode::bridge) == ns(1'100));
  CHECK(forwarding(SwitchMode::isolated) == ns(1'100));
  CHECK(forwarding(SwitchMode::routed) == ns(2'000));
  CHECK(forwarding(SwitchMode::nat) == ns(3'400));
}

TEST_CASE("what stays on one network is neither routed nor translated") {
  for (const SwitchMode mode : {SwitchMode::bridge, SwitchMode::routed, SwitchMode::nat}) {
    sim::Engine engine;
    OwnCpu cpu{engine};
    Deliver port{engine};
    Note from{engine, 1}, to{engine, 2};
    Switch network{engine, mode, SwitchCosts{}, sim::Hertz{1e9}};
    network.attach(1, port);
    network.attach(2, port);
    engine.spawn(hand_over(engine, network, Batch{.from = &from, .to = &to}, cpu));
    engine.run();
    CHECK(cpu.busy() == ns(1'100));
  }
}

TEST_CASE("a container's pair of devices costs on the way to it and from it") {
  sim::Engine engine;
  OwnCpu cpu{engine};
  Deliver port{engine};
  Note container{engine, 1}, outside{engine, 9};
  Switch bridge{engine, SwitchMode::bridge, SwitchCosts{}, sim::Hertz{1e9}};
  bridge.attach(1, port, {.per_buffer = sim::Cycles{500}, .per_packet = {}, .per_KiB = {}});
  bridge.set_uplink(port);
  engine.spawn(hand_over(engine, bridge, Batch{.from = &outside, .to = &container}, cpu));
  engine.run();
  CHECK(cpu.busy() == ns(1'600));
  engine.spawn(hand_over(engine, bridge, Batch{.from = &container, .to = &outside}, cpu));
  engine.run();
  CHECK(cpu.busy() == ns(3'200));
}

TEST_CASE("what is for nobody here goes to the uplink, which an isolated network has not") {
  sim::Engine engine;
  OwnCpu cpu{engine};
  Deliver port{engine};
  Note outside{engine, 9}, from{engine, 1};
  Switch isolated{engine, SwitchMode::isolated, SwitchCosts{}, sim::Hertz{1e9}};
  engine.spawn(hand_over(engine, isolated, Batch{.from = &from, .to = &outside}, cpu));
  engine.run();
  CHECK(isolated.traffic().dropped == 1);
  CHECK(from.lost_packets == 1);
  CHECK_THROWS_WITH(isolated.set_uplink(port), "an isolated network has no uplink");
  Switch bridge{engine, SwitchMode::bridge, SwitchCosts{}, sim::Hertz{1e9}};
  bridge.set_uplink(port);
  engine.spawn(hand_over(engine, bridge, Batch{.from = &from, .to = &outside}, cpu));
  engine.run();
  CHECK(outside.batches.size() == 1);
}
