#include "models/network/batch.hpp"

#include <catch2/catch.hpp>

using namespace models::network;

namespace {

double goodput(sim::Bytes mtu) {
  const Batch packet{.payload = mtu - kTcpHeaders};
  return packet.payload / on_wire(packet);
}

}  // namespace

TEST_CASE("TCP fills 941 of 1000 Mbit/s at 1500 bytes, 990 with jumbo frames") {
  CHECK(goodput(kEthernetMtu) * 1000.0 == Approx(1448.0 / 1538.0 * 1000.0));
  CHECK(goodput(kEthernetMtu) * 1000.0 == Approx(941.5).margin(0.1));
  CHECK(goodput(sim::Bytes{9'000}) * 1000.0 == Approx(990.0).margin(0.1));
}

TEST_CASE("a burst of 64 KiB is 46 packets at 1500 bytes and 8 with jumbo frames") {
  CHECK(packets_of(kLargestBurst, Protocol::tcp, kEthernetMtu) == 46);  // 65536 / 1448
  CHECK(packets_of(kLargestBurst, Protocol::tcp, sim::Bytes{9'000}) == 8);
  CHECK(packets_of(sim::Bytes{0}, Protocol::tcp, kEthernetMtu) == 1);
}

TEST_CASE("a small packet takes 84 bytes of the wire, so 10 Gbit/s carry 14.88 million a second") {
  const Batch datagram{.protocol = Protocol::udp, .payload = sim::Bytes{18}};
  CHECK(on_wire(datagram) == sim::Bytes{84});
  CHECK(1.25e9 / 84.0 == Approx(14.88e6).epsilon(1e-3));
  CHECK(on_wire(Batch{.protocol = Protocol::udp, .payload = sim::Bytes{1}}) == sim::Bytes{84});
  CHECK(on_wire(Batch{.protocol = Protocol::udp, .packets = 10, .payload = sim::Bytes{180}}) ==
        sim::Bytes{840});
}

TEST_CASE("a batch is cut by packets, and nothing is lost on the way") {
  Batch rest{.packets = 10, .buffers = 10, .payload = sim::Bytes{14'480}};
  const Batch first = split(rest, 3);
  CHECK(first.packets == 3);
  CHECK(first.payload == sim::Bytes{4'344});
  CHECK(rest.packets == 7);
  CHECK(rest.payload == sim::Bytes{10'136});
  CHECK(first.buffers + rest.buffers == 10);
}
