#include "models/storage/raid/controller.hpp"

#include <algorithm>
#include <utility>

#include "models/storage/raid/copies.hpp"
#include "models/storage/raid/parity.hpp"
#include "sim/error.hpp"
#include "sim/join.hpp"

namespace models::storage::raid {

using sim::Bytes;
using sim::Duration;

namespace {

// The disks under a controller: no CPU time of a host, no bitmap; its parity engine alone.
Description under(const Description& description) {
  Description inner = description;
  inner.costs = Costs{};
  inner.costs.request = inner.costs.flush = inner.costs.member_flush = Duration::zero();
  inner.costs.stripe_pass = Duration::zero();
  inner.costs.xor_rate = inner.costs.syndrome_rate = description.hardware.parity_rate;
  inner.bitmap.present = false;
  inner.group_threads = 0;
  return inner;
}

}  // namespace

Controller::Controller(sim::Engine& engine, const Description& description,
                       std::vector<BlockDevice*> members)
    : engine_{engine},
      hardware_{description.hardware},
      processor_{engine},
      room_{engine},
      drain_{sim::Event::calling<&Controller::drain>(engine, *this)} {
  sim::Complaints complaints;
  complaints.need(hardware_.parity_rate.count() > 0, "hardware.parity_rate: needs more than zero");
  complaints.need(hardware_.drains >= 1, "hardware.drains: needs at least 1");
  complaints.raise();
  const auto disks = static_cast<int>(members.size()) - description.spares;
  const Description inner = under(description);
  const std::vector<Thread*> threads{&processor_};
  const bool parity = description.level == Level::raid5 || description.level == Level::raid6;
  if (parity) {
    disks_ = std::make_unique<Parity>(engine, inner, std::move(members), threads);
  } else {
    disks_ = std::make_unique<Copies>(engine, inner, std::move(members), threads);
  }
  const int spread = description.level == Level::raid5   ? disks - 1
                     : description.level == Level::raid6 ? disks - 2
                                                         : disks;
  stripe_ = description.chunk * spread;
  if (hardware_.battery && hardware_.cache < stripe_ * 2) {
    throw sim::ConfigError{"hardware.cache: needs room for two stripes"};
  }
}

sim::Task<> Controller::Processor::work(Duration cpu_time) {
  co_await server_.serve(cpu_time);
}

Stats Controller::stats() const {
  Stats all = disks_->stats();
  all.reads = stats_.reads;
  all.writes = stats_.writes;
  all.flushes = stats_.flushes;
  all.cached_reads = stats_.cached_reads;
  all.written_back = stats_.written_back;
  return all;
}

sim::Task<> Controller::serve(Request request) {
  if (request.operation != Operation::flush && request.offset + request.size > capacity()) {
    throw sim::ModelError{"request beyond the end of an array"};
  }
  if (hardware_.command > Duration::zero()) co_await processor_.work(hardware_.command);
  const Extent extent{request.offset, request.offset + request.size};
  switch (request.operation) {
    case Operation::read:
      ++stats_.reads;
      if (held_.covers(extent)) {
        ++stats_.cached_reads;
      } else {
        co_await disks_->serve(request);
      }
      break;
    case Operation::flush:
      ++stats_.flushes;
      if (!hardware_.battery) co_await disks_->serve(request);
      break;
    case Operation::write:
    case Operation::write_zeroes:
      ++stats_.writes;
      if (hardware_.battery) {
        co_await write(request);
      } else {
        co_await disks_->serve(request);
      }
      break;
  }
}

// In parts, so that what is larger than the cache passes through it.
sim::Task<> Controller::write(Request request) {
  for (Bytes done{}; done < request.size;) {
    const Bytes part = std::min(stripe_, request.size - done);
    const Extent extent{request.offset + done, request.offset + done + part};
    while (make_room(part) < part) {
      drain();
      co_await room_;
    }
    held_.add(extent);
    dirty_.add(extent);
    ages_.push_back({engine_.now(), extent});
    done += part;
  }
  drain();
}

// Forgets clean data, oldest first, until `size` fits; returns the room there is.
Bytes Controller::make_room(Bytes size) {
  while (held_.size() + size > hardware_.cache && !clean_.empty()) {
    const Extent extent = clean_.front();
    clean_.pop_front();
    for (Bytes at = extent.begin; at < extent.end;) {
      const auto dirty = dirty_.first(at);
      const auto leaving = leaving_.first(at);
      Extent keep{extent.end, extent.end};
      if (dirty && dirty->begin < keep.begin) keep = *dirty;
      if (leaving && leaving->begin < keep.begin) keep = *leaving;
      held_.remove({at, keep.begin});
      at = std::min(extent.end, keep.end);
    }
  }
  return hardware_.cache - held_.size();
}

// --- write back ---

bool Controller::due() const {
  if (dirty_.empty()) return false;
  const double share = dirty_.size() / hardware_.cache;
  return share > hardware_.dirty_share || held_.size() + stripe_ > hardware_.cache ||
         (!ages_.empty() && engine_.now() >= ages_.front().since + hardware_.dirty_age);
}

void Controller::drain() {
  while (!ages_.empty() && !dirty_.touches(ages_.front().extent)) ages_.pop_front();
  while (draining_ < hardware_.drains && due()) {
    auto next = dirty_.first(sweep_);
    if (!next) next = dirty_.first(Bytes{});
    const std::int64_t number = next->begin.count() / stripe_.count();
    const Extent stripe{stripe_ * number, stripe_ * (number + 1)};
    sweep_ = stripe.end;
    ++draining_;
    engine_.spawn(write_back(take(stripe), stripe));
    while (!ages_.empty() && !dirty_.touches(ages_.front().extent)) ages_.pop_front();
  }
  if (!ages_.empty() && draining_ < hardware_.drains) {
    drain_.at(std::max(engine_.now(), ages_.front().since + hardware_.dirty_age));
  }
}

// The dirty parts of a stripe, which are on their way from here on.
std::vector<Extent> Controller::take(Extent stripe) {
  std::vector<Extent> extents;
  for (auto next = dirty_.first(stripe.begin); next && next->begin < stripe.end;
       next = dirty_.first(stripe.begin)) {
    const Extent extent{next->begin, std::min(next->end, stripe.end)};
    dirty_.remove(extent);
    leaving_.add(extent);
    extents.push_back(extent);
  }
  return extents;
}

sim::Process Controller::write_back(std::vector<Extent> extents, Extent stripe) {
  sim::Join join{engine_};
  for (const Extent& extent : extents) {
    ++stats_.written_back;
    Request request;
    request.operation = Operation::write;
    request.offset = extent.begin;
    request.size = extent.size();
    join.add(disks_->serve(request));
  }
  co_await join.all();
  for (const Extent& extent : extents) {
    leaving_.remove(extent);
    written_ += extent.size();
  }
  clean_.push_back(stripe);
  --draining_;
  room_.fire();
  drain();
}

}  // namespace models::storage::raid
