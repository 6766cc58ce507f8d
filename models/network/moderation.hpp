// Interrupt moderation: when a NIC that has packets interrupts a CPU.
//
//   none      at once
//   throttle  at once, but not within `gap` of the last one (Intel's ITR)
//   hold_off  `gap` after the first packet, or at `frames` packets (rx-usecs, rx-frames)
//   adaptive  throttle whose gap follows the traffic, as ixgbe's dynamic ITR does
//
// A line is masked from an interrupt until the driver has emptied its ring (NAPI).
//
// Source  ixgbe_update_itr [recall]: bytes a microsecond since the last interrupt above 10 leave
//         "lowest latency" (100,000 interrupts/s) for "low" (20,000), above 20 for "bulk" (8,000);
//         10 and below lead back. ethtool(8) for rx-usecs and rx-frames.
// Checked tests/models/network/moderation_test.cpp.
#pragma once

#include <cstdint>

#include "sim/engine.hpp"
#include "sim/event.hpp"
#include "sim/units.hpp"

namespace models::network {

enum class ModerationKind { none, throttle, hold_off, adaptive };

struct ModerationConfig {
  ModerationKind kind = ModerationKind::adaptive;
  sim::Duration gap{50'000'000};  // rx-usecs, 50 us; not read by adaptive
  int frames = 0;                 // rx-frames; 0: no limit
};

class Moderation {
 public:
  using Handler = void (*)(void*);
  // `handler(context)` is called at each interrupt. Throws sim::ConfigError on an impossible
  // config.
  Moderation(sim::Engine& engine, const ModerationConfig& config, Handler handler, void* context);
  Moderation(const Moderation&) = delete;
  Moderation& operator=(const Moderation&) = delete;

  void arrived(int packets, sim::Bytes bytes);
  // The driver is done; `packets` have come meanwhile and wait.
  void unmask(int packets);
  bool masked() const { return masked_; }
  sim::Duration gap() const;  // in force
  std::uint64_t interrupts() const { return interrupts_; }

 private:
  enum class Class { lowest, low, bulk };
  void consider();
  void fire();
  void adapt();

  sim::Engine& engine_;
  ModerationConfig config_;
  Handler handler_;
  void* context_;
  sim::Event event_;
  bool masked_ = false;
  int waiting_ = 0;  // packets
  sim::Instant first_{};
  sim::Instant last_{};  // interrupt
  bool ever_ = false;
  Class class_ = Class::lowest;
  std::int64_t bytes_ = 0;  // since the last interrupt
  std::uint64_t interrupts_ = 0;
};

}  // namespace models::network
