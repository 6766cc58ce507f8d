#include "models/open_requests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/running_host.hpp"

namespace models {
namespace {

// What a queue that comes and goes may grow by.
constexpr double kFew = 20;
constexpr double kMany = 0.05;  // of all that came

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

OpenRequests::OpenRequests(RunningHost& host, int vm)
    : host_{host},
      vm_{vm},
      random_{host.engine_.stream(
          fmt::format("vm.{}.{}.requests", host.vms_[at(vm)].description->name,
                      vm - host.kinds_[at(host.vms_[at(vm)].kind)].vms.front()))} {
  for (std::size_t i = 0; i < host.vms_[at(vm)].vcpus.size(); ++i)
    servers_.emplace_back(host.engine_);
}

OpenRequests::Server& OpenRequests::server(int worker) {
  return servers_[at(worker - host_.vms_[at(vm_)].vcpus.front())];
}

sim::Engine& OpenRequests::engine() {
  return host_.engine_;
}

// --- a vCPU asks ---

bool OpenRequests::take(int worker) {
  if (!std::exchange(coming_, true)) host_.engine_.spawn(come());
  if (waiting_.empty()) return false;
  server(worker).has = waiting_.front();
  waiting_.pop_front();
  return true;
}

void OpenRequests::wait(int worker, sim::Instant until, std::coroutine_handle<> waiter) {
  Server& own = server(worker);
  own.waiter = waiter;
  if (until < sim::kNever) own.timeout.at(until);
}

void OpenRequests::Server::give_up() {
  std::exchange(waiter, nullptr).resume();
}

std::optional<OpenRequests::Request> OpenRequests::taken(int worker) {
  return std::exchange(server(worker).has, std::nullopt);
}

// --- requests come ---

sim::Process OpenRequests::come() {
  const RunningVm& vm = host_.vms_[at(vm_)];
  const workload::Description& work = vm.description->workload;
  const sim::Duration between = sim::from_seconds(1.0 / work.arrivals.count());
  const bool steady = work.arrival_distribution == workload::Distribution::fixed;
  while (!host_.workers_[at(vm.vcpus.front())].dead) {
    co_await host_.engine_.delay(steady ? between : random_.exponential(between));
    ++came_;
    host_.engine_.spawn(hand_over(host_.engine_.now()));
  }
}

sim::Process OpenRequests::hand_over(sim::Instant came) {
  const RunningVm& vm = host_.vms_[at(vm_)];
  Request request{.came = came};
  const sim::Duration emulation = vm.description->workload.emulation;
  if (vm.emulator >= 0 && emulation > sim::Duration::zero()) {
    co_await host_.emulate(vm.emulator, emulation, -1);
    request.handed_over_on = host_.cpu_of(vm.emulator);
  }
  serve(request);
}

void OpenRequests::serve(Request request) {
  const auto idle = [](const Server& one) { return one.waiter != nullptr; };
  const auto free = std::count_if(servers_.begin(), servers_.end(), idle);
  if (free == 0) {
    waiting_.push_back(request);
    return;
  }
  auto skip = std::min(free - 1,
                       static_cast<std::ptrdiff_t>(random_.uniform() * static_cast<double>(free)));
  Server& one = *std::find_if(servers_.begin(), servers_.end(),
                              [&](const Server& each) { return idle(each) && skip-- == 0; });
  one.timeout.cancel();
  one.has = request;
  std::exchange(one.waiter, nullptr).resume();
}

// --- what is said of them ---

void OpenRequests::begin_measuring() {
  came_ = 0;
  waited_ = waiting_.size();
}

void OpenRequests::report(const RunningHost& host, const VmKind& kind, Results& results) {
  if (kind.description->workload.arrivals.count() <= 0) return;
  double waiting = 0, waited = 0, came = 0;
  for (const int vm : kind.vms) {
    const OpenRequests& own = *host.vms_[at(vm)].requests;
    waiting += static_cast<double>(own.waiting_.size());
    waited += static_cast<double>(own.waited_);
    came += static_cast<double>(own.came_);
  }
  const std::string& name = kind.description->name;
  results.metrics.push_back({fmt::format("vm.{}.requests.waiting", name),
                             waiting / static_cast<double>(kind.vms.size())});
  const double more = waiting - waited;
  if (more > kFew && more > kMany * came)
    results.notes.push_back(
        fmt::format("requests come to vm.{0} faster than it serves them: {1:.0f} more of {2:.0f} "
                    "wait at the end than when measuring began, and wait the longer the longer "
                    "the run; vm.{0}.workload.arrivals is beyond what it can do here",
                    name, more, came));
}

}  // namespace models
