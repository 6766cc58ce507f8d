// The unit of network traffic: packets of one flow that travel together, and their size on a wire.
//
// Models  payload, headers and Ethernet framing; segmentation by MTU; buffers, which are what a
//         stack handles one by one: a burst of 64 KiB that the NIC segments (TSO) or that the
//         receiver has merged (GRO) is one buffer of many packets.
// Omits   VLAN tags, IPv6, tunnels, fragments.
// Source  IEEE 802.3 clause 3; RFC 7323 (timestamps, which Linux uses by default).
// Checked tests/models/network/batch_test.cpp.
#pragma once

#include <algorithm>
#include <cstdint>

#include "sim/units.hpp"

namespace models::network {

class Socket;

enum class Protocol { tcp, udp };

// Where bytes lie, by NUMA node.
struct Where {
  int memory = -1;  // that they belong to; -1: of a machine whose nodes are not simulated
  int cache = -1;   // whose LLC has them; -1: none
};

struct Batch {
  Socket* from = nullptr;
  Socket* to = nullptr;
  Protocol protocol = Protocol::tcp;
  int packets = 1;  // frames on a wire
  int buffers = 1;  // aggregates that a stack handles
  sim::Bytes payload{};
  std::uint64_t tag = 0;  // the sender's own
  sim::Instant sent{};
  bool queued = false;  // its buffer counts against its sender's socket: see complete()
  Where where{};
};

inline constexpr sim::Bytes kFrame{38};           // preamble 8, MAC header 14, FCS 4, gap 12
inline constexpr sim::Bytes kLeastPacket{46};     // shorter ones are padded to a frame of 64 B
inline constexpr sim::Bytes kTcpHeaders{52};      // IPv4 20, TCP 20, timestamps 12
inline constexpr sim::Bytes kUdpHeaders{28};      // IPv4 20, UDP 8
inline constexpr sim::Bytes kEthernetMtu{1'500};  // 9,000: jumbo frames
inline constexpr sim::Bytes kLargestBurst{64 * 1'024};  // what TSO and GRO put together

constexpr sim::Bytes headers(Protocol protocol) {
  return protocol == Protocol::tcp ? kTcpHeaders : kUdpHeaders;
}

// Packets that a payload is cut into; an empty one (an acknowledgement) is a packet, too.
inline int packets_of(sim::Bytes payload, Protocol protocol, sim::Bytes mtu) {
  const std::int64_t segment = (mtu - headers(protocol)).count();
  return static_cast<int>(std::max<std::int64_t>(1, (payload.count() + segment - 1) / segment));
}

// What occupies the wire, gaps between frames included.
inline sim::Bytes on_wire(const Batch& batch) {
  const sim::Bytes whole = batch.payload + headers(batch.protocol) * batch.packets;
  return std::max(whole, kLeastPacket * batch.packets) + kFrame * batch.packets;
}

// What DMA moves: frames without preamble, FCS and gap.
inline sim::Bytes in_memory(const Batch& batch) {
  return batch.payload + (headers(batch.protocol) + sim::Bytes{14}) * batch.packets;
}

// The first `packets` of a batch; the rest stays in it. Requires 0 < packets < batch.packets.
inline Batch split(Batch& batch, int packets) {
  Batch first = batch;
  first.packets = packets;
  first.payload = sim::Bytes{batch.payload.count() * packets / batch.packets};
  first.buffers = std::max(
      1, static_cast<int>(static_cast<std::int64_t>(batch.buffers) * packets / batch.packets));
  batch.packets -= packets;
  batch.payload -= first.payload;
  batch.buffers = std::max(1, batch.buffers - first.buffers);
  return first;
}

}  // namespace models::network
