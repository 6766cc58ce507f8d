// Where data lie on a disk's platters, and how long it takes to get there.
//
// Data lie on one spiral from the outer edge inwards, cut into zones of equally many tracks. A
// zone's track holds rate x rotation bytes, so that reading on costs no rotation. Time is the
// angle: the head is over angle `now mod rotation`.
//   seek(d) = t1 + (t_avg - t1) * sqrt(3 d)                      up to a third of the stroke
//           = t_avg + (t_full - t_avg) * (d - 1/3) / (2/3)       beyond
//
// Models  short seeks by square root, long ones linear; zones; angle from time.
// Omits   heads: changing one is part of the sustained rate; spare sectors; spindle tolerance.
// Source  Ruemmler, Wilkes: An introduction to disk drive modeling (IEEE Computer 1994).
// Checked tests/models/storage/device/platter_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/units.hpp"

namespace models::storage::device {

struct PlatterConfig {
  int rpm = 7200;
  sim::Duration track_to_track{1'000'000'000};  // 1 ms
  sim::Duration average_seek{8'500'000'000};    // of a third of the stroke, 8.5 ms
  sim::Duration full_stroke{17'000'000'000};
  sim::BytesPerSecond outer_rate{200e6};  // sustained
  sim::BytesPerSecond inner_rate{100e6};
  int zones = 16;
};

class Platter {
 public:
  struct Place {
    std::int64_t track = 0;
    sim::Duration angle{};  // since the index mark passed, below rotation()
  };

  Platter(const PlatterConfig& config, sim::Bytes capacity);

  sim::Duration rotation() const { return rotation_; }
  Place place(sim::Bytes offset) const;
  sim::Duration seek(const Place& from, const Place& to) const;
  // How long until the angle comes under the head.
  sim::Duration until(sim::Instant now, sim::Duration angle) const;
  // Passing under the head, at the rate of the zone where it begins.
  sim::Duration transfer(sim::Bytes offset, sim::Bytes size) const;
  sim::Bytes passed(sim::Bytes offset, sim::Duration time) const;

 private:
  struct Zone {
    std::int64_t begin;  // B
    std::int64_t track_bytes;
  };
  const Zone& zone(sim::Bytes offset) const;

  PlatterConfig config_;
  sim::Duration rotation_;
  std::int64_t tracks_per_zone_ = 0;
  std::vector<Zone> zones_;
};

}  // namespace models::storage::device
