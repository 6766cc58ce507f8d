// A unit of a flash array behind Fibre Channel.
//
// A request is cut into commands of at most `max_transfer`, which run side by side:
//   read   way to the array -> array (its latency, then staging) -> link
//   write  way to the array -> link -> array (its latency, then staging)
// Links send one command's data after another, in each direction. With multipath "failover" one
// link carries all and the others stand by; "round-robin" takes turns command by command.
//
// Models  links as FIFO servers a direction, HBA queue depth, so many commands at once in the
//         array, which answers from its memory or flash at a fixed latency.
// Omits   the switch's own queues, frames and buffer credits (in the rates), path failures, the
//         array's garbage collection.
// Checked tests/models/storage/device/lun_test.cpp.
#pragma once

#include <cstdint>
#include <deque>

#include "models/storage/device/drive.hpp"
#include "models/storage/places.hpp"
#include "sim/server.hpp"

namespace models::storage::device {

enum class Multipath { failover, round_robin };

struct LunConfig {
  int links = 2;
  Multipath multipath = Multipath::failover;
  // 8GFC: 8.5 GBd, 8b/10b, 2112 of 2172 B of a frame with its gap: 850 MB/s x 0.9724.
  sim::BytesPerSecond link_read_rate{826.5e6};
  sim::BytesPerSecond link_write_rate{826.5e6};  // less what waits for transfer-ready take
  sim::Bytes max_transfer{512 << 10};
  sim::Duration path_latency{100'000'000};  // HBA, switch and controller ports, there and back
  sim::Duration read_latency{100'000'000};  // of the array
  sim::Duration write_latency{100'000'000};
  sim::BytesPerSecond staging_rate{1e9};  // of one command between flash and the port's memory
  int queue_depth = 32;                   // commands of the unit at the HBA
  int parallel = 128;                     // commands at work in the array
};

class Lun final : public Drive {
 public:
  Lun(sim::Engine& engine, const LunConfig& config, sim::Bytes capacity);

  sim::Engine& engine() override { return engine_; }
  sim::Bytes capacity() const override { return capacity_; }
  sim::Task<> serve(Request request) override;

 private:
  struct Link {
    explicit Link(sim::Engine& engine) : reads{engine}, writes{engine} {}
    sim::Server reads;
    sim::Server writes;
  };
  sim::Task<> command(Operation operation, sim::Bytes size);
  Link& next_link();

  sim::Engine& engine_;
  LunConfig config_;
  sim::Bytes capacity_;
  Places places_;
  sim::Server array_;
  std::deque<Link> links_;
  std::size_t turn_ = 0;
};

}  // namespace models::storage::device
