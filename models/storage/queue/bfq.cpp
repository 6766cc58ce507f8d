#include "models/storage/queue/bfq.hpp"

namespace models::storage::queue {
namespace {

double bytes(sim::Bytes size) {
  return static_cast<double>(size.count());
}

}  // namespace

Bfq::Stream& Bfq::stream_of(bool synchronous, int id) {
  Stream*& known = synchronous ? by_id_[id] : asynchronous_;
  if (known == nullptr) {
    known = &streams_.emplace_back();
    known->synchronous = synchronous;
    const auto given = weights_.find(id);
    if (synchronous && given != weights_.end()) known->weight = given->second;
  }
  return *known;
}

bool Bfq::may_merge(const Item& item, const Request& request) const {
  return !item.synchronous || item.stream == request.stream;
}

double Bfq::weight(const Stream& stream, sim::Instant now) const {
  return now < stream.raised_until ? stream.weight * tunables_.raised : stream.weight;
}

void Bfq::become_backlogged(Stream& stream, sim::Instant now) {
  stream.backlogged = true;
  stream.service = 0;
  stream.start = std::max(virtual_time_, stream.finish);
  stream.finish = stream.start + bytes(tunables_.max_budget) / weight(stream, now);
}

void Bfq::add(Item& item) {
  Stream& stream = stream_of(item.synchronous, item.stream);
  const sim::Instant now = item.arrived;
  const bool idle = stream.items.empty() && stream.in_flight == 0;
  if (item.synchronous) {
    if (tunables_.low_latency && idle &&
        (!stream.begun || now - stream.last_done >= tunables_.min_idle))
      stream.raised_until = now + tunables_.raised_for;
    stream.habits.arrived(now, item.offset, item.end(), tunables_.slice_idle * 2);
  }
  stream.begun = true;
  stream.items.add(item);
  if (&stream == active_) idle_until_ = sim::kNever;
  if (!stream.backlogged) become_backlogged(stream, now);
}

// The least finish among those that may start; when none may, time jumps to the first start.
Bfq::Stream* Bfq::select() {
  double first = std::numeric_limits<double>::infinity();
  for (const Stream& each : streams_) {
    if (each.backlogged) first = std::min(first, each.start);
  }
  virtual_time_ = std::max(
      virtual_time_, first == std::numeric_limits<double>::infinity() ? virtual_time_ : first);
  Stream* best = nullptr;
  for (Stream& each : streams_) {
    if (!each.backlogged || each.start > virtual_time_) continue;
    if (best == nullptr || each.finish < best->finish) best = &each;
  }
  return best;
}

void Bfq::expire(sim::Instant now) {
  Stream& stream = *active_;
  const double share =
      std::min(sim::seconds(now - since_) / sim::seconds(tunables_.timeout_sync), 1.0);
  const bool timed_out = share >= 1.0;
  double charge = stream.service;
  if (stream.synchronous && (timed_out || stream.habits.seeky()))
    charge = std::max(charge, share * bytes(tunables_.max_budget));
  double weights = 0;
  for (const Stream& each : streams_) {
    if (each.backlogged) weights += weight(each, now);
  }
  virtual_time_ += charge / weights;
  stream.finish = stream.start + charge / weight(stream, now);
  stream.backlogged = false;
  if (!stream.items.empty()) become_backlogged(stream, now);
  active_ = nullptr;
  idle_until_ = sim::kNever;
}

bool Bfq::alike() const {
  const Stream* one = nullptr;
  for (const Stream& each : streams_) {
    if (!each.backlogged || !each.synchronous) continue;
    if (one != nullptr && one->weight != each.weight) return false;
    one = &each;
  }
  return true;
}

// Seeky streams are waited for where weights would else be lost.
bool Bfq::idles(const Stream& stream, sim::Instant now) const {
  if (!stream.synchronous || tunables_.slice_idle <= sim::Duration::zero()) return false;
  if (!stream.habits.comes_back_within(tunables_.slice_idle)) return false;
  return !stream.habits.seeky() || now < stream.raised_until || !alike();
}

Item* Bfq::choose(Stream& stream, sim::Instant now) {
  const sim::Duration expire =
      stream.synchronous ? tunables_.fifo_expire_sync : tunables_.fifo_expire_async;
  return stream.items.in_slice(fifo_looked_at_, now, expire, position_, tunables_.back_seek_max,
                               tunables_.back_seek_penalty);
}

Item* Bfq::next(sim::Instant now) {
  ask_again_ = sim::kNever;
  while (true) {
    if (active_ == nullptr) {
      active_ = select();
      if (active_ == nullptr) return nullptr;
      since_ = now;
      fifo_looked_at_ = false;
    }
    Stream& stream = *active_;
    if (!stream.items.empty()) {
      Item* const item = choose(stream, now);
      const double cost =
          bytes(item->size) * (stream.synchronous ? 1.0 : tunables_.async_charge_factor);
      const bool exhausted =
          stream.service > 0 && (stream.service + cost > bytes(tunables_.max_budget) ||
                                 now - since_ >= tunables_.timeout_sync);
      if (exhausted) {
        expire(now);
        continue;
      }
      stream.service += cost;
      ++stream.in_flight;
      position_ = item->end();
      return stream.items.take(item);
    }
    const bool idling = idle_until_ != sim::kNever && now < idle_until_;
    if (idling || (stream.in_flight > 0 && idles(stream, now))) {
      if (idling) ask_again_ = idle_until_;
      return nullptr;
    }
    expire(now);
  }
}

void Bfq::completed(const Item& item, sim::Instant now) {
  Stream& stream = stream_of(item.synchronous, item.stream);
  --stream.in_flight;
  stream.last_done = now;
  if (stream.synchronous) stream.habits.completed(now);
  if (&stream == active_ && stream.items.empty() && stream.in_flight == 0 && idles(stream, now))
    idle_until_ = now + tunables_.slice_idle;
}

}  // namespace models::storage::queue
