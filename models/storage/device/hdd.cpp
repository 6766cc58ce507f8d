#include "models/storage/device/hdd.hpp"

#include <algorithm>
#include <limits>

#include "sim/error.hpp"

namespace models::storage::device {
namespace {

constexpr sim::Bytes kMergeMost{1 << 20};  // cached writes grow to this by merging; assumption

void check(const HddConfig& config) {
  sim::Complaints complaints;
  complaints.need(config.ncq_depth >= 1, "a disk with ncq_depth 0, needs at least 1");
  complaints.need(config.interface_rate.count() > 0, "a disk's interface_rate 0, needs more");
  complaints.need(config.age_limit > sim::Duration::zero(), "a disk's age_limit 0, needs more");
  complaints.need(config.segments >= 1, "a disk with 0 segments, needs at least 1");
  complaints.need(!config.write_cache || (config.cache.count() > 0 && config.cached_writes >= 1),
                  "a write cache without room, needs cache and cached_writes above 0, or "
                  "write_cache = false");
  complaints.raise();
}

}  // namespace

Hdd::Hdd(sim::Engine& engine, const HddConfig& config, sim::Bytes capacity)
    : Drive{engine},
      engine_{engine},
      config_{(check(config), config)},
      capacity_{capacity},
      platter_{config.platter, capacity},
      places_{engine, config.ncq_depth},
      controller_{engine},
      interface_{engine},
      age_weight_{
          sim::seconds(config.platter.full_stroke + config.write_settle + platter_.rotation()) /
          sim::seconds(config.age_limit)},
      current_{access({}, {}, false)},
      done_{sim::Event::calling<&Hdd::finish>(engine, *this)} {}

sim::Task<> Hdd::serve(Request request) {
  const sim::Instant arrived = arrive();
  co_await places_.take();
  co_await controller_.serve(config_.command_overhead);
  switch (request.operation) {
    case Operation::read:
      co_await read(request);
      break;
    case Operation::write:
    case Operation::write_zeroes:
      co_await write(request);
      break;
    case Operation::flush: {
      Flush flush{this, next_number_, engine_.now()};
      co_await flush;
      break;
    }
  }
  places_.give_back();
  complete(request, arrived);
}

sim::Task<> Hdd::read(Request request) {
  if (buffered({request.offset, request.offset + request.size})) {
    ++stats_.buffer_hits;
    co_await interface_.serve(request.size / config_.interface_rate);
    co_return;
  }
  ++stats_.media_reads;
  const sim::Bytes from = known_up_to({request.offset, request.offset + request.size});
  Access from_media = access(from, request.offset + request.size - from, false);
  co_await from_media;
}

sim::Task<> Hdd::write(Request request) {
  if (request.operation == Operation::write)
    co_await interface_.serve(request.size / config_.interface_rate);
  forget({request.offset, request.offset + request.size});
  if (config_.write_cache && !request.fua) {
    Entry entry{this, request.offset, request.size, engine_.now()};
    co_await entry;
    co_return;
  }
  Access to_media = access(request.offset, request.size, true);
  co_await to_media;
}

Hdd::Access Hdd::access(sim::Bytes offset, sim::Bytes size, bool write) {
  return {this, offset, size, write, engine_.now(), next_number_++, platter_.place(offset)};
}

void Hdd::Access::await_suspend(std::coroutine_handle<> waiting) {
  waiter = waiting;
  disk->commands_.push_back(this);
  disk->start_next();
}

bool Hdd::Entry::await_ready() noexcept {
  if (!disk->blocked_.empty() || !disk->room(*this)) return false;
  disk->absorb(*this);
  disk->start_next();
  return true;
}

void Hdd::Entry::await_suspend(std::coroutine_handle<> waiting) {
  waiter = waiting;
  disk->blocked_.push_back(this);
  disk->start_next();
}

void Hdd::Flush::await_suspend(std::coroutine_handle<> waiting) {
  waiter = waiting;
  disk->flushes_.push_back(this);
  disk->start_next();
}

// --- what is in the buffer ---

sim::Bytes Hdd::read_up_to() const {
  if (engine_.now() <= ahead_.since) return ahead_.from;
  return std::min(ahead_.limit,
                  ahead_.from + platter_.passed(ahead_.from, engine_.now() - ahead_.since));
}

// The segment's end moves on behind what was asked; a head that has stopped waits for its track.
void Hdd::read_on(sim::Bytes wanted) {
  const sim::Bytes limit = std::min(capacity_, wanted + config_.segment);
  if (limit <= ahead_.limit) return;
  if (read_up_to() == ahead_.limit) {
    ahead_.from = ahead_.limit;
    ahead_.since = engine_.now() + platter_.until(engine_.now(), platter_.place(ahead_.from).angle);
  }
  ahead_.limit = limit;
  ahead_.begin = std::max(ahead_.begin, wanted - config_.segment);
}

void Hdd::leave_track() {
  if (!ahead_.active) return;
  ahead_.active = false;
  head_ = read_up_to();
  const Span kept{ahead_.begin, head_};
  if (segments_.size() < static_cast<std::size_t>(config_.segments)) {
    segments_.push_back(kept);
    return;
  }
  segments_[next_segment_] = kept;
  next_segment_ = (next_segment_ + 1) % segments_.size();
}

bool Hdd::buffered(Span span) {
  if (ahead_.active && ahead_.begin <= span.begin && span.end <= read_up_to()) {
    read_on(span.end);
    return true;
  }
  const auto inside = [&](sim::Bytes begin, sim::Bytes end) {
    return begin <= span.begin && span.end <= end;
  };
  return std::any_of(segments_.begin(), segments_.end(),
                     [&](const Span& each) { return inside(each.begin, each.end); }) ||
         std::any_of(dirty_.begin(), dirty_.end(),
                     [&](const Access& each) { return inside(each.offset, each.end()); });
}

sim::Bytes Hdd::known_up_to(Span span) const {
  for (const Span& each : segments_) {
    if (each.begin <= span.begin && span.begin < each.end && each.end < span.end) return each.end;
  }
  return span.begin;
}

void Hdd::forget(Span span) {
  const auto overlap = [&](sim::Bytes begin, sim::Bytes end) {
    return begin < span.end && span.begin < end;
  };
  for (Span& each : segments_) {
    if (overlap(each.begin, each.end)) each = {};
  }
  if (ahead_.active && overlap(ahead_.begin, ahead_.limit)) {
    head_ = read_up_to();
    ahead_.active = false;
  }
}

// --- the write cache ---

bool Hdd::adjacent(const Access& cached, const Entry& entry) const {
  return cached.end() == entry.offset && cached.size + entry.size <= kMergeMost;
}

bool Hdd::room(const Entry& entry) const {
  const bool empty = dirty_bytes_.count() == 0;  // a write larger than the cache passes alone
  if (!empty && dirty_bytes_ + entry.size > config_.cache) return false;
  const std::size_t places = dirty_.size() + (destaging_ ? 1 : 0);
  if (places < static_cast<std::size_t>(config_.cached_writes)) return true;
  return std::any_of(dirty_.begin(), dirty_.end(),
                     [&](const Access& each) { return adjacent(each, entry); });
}

void Hdd::absorb(const Entry& entry) {
  for (Access& each : dirty_) {
    if (each.offset == entry.offset && each.size == entry.size) return;  // written over
  }
  dirty_bytes_ += entry.size;
  for (Access& each : dirty_) {
    if (!adjacent(each, entry)) continue;
    each.size += entry.size;
    return;
  }
  dirty_.push_back(access(entry.offset, entry.size, true));
}

std::uint64_t Hdd::oldest_dirty() const {
  std::uint64_t oldest = std::numeric_limits<std::uint64_t>::max();
  if (destaging_) oldest = current_.number;
  for (const Access& each : dirty_) oldest = std::min(oldest, each.number);
  return oldest;
}

void Hdd::cached_write_done() {
  destaging_ = false;
  dirty_bytes_ -= current_.size;
}

// --- the arm ---

bool Hdd::streams(const Access& access) const {
  return ahead_.active && !access.write && ahead_.begin <= access.offset &&
         access.offset <= read_up_to();
}

Platter::Place Hdd::head() const {
  return platter_.place(ahead_.active ? read_up_to() : head_);
}

sim::Duration Hdd::positioning(const Access& access, const Platter::Place& from) const {
  if (streams(access)) return sim::Duration::zero();
  sim::Duration seek = platter_.seek(from, access.place);
  if (access.write && seek > sim::Duration::zero()) seek += config_.write_settle;
  return seek + platter_.until(engine_.now() + seek, access.place.angle);
}

// That somebody waits for it: a command since it came, a cached write since a flush of it did, or a
// write that needs room.
sim::Duration Hdd::awaited(const Access& access) const {
  const sim::Instant now = engine_.now();
  if (access.waiter) return now - access.arrived;
  sim::Instant since = blocked_.empty() ? now : blocked_.front()->arrived;
  const auto flush = std::find_if(flushes_.begin(), flushes_.end(),
                                  [&](const Flush* each) { return access.number < each->number; });
  if (flush != flushes_.end()) since = std::min(since, (*flush)->arrived);
  return now - since;
}

void Hdd::start_next() {
  if (busy_) return;
  const bool pressed = !blocked_.empty() || !flushes_.empty();
  const Platter::Place from = head();
  const Access* best = nullptr;
  double least = std::numeric_limits<double>::max();
  const auto consider = [&](const Access& each) {
    const double effective = static_cast<double>(positioning(each, from).count()) -
                             age_weight_ * static_cast<double>(awaited(each).count());
    if (effective >= least) return;
    least = effective;
    best = &each;
  };
  for (const Access* each : commands_) consider(*each);
  if (pressed || commands_.empty()) {
    for (const Access& each : dirty_) consider(each);
  }
  if (best != nullptr) begin(*best);
}

void Hdd::begin(const Access& chosen) {
  busy_ = true;
  const sim::Instant now = engine_.now();
  if (streams(chosen)) {
    read_on(chosen.end());
    const sim::Duration left = platter_.transfer(ahead_.from, chosen.end() - ahead_.from);
    done_.at(std::max(now, ahead_.since + left));
  } else {
    const sim::Duration time =
        positioning(chosen, head()) + platter_.transfer(chosen.offset, chosen.size);
    leave_track();
    done_.after(time);
  }
  destaging_ = !chosen.waiter;
  current_waiter_ = chosen.waiter;
  current_.offset = chosen.offset;
  current_.size = chosen.size;
  current_.write = chosen.write;
  current_.number = chosen.number;
  if (destaging_) {
    ++stats_.media_writes;
    dirty_.erase(dirty_.begin() + (&chosen - dirty_.data()));
  } else {
    if (chosen.write) ++stats_.media_writes;
    std::erase(commands_, &chosen);
  }
}

void Hdd::finish() {
  const sim::Bytes end = current_.end();
  head_ = end;
  if (ahead_.active) {
    ahead_.from = read_up_to();  // in its own zone from here on
    ahead_.since = std::max(ahead_.since, engine_.now());
  } else if (!current_.write) {
    ahead_ = {true, current_.offset, end, engine_.now(),
              std::min(capacity_, end + config_.segment)};
  }
  if (destaging_) cached_write_done();
  busy_ = false;
  const std::coroutine_handle<> waiter = current_waiter_;
  // Writes that fit in now, and flushes that are over; their processes go on once the arm has
  // been sent on.
  std::vector<std::coroutine_handle<>> released;
  while (!blocked_.empty() && room(*blocked_.front())) {
    absorb(*blocked_.front());
    released.push_back(blocked_.front()->waiter);
    blocked_.erase(blocked_.begin());
  }
  if (!flushes_.empty()) {
    const std::uint64_t oldest = oldest_dirty();
    std::erase_if(flushes_, [&](const Flush* flush) {
      if (oldest < flush->number) return false;
      released.push_back(flush->waiter);
      return true;
    });
  }
  start_next();
  if (waiter) waiter.resume();
  for (const std::coroutine_handle<> each : released) each.resume();
}

}  // namespace models::storage::device
