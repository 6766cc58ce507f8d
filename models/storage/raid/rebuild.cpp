#include "models/storage/raid/rebuild.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "sim/error.hpp"

namespace models::storage::raid {

using namespace sim::literals;
using sim::Bytes;

namespace {

constexpr sim::Duration kMarkStep = 3_s;         // SYNC_MARK_STEP, md.c
constexpr sim::Duration kTooFastSleep = 500_ms;  // md_do_sync

}  // namespace

Rebuild::Rebuild(sim::Engine& engine, const RebuildTunables& tunables, RebuildWork work)
    : engine_{engine}, tunables_{tunables}, work_{std::move(work)}, step_done_{engine} {
  sim::Complaints complaints;
  complaints.need(tunables.granule.count() >= 4096, "rebuild.granule: needs at least 4 KiB");
  complaints.need(tunables.window >= 1, "rebuild.window: needs at least 1");
  complaints.need(tunables.speed_max.count() > 0, "rebuild.speed_max: needs more than zero");
  complaints.raise();
  marks_.fill({engine.now(), Bytes{}});
  oldest_ = marks_[0];
  engine.spawn(run());
}

// md counts whole seconds and one more, so that a rebuild may begin at once.
double Rebuild::speed_Bps() const {
  const auto elapsed = std::chrono::floor<std::chrono::seconds>(engine_.now() - oldest_.time);
  return static_cast<double>((done_ - oldest_.done).count()) /
         (static_cast<double>(elapsed.count()) + 1.0);
}

void Rebuild::move_marks() {
  if (engine_.now() < marks_[static_cast<std::size_t>(last_mark_)].time + kMarkStep) return;
  last_mark_ = (last_mark_ + 1) % kMarks;
  Mark& next = marks_[static_cast<std::size_t>(last_mark_)];
  oldest_ = next;
  next = {engine_.now(), done_};
}

sim::Task<> Rebuild::make_way() {
  while (!cancelled_) {
    move_marks();
    if (speed_Bps() <= tunables_.speed_min.count()) co_return;
    if (speed_Bps() > tunables_.speed_max.count()) {
      co_await engine_.delay(kTooFastSleep);
      continue;
    }
    if (!work_.idle()) {
      while (under_way_ > 0) co_await step_done_;
    }
    co_return;
  }
}

sim::Process Rebuild::run() {
  co_await engine_.delay(sim::Duration::zero());  // its owner is whole by then
  std::size_t number = 0;
  for (Bytes from{}; from < work_.length && !cancelled_; ++number) {
    while (static_cast<int>(window_.size()) >= tunables_.window) co_await step_done_;
    const Bytes size = std::min(tunables_.granule, work_.length - from);
    window_.push_back({from + size, false});
    ++under_way_;
    engine_.spawn(step(from, size, number));
    from += size;
    co_await make_way();
  }
  while (under_way_ > 0) co_await step_done_;
  ended_ = true;
  work_.ended(!cancelled_);
}

sim::Process Rebuild::step(Bytes offset, Bytes size, std::size_t number) {
  co_await work_.restore(offset, size);
  --under_way_;
  done_ += size;
  window_[number - first_step_].done = true;
  while (!window_.empty() && window_.front().done) {
    reached_ = window_.front().end;
    window_.pop_front();
    ++first_step_;
  }
  if (!cancelled_) work_.reached(reached_);
  step_done_.fire();
}

Progress Rebuild::progress() const {
  Progress progress{!ended_, reached_, work_.length, {}, {}};
  const double elapsed_s = sim::seconds(engine_.now() - oldest_.time);
  if (ended_ || elapsed_s <= 0.0) return progress;
  progress.speed =
      sim::BytesPerSecond{static_cast<double>((done_ - oldest_.done).count()) / elapsed_s};
  progress.left = (work_.length - reached_) / progress.speed;
  return progress;
}

}  // namespace models::storage::raid
