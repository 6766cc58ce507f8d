#include "models/storage/throttle.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/error.hpp"

namespace models::storage::throttle {
namespace {

// A direction's buckets: total and its own, of bytes and of operations.
constexpr std::array<std::array<std::size_t, 4>, 2> kConcerned{{{0, 1, 3, 4}, {0, 2, 3, 5}}};

Bucket bucket(const char* name, double avg, double max, sim::Duration length) {
  if (avg < 0 || max < 0) throw sim::ConfigError{fmt::format("{}: negative", name)};
  if (max > 0 && avg <= 0) {
    throw sim::ConfigError{fmt::format("{}_max without {}, needs both", name, name)};
  }
  if (max > 0 && max < avg) {
    throw sim::ConfigError{
        fmt::format("{}_max {} below {} {}, needs at least that", name, max, name, avg)};
  }
  const double length_s = sim::seconds(length);
  if (length_s < 1) {
    throw sim::ConfigError{fmt::format("{}_max_length of {} s, needs at least 1", name, length_s)};
  }
  if (length_s > 1 && max <= 0) {
    throw sim::ConfigError{fmt::format("{}_max_length without {}_max, needs both", name, name)};
  }
  return {.avg = avg, .max = max, .length_s = length_s};
}

void refuse_both(const char* kind, const Bucket& total, const Bucket& read, const Bucket& write) {
  if (total.avg > 0 && (read.avg > 0 || write.avg > 0)) {
    throw sim::ConfigError{
        fmt::format("total and read or write limits of {}, needs one or the other", kind)};
  }
}

}  // namespace

bool Description::limits() const {
  return total_bytes_sec.count() > 0 || read_bytes_sec.count() > 0 || write_bytes_sec.count() > 0 ||
         total_iops_sec > 0 || read_iops_sec > 0 || write_iops_sec > 0;
}

// --- a bucket ---

void Bucket::leak(double elapsed_s) {
  level = std::max(level - avg * elapsed_s, 0.0);
  if (length_s > 1) burst_level = std::max(burst_level - max * elapsed_s, 0.0);
}

double Bucket::wait_s() const {
  if (avg <= 0) return 0;
  const double size = max > 0 ? max * length_s : avg / 10;
  if (level > size) return (level - size) / avg;
  if (length_s > 1 && burst_level > max / 10) return (burst_level - max / 10) / max;
  return 0;
}

void Bucket::add(double units) {
  level += units;
  if (length_s > 1) burst_level += units;
}

// --- a group ---

Group::Group(sim::Engine& engine, const Description& d)
    : engine_{engine},
      buckets_{
          bucket("total_bytes_sec", d.total_bytes_sec.count(), d.total_bytes_sec_max.count(),
                 d.total_bytes_sec_max_length),
          bucket("read_bytes_sec", d.read_bytes_sec.count(), d.read_bytes_sec_max.count(),
                 d.read_bytes_sec_max_length),
          bucket("write_bytes_sec", d.write_bytes_sec.count(), d.write_bytes_sec_max.count(),
                 d.write_bytes_sec_max_length),
          bucket("total_iops_sec", d.total_iops_sec, d.total_iops_sec_max,
                 d.total_iops_sec_max_length),
          bucket("read_iops_sec", d.read_iops_sec, d.read_iops_sec_max, d.read_iops_sec_max_length),
          bucket("write_iops_sec", d.write_iops_sec, d.write_iops_sec_max,
                 d.write_iops_sec_max_length)},
      operation_bytes_{static_cast<double>(d.size_iops_sec.count())},
      leaked_{engine.now()},
      timer_{sim::Event::calling<&Group::read_timer_fired>(engine, *this),
             sim::Event::calling<&Group::write_timer_fired>(engine, *this)} {
  refuse_both("bytes_sec", buckets_[0], buckets_[1], buckets_[2]);
  refuse_both("iops_sec", buckets_[3], buckets_[4], buckets_[5]);
}

void Group::leak() {
  const double elapsed_s = sim::seconds(engine_.now() - leaked_);
  leaked_ = engine_.now();
  for (Bucket& each : buckets_) each.leak(elapsed_s);
}

void Group::account(Direction direction, sim::Bytes size) {
  const auto bytes = static_cast<double>(size.count());
  const double operations =
      operation_bytes_ > 0 && bytes > operation_bytes_ ? bytes / operation_bytes_ : 1.0;
  const auto& concerned = kConcerned[direction];
  buckets_[concerned[0]].add(bytes);
  buckets_[concerned[1]].add(bytes);
  buckets_[concerned[2]].add(operations);
  buckets_[concerned[3]].add(operations);
}

// Whether the member's next request must wait; then the timer runs for it.
bool Group::arm_timer(Throttle& member, Direction direction) {
  if (armed_[direction]) return true;
  leak();
  double wait_s = 0;
  for (const std::size_t each : kConcerned[direction]) {
    wait_s = std::max(wait_s, buckets_[each].wait_s());
  }
  if (wait_s <= 0) return false;
  timer_[direction].after(sim::picoseconds_ceil(wait_s * 1e12));
  armed_[direction] = true;
  token_[direction] = &member;
  return true;
}

// The next member with a request in the queue, round robin; the asking one if there is none.
Throttle& Group::next_in_turn(Throttle& member, Direction direction) {
  Throttle* const start = token_[direction] != nullptr ? token_[direction] : &member;
  const auto at = std::find(members_.begin(), members_.end(), start) - members_.begin();
  const auto count = static_cast<std::ptrdiff_t>(members_.size());
  for (std::ptrdiff_t i = 1; i <= count; ++i) {
    Throttle* const next = members_[static_cast<std::size_t>((at + i) % count)];
    if (!next->waiting_[direction].empty()) return *next;
  }
  return member;
}

bool Group::restart_one(Throttle& member, Direction direction) {
  auto& queue = member.waiting_[direction];
  if (queue.empty()) return false;
  Waiter* const first = queue.front();
  queue.pop_front();
  first->release();
  return true;
}

// After a request has gone: the next one may go at once or gets the timer. `at_once`: the member's
// own requests are preferred, they need no timer.
void Group::schedule_next(Throttle& member, Direction direction, bool at_once) {
  Throttle* next = &next_in_turn(member, direction);
  if (next->waiting_[direction].empty() || arm_timer(*next, direction)) return;
  if (at_once && restart_one(member, direction)) {
    next = &member;
  } else {
    timer_[direction].after(sim::Duration::zero());
    armed_[direction] = true;
  }
  token_[direction] = next;
}

void Group::timer_fired(Direction direction) {
  armed_[direction] = false;
  Throttle& member = *token_[direction];
  if (!restart_one(member, direction)) schedule_next(member, direction, false);
}

void Group::Waiter::await_suspend(std::coroutine_handle<> waiter) {
  handle_ = waiter;
  member.waiting_[direction].push_back(this);
}

// --- a disk ---

Throttle::Throttle(BlockDevice& below, Group& group) : below_{below}, group_{group} {
  group.members_.push_back(this);
}

sim::Task<> Throttle::serve(Request request) {
  if (request.operation == Operation::flush) return below_.serve(request);
  return limited(request, request.operation == Operation::read ? Group::kRead : Group::kWrite);
}

sim::Task<> Throttle::limited(Request request, Group::Direction direction) {
  Throttle& next = group_.next_in_turn(*this, direction);
  const bool queued = !waiting_[direction].empty();
  if (group_.arm_timer(next, direction) || queued) {
    const sim::Instant arrived = engine().now();
    const CountedWait wait{engine(), request.waits, &Waits::limits_s};
    ++stats_.delayed;
    co_await Group::Waiter{group_, *this, direction};
    stats_.waited += engine().now() - arrived;
  }
  group_.leak();
  group_.account(direction, request.size);
  group_.schedule_next(*this, direction, true);
  co_await below_.serve(request);
}

}  // namespace models::storage::throttle
