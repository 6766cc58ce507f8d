#include "models/barrier.hpp"

#include <utility>

#include "models/dirty_logs.hpp"
#include "models/running_host.hpp"

namespace models {
namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

Barriers::Point& Barriers::point(int vm) {
  if (points_.size() < host_.vms_.size()) points_.resize(host_.vms_.size());
  return points_[at(vm)];
}

bool Barriers::waits(int worker) const {
  return at(worker) < waits_.size() && waits_[at(worker)] != 0;
}

// True for the last one, which lets the others go on.
bool Barriers::arrive(int worker) {
  const int vm = host_.workers_[at(worker)].vm;
  Point& here = point(vm);
  if (here.waiting.size() + 1 < host_.vms_[at(vm)].vcpus.size()) return false;
  const sim::Instant now = host_.engine_.now();
  here.rounds_s.record(sim::seconds(now - here.last));
  here.last = now;
  host_.dirty_logs_->met(vm);
  for (const int id : std::exchange(here.waiting, {})) {
    waits_[at(id)] = 0;
    host_.grant(host_.workers_[at(id)]);
  }
  return true;
}

void Barriers::wait(int worker, std::coroutine_handle<> waiter) {
  if (waits_.size() < host_.workers_.size()) waits_.resize(host_.workers_.size(), 0);
  auto& self = host_.workers_[at(worker)];
  point(self.vm).waiting.push_back(worker);
  waits_[at(worker)] = 1;
  host_.spin(self, waiter);
}

void Barriers::begin_measuring() {
  for (Point& point : points_) point.rounds_s = {};
}

void Barriers::report(Results& results) const {
  for (const auto& kind : host_.kinds_) {
    if (!kind.description->workload.sync.barrier) continue;
    sim::Tally all;
    for (const int index : kind.vms) {
      if (at(index) < points_.size() && points_[at(index)].rounds_s.count() > 0)
        all.record(points_[at(index)].rounds_s.mean());
    }
    results.metrics.push_back(
        {"vm." + kind.description->name + ".iteration", all.count() > 0 ? all.mean() : 0.0});
  }
}

}  // namespace models
