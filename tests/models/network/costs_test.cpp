#include "models/network/costs.hpp"

#include <catch2/catch.hpp>

using namespace models::network;

TEST_CASE("a cost counts buffers, packets and bytes apart") {
  const Cost cost{
      .per_buffer = sim::Cycles{1'000}, .per_packet = sim::Cycles{10}, .per_KiB = sim::Cycles{300}};
  const Batch burst{.packets = 46, .buffers = 1, .payload = kLargestBurst};
  CHECK(cycles(cost, burst) == sim::Cycles{1'000 + 460 + 64 * 300});
  const Batch packets{.packets = 46, .buffers = 46, .payload = kLargestBurst};
  CHECK(cycles(cost, packets) == sim::Cycles{46'000 + 460 + 64 * 300});
}

// Emmerich et al. 2014: one core of 3.3 GHz forwards 1.11 million small packets a second through
// a Linux bridge.
TEST_CASE("a bridge with both drivers takes 2,900 cycles a packet") {
  const Batch packet{.protocol = Protocol::udp, .payload = sim::Bytes{18}};
  const auto all = cycles(DriverCosts{}.receive, packet) + cycles(SwitchCosts{}.bridge, packet) +
                   cycles(DriverCosts{}.transmit, packet);
  CHECK(3.3e9 / static_cast<double>(all.count()) == Approx(1.11e6).epsilon(0.05));
}
