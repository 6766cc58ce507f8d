#include "models/storage/device/platter.hpp"

#include <cmath>
#include <cstdlib>

#include "sim/error.hpp"

namespace models::storage::device {
namespace {

constexpr std::int64_t kMinute = 60'000'000'000'000;  // ps
constexpr double kThird = 1.0 / 3.0;
// What has just gone by is still caught: rounding of times and angles, far below a sector's time.
constexpr sim::Duration kTolerance{100'000};  // 100 ns

}  // namespace

Platter::Platter(const PlatterConfig& config, sim::Bytes capacity) : config_{config} {
  sim::Complaints complaints;
  complaints.need(config.rpm >= 1, "a disk that does not turn, needs rpm");
  complaints.need(config.zones >= 1, "a disk without zones, needs at least 1");
  complaints.need(config.inner_rate.count() > 0 && config.outer_rate >= config.inner_rate,
                  "a disk's outer_rate below its inner_rate, needs outer >= inner > 0");
  complaints.need(config.track_to_track <= config.average_seek &&
                      config.average_seek <= config.full_stroke &&
                      config.track_to_track >= sim::Duration::zero(),
                  "seeks that shorten with distance, needs track_to_track <= average_seek <= "
                  "full_stroke");
  complaints.raise();
  rotation_ = sim::Duration{kMinute / config.rpm};
  double all = 0;
  for (int z = 0; z < config.zones; ++z) {
    const double share = config.zones == 1 ? 0.0 : z / (config.zones - 1.0);
    const auto rate =
        sim::BytesPerSecond{std::lerp(config.outer_rate.count(), config.inner_rate.count(), share)};
    const std::int64_t bytes = std::max<std::int64_t>((rate * rotation_).count(), 512);
    zones_.push_back({0, bytes});
    all += static_cast<double>(bytes);
  }
  tracks_per_zone_ = static_cast<std::int64_t>(static_cast<double>(capacity.count()) / all) + 1;
  std::int64_t begin = 0;
  for (Zone& each : zones_) {
    each.begin = begin;
    begin += each.track_bytes * tracks_per_zone_;
  }
}

const Platter::Zone& Platter::zone(sim::Bytes offset) const {
  std::size_t z = 0;
  while (z + 1 < zones_.size() && zones_[z + 1].begin <= offset.count()) ++z;
  return zones_[z];
}

Platter::Place Platter::place(sim::Bytes offset) const {
  const Zone& in = zone(offset);
  const std::int64_t within = offset.count() - in.begin;
  const double turn =
      static_cast<double>(within % in.track_bytes) / static_cast<double>(in.track_bytes);
  return {(&in - zones_.data()) * tracks_per_zone_ + within / in.track_bytes,
          sim::Duration{static_cast<std::int64_t>(
              std::llround(turn * static_cast<double>(rotation_.count())))}};
}

sim::Duration Platter::seek(const Place& from, const Place& to) const {
  const std::int64_t tracks = std::abs(to.track - from.track);
  if (tracks == 0) return sim::Duration::zero();
  const double all = static_cast<double>(tracks_per_zone_) * static_cast<double>(zones_.size());
  const double d = static_cast<double>(tracks) / all;
  const double least = sim::seconds(config_.track_to_track);
  const double average = sim::seconds(config_.average_seek);
  if (d <= kThird) return sim::from_seconds(least + (average - least) * std::sqrt(3 * d));
  const double full = sim::seconds(config_.full_stroke);
  return sim::from_seconds(average + (full - average) * (d - kThird) / (1 - kThird));
}

sim::Duration Platter::until(sim::Instant now, sim::Duration angle) const {
  const std::int64_t over = now.time_since_epoch().count() % rotation_.count();
  std::int64_t wait = angle.count() - over;
  if (wait < 0) wait += rotation_.count();
  const bool just_gone = wait > rotation_.count() - kTolerance.count();
  return just_gone ? sim::Duration::zero() : sim::Duration{wait};
}

sim::Duration Platter::transfer(sim::Bytes offset, sim::Bytes size) const {
  return sim::Duration{
      std::llround(static_cast<double>(size.count()) * static_cast<double>(rotation_.count()) /
                   static_cast<double>(zone(offset).track_bytes))};
}

sim::Bytes Platter::passed(sim::Bytes offset, sim::Duration time) const {
  return sim::Bytes{static_cast<std::int64_t>(static_cast<double>(time.count()) *
                                              static_cast<double>(zone(offset).track_bytes) /
                                              static_cast<double>(rotation_.count()))};
}

}  // namespace models::storage::device
