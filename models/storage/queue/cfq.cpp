#include "models/storage/queue/cfq.hpp"

#include <limits>

namespace models::storage::queue {
namespace {

constexpr int kAsynchronous = -1;
constexpr double kStandardWeight = 500;  // legacy hierarchy, semantics.md 8
// cfq_prio_to_maxrq: 2 x slice_async_rq x (8 - priority 4).
constexpr int kAsyncFactor = 8;

}  // namespace

Cfq::Stream& Cfq::stream_of(bool synchronous, int id) {
  Stream*& known = synchronous ? by_id_[id] : asynchronous_;
  if (known == nullptr) {
    known = &streams_.emplace_back();
    known->id = synchronous ? id : kAsynchronous;
    known->synchronous = synchronous;
  }
  return *known;
}

bool Cfq::may_merge(const Item& item, const Request& request) const {
  return !item.synchronous || item.stream == request.stream;
}

void Cfq::add(Item& item) {
  Stream& stream = stream_of(item.synchronous, item.stream);
  stream.items.add(item);
  if (item.synchronous)
    stream.habits.arrived(item.arrived, item.offset, item.end(), tunables_.slice_idle * 2);
  if (&stream == active_) {
    idle_until_ = sim::kNever;
    return;
  }
  if (stream.in_turn) return;
  stream.in_turn = true;
  if (active_ != nullptr && item.synchronous && !active_->synchronous) {
    turns_.push_front(&stream);  // cfq_preempt_queue
    expire();
  } else {
    turns_.push_back(&stream);
  }
}

void Cfq::activate(Stream& stream) {
  stream.in_turn = false;
  active_ = &stream;
  slice_begun_ = false;
  slice_dispatched_ = 0;
  fifo_looked_at_ = false;
  idle_until_ = sim::kNever;
}

void Cfq::expire() {
  if (!active_->items.empty()) {
    active_->in_turn = true;
    turns_.push_back(active_);
  }
  active_ = nullptr;
  idle_until_ = sim::kNever;
}

bool Cfq::idles(const Stream& stream) const {
  return stream.synchronous && tunables_.slice_idle > sim::Duration::zero() &&
         !stream.habits.seeky() && stream.habits.comes_back_within(tunables_.slice_idle);
}

sim::Duration Cfq::slice(const Stream& stream) const {
  sim::Duration slice = stream.synchronous ? tunables_.slice_sync : tunables_.slice_async;
  const auto weight = weights_.find(stream.id);
  if (stream.synchronous && weight != weights_.end())
    slice = sim::from_seconds(sim::seconds(slice) * weight->second / kStandardWeight);
  if (!tunables_.low_latency || !stream.synchronous) return slice;
  int others = 0;
  for (const Stream* each : turns_) others += each->synchronous ? 1 : 0;
  const sim::Duration expected = tunables_.slice_sync * (others + 1);
  if (expected <= tunables_.target_latency) return slice;
  const double scaled =
      sim::seconds(slice) * sim::seconds(tunables_.target_latency) / sim::seconds(expected);
  return std::max(sim::from_seconds(scaled), std::min(slice, tunables_.slice_idle * 2));
}

// Streams that idle wait for asynchronous requests to drain, and these for all synchronous ones.
bool Cfq::held_back(const Stream& stream) const {
  return stream.synchronous ? idles(stream) && async_in_flight_ > 0 : sync_in_flight_ > 0;
}

int Cfq::may_have_in_flight(const Stream& stream, sim::Instant now) const {
  int most = turns_.empty() ? std::numeric_limits<int>::max() : std::max(tunables_.quantum / 2, 1);
  if (!stream.synchronous && tunables_.low_latency) {
    const auto grown = (now - late_sync_) / tunables_.slice_async;
    most = static_cast<int>(std::min<std::int64_t>(most, std::max<std::int64_t>(grown, 1)));
  }
  return most;
}

Item* Cfq::choose(Stream& stream, sim::Instant now) {
  const sim::Duration expire =
      stream.synchronous ? tunables_.fifo_expire_sync : tunables_.fifo_expire_async;
  return stream.items.in_slice(fifo_looked_at_, now, expire, position_, tunables_.back_seek_max,
                               tunables_.back_seek_penalty);
}

Item* Cfq::next(sim::Instant now) {
  ask_again_ = sim::kNever;
  while (true) {
    if (active_ == nullptr) {
      if (turns_.empty()) return nullptr;
      Stream* const first = turns_.front();
      turns_.pop_front();
      activate(*first);
    }
    Stream& stream = *active_;
    const bool had_share = !stream.synchronous && !turns_.empty() &&
                           slice_dispatched_ >= kAsyncFactor * tunables_.slice_async_rq;
    const bool over = (slice_begun_ && now >= slice_end_ && !turns_.empty()) || had_share;
    if (over) {
      expire();
      continue;
    }
    if (!stream.items.empty()) {
      if (held_back(stream) || stream.in_flight >= may_have_in_flight(stream, now)) {
        if (slice_begun_ && !turns_.empty()) ask_again_ = slice_end_;
        return nullptr;
      }
      Item* const item = stream.items.take(choose(stream, now));
      ++stream.in_flight;
      ++(stream.synchronous ? sync_in_flight_ : async_in_flight_);
      ++slice_dispatched_;
      position_ = item->end();
      return item;
    }
    const bool idling = idle_until_ != sim::kNever && now < idle_until_;
    if (idling || (stream.in_flight > 0 && idles(stream))) {
      if (idling) ask_again_ = idle_until_;
      return nullptr;
    }
    expire();
  }
}

void Cfq::completed(const Item& item, sim::Instant now) {
  Stream& stream = stream_of(item.synchronous, item.stream);
  --stream.in_flight;
  --(stream.synchronous ? sync_in_flight_ : async_in_flight_);
  if (stream.synchronous) {
    stream.habits.completed(now);
    if (now - item.arrived >= tunables_.fifo_expire_sync) late_sync_ = now;
  }
  if (&stream != active_) return;
  if (!slice_begun_) {
    slice_begun_ = true;
    slice_end_ = now + slice(stream);
  }
  if (stream.items.empty() && stream.in_flight == 0 && idles(stream) && now < slice_end_)
    idle_until_ = now + tunables_.slice_idle;
}

}  // namespace models::storage::queue
