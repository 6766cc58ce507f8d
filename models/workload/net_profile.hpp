// What a guest does on the network: streams, requests and responses, datagrams.
//
// Source  netperf(1): TCP_STREAM, TCP_MAERTS, TCP_RR, UDP_STREAM; pktgen.
#pragma once

#include <string>

#include "sim/units.hpp"

namespace models::workload {

enum class Conversation {
  none,
  stream_out,     // TCP from the guest
  stream_in,      // TCP to the guest
  serve,          // clients ask, the guest answers
  ask,            // the guest asks, servers answer
  datagrams_in,   // UDP to the guest
  datagrams_out,  // UDP from the guest
};
// Who is at the other end: a machine on the wire, the host itself, or the next guest of the class.
enum class Partner { outside, host, guest };

struct NetProfile {
  Conversation conversation = Conversation::none;
  Partner partner = Partner::outside;
  std::string peer{};   // client, or class of VMs on whichever host; empty: as `partner` says
  int connections = 1;  // of a guest; connection i is on vCPU i mod vcpus
  sim::Bytes message{16 * 1'024};        // of each send() of a stream
  sim::Bytes window{4 * 1'024 * 1'024};  // of a stream
  bool file = false;      // what a stream sends is read from the VM's first disk, what it
                          // receives is written there, through the page cache
  sim::Cycles per_KiB{};  // of the guest's application, of a stream: cipher, checksums
  sim::Bytes request{1};
  sim::Bytes response{1};
  int round_trips = 1;             // of a transaction, one after the other
  sim::Cycles service{};           // of the server, a request, beside its system calls
  sim::Cycles held{};              // of that, with the lock that all its threads share
  sim::Duration client_service{};  // of a client, before each request
  sim::Duration think{};           // mean, exponential, of a client
  sim::Bytes datagram{18};         // 64-byte frames
  sim::Hertz rate{};               // of datagrams of a connection; zero: as fast as the sender can
  int at_once = 1;                 // datagrams that are simulated together
  bool in_kernel = false;          // datagrams come from pktgen, without system calls
  bool any() const { return conversation != Conversation::none; }
  bool stream() const {
    return conversation == Conversation::stream_out || conversation == Conversation::stream_in;
  }
  bool copies_file() const { return file && stream(); }
};

}  // namespace models::workload
