#include "models/network/moderation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/error.hpp"

namespace models::network {
namespace {

// ixgbe_update_itr: bytes a microsecond.
constexpr double kLeaveLowest = 10.0;
constexpr double kLeaveLow = 20.0;

}  // namespace

Moderation::Moderation(sim::Engine& engine, const ModerationConfig& config, Handler handler,
                       void* context)
    : engine_{engine},
      config_{config},
      handler_{handler},
      context_{context},
      event_{sim::Event::calling<&Moderation::fire>(engine, *this)} {
  sim::Complaints complaints;
  complaints.need(config.gap >= sim::Duration::zero(),
                  "moderation.gap is negative, needs a time of 0 or more");
  complaints.need(config.frames >= 0,
                  fmt::format("moderation.frames = {}, needs 0 or more", config.frames));
  complaints.raise();
}

sim::Duration Moderation::gap() const {
  if (config_.kind == ModerationKind::none) return sim::Duration::zero();
  if (config_.kind != ModerationKind::adaptive) return config_.gap;
  switch (class_) {
    case Class::lowest:
      return sim::Duration{10'000'000};  // 100,000 interrupts/s
    case Class::low:
      return sim::Duration{50'000'000};  // 20,000
    case Class::bulk:
      break;
  }
  return sim::Duration{125'000'000};  // 8,000
}

void Moderation::arrived(int packets, sim::Bytes bytes) {
  if (waiting_ == 0) first_ = engine_.now();
  waiting_ += packets;
  bytes_ += bytes.count();
  consider();
}

void Moderation::unmask(int packets) {
  masked_ = false;
  waiting_ = packets;
  first_ = engine_.now();
  if (waiting_ > 0) consider();
}

void Moderation::consider() {
  if (masked_) return;
  sim::Instant due = engine_.now();
  if (config_.kind == ModerationKind::hold_off) {
    if (config_.frames == 0 || waiting_ < config_.frames) due = first_ + config_.gap;
  } else if (ever_) {
    due = std::max(due, last_ + gap());
  }
  event_.after(std::max(due - engine_.now(), sim::Duration::zero()));
}

void Moderation::fire() {
  if (masked_) return;
  masked_ = true;
  ++interrupts_;
  adapt();
  ever_ = true;
  last_ = engine_.now();
  waiting_ = 0;
  bytes_ = 0;
  handler_(context_);
}

void Moderation::adapt() {
  if (config_.kind != ModerationKind::adaptive || !ever_) return;
  const double passed_us = sim::seconds(engine_.now() - last_) * 1e6;
  if (passed_us <= 0) return;
  const double rate = static_cast<double>(bytes_) / passed_us;
  if (class_ == Class::lowest && rate > kLeaveLowest) {
    class_ = Class::low;
  } else if (class_ == Class::low && rate > kLeaveLow) {
    class_ = Class::bulk;
  } else if (class_ == Class::low && rate <= kLeaveLowest) {
    class_ = Class::lowest;
  } else if (class_ == Class::bulk && rate <= kLeaveLow) {
    class_ = Class::low;
  }
}

}  // namespace models::network
