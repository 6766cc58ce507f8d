#include "models/co_scheduling.hpp"

#include <algorithm>

#include "models/running_host.hpp"

namespace models {
namespace {

constexpr int kChecks = 4;  // while a vCPU falls behind by the skew that is allowed

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

using State = guest::Progress::State;

bool active(State state) {
  return state == State::running || state == State::runnable || state == State::stopped;
}

double without_cpu_s(const Worker& worker) {
  const guest::Causes causes = worker.progress.seconds();
  return causes[static_cast<std::size_t>(Cause::steal)] +
         causes[static_cast<std::size_t>(Cause::co_stop)];
}

}  // namespace

CoScheduling::Gang::Gang(CoScheduling& owner, sim::Engine& engine, int vm)
    : all{owner}, due{sim::Event::calling<&Gang::on_check>(engine, *this)} {
  for (const int worker : owner.host_.vms_[at(vm)].vcpus) members.push_back({worker});
}

CoScheduling::CoScheduling(RunningHost& host, sim::Duration skew) : host_{host}, skew_{skew} {
  for (int vm = 0; vm < static_cast<int>(host.vms_.size()); ++vm)
    gangs_.emplace_back(*this, host.engine_, vm);
}

void CoScheduling::waits(int vm) {
  Gang& gang = gangs_[at(vm)];
  if (gang.members.size() > 1 && !gang.due.pending()) gang.due.after(skew_ / kChecks);
}

// The workers' books begin anew.
void CoScheduling::begin_measuring() {
  for (Gang& gang : gangs_) {
    for (Member& member : gang.members) member.seen_s = 0.0;
  }
}

// Brings all lags up to date; the longest of those that want CPUs.
double CoScheduling::slowest(Gang& gang) {
  double longest_s = 0.0;
  for (Member& member : gang.members) {
    Worker& worker = host_.workers_[at(member.worker)];
    host_.book(worker);
    const double now_s = without_cpu_s(worker);
    member.lag_s += now_s - member.seen_s;
    member.seen_s = now_s;
    if (active(worker.progress.state())) longest_s = std::max(longest_s, member.lag_s);
  }
  for (Member& member : gang.members) {
    if (!active(host_.workers_[at(member.worker)].progress.state())) member.lag_s = longest_s;
  }
  return longest_s;
}

void CoScheduling::check(Gang& gang) {
  const double slowest_s = slowest(gang);
  bool again = false;
  for (const Member& member : gang.members) {
    Worker& worker = host_.workers_[at(member.worker)];
    const double ahead_s = slowest_s - member.lag_s;
    if (worker.progress.state() == State::running && ahead_s > sim::seconds(skew_)) {
      stop(worker);
    } else if (worker.progress.state() == State::stopped && ahead_s <= sim::seconds(skew_) / 2) {
      start(worker);
    }
    const State state = worker.progress.state();
    again = again || state == State::runnable || state == State::stopped;
  }
  if (again) gang.due.after(skew_ / kChecks);
}

void CoScheduling::stop(Worker& worker) {
  host_.lose_cpu(worker);
  worker.progress.become(State::stopped);
  host_.scheduler_->block(worker.thread);
}

void CoScheduling::start(Worker& worker) {
  if (worker.dead) return;
  worker.waiting_since = host_.engine_.now();
  worker.progress.become(State::runnable);
  host_.scheduler_->wake(worker.thread, scheduler::kNoCpu);
}

}  // namespace models
