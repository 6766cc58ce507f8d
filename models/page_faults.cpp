// vCPUs that use pages which are not there: on the host's swap, or taken by the balloon.
#include <algorithm>
#include <limits>
#include <utility>

#include "models/memory_pressure.hpp"
#include "models/running_host.hpp"

namespace models {
namespace {

constexpr double kLongestStep_s = 0.1;  // a rate of faults is looked at again after that

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

// Instructions up to the vCPU's next access to a page that is not there.
double MemoryPressure::until_fault(Worker& worker, sim::Random& random) const {
  worker.faulting = false;
  const RunningVm& vm = host_.vms_[at(worker.vm)];
  if (host_.description_.without.contains(Mechanism::swap_in))
    return std::numeric_limits<double>::infinity();
  const double instruction_s = worker.state.pace.instruction_s;
  if (instruction_s <= 0) return kLongestStep_s * host_.topology_.description().frequency.count();
  const double step = kLongestStep_s / instruction_s;
  const double rate = memory_.fault_rate(vm.in_memory) / static_cast<double>(vm.vcpus.size());
  if (rate <= 0) return step;
  const double next = random.exponential(1.0 / rate) / instruction_s;
  worker.faulting = next <= step;
  return std::max(1.0, std::min(next, step));
}

// A task of the vCPU waits for a page. Whether the vCPU has to wait, too: KVM tells the guest, if
// it is in user mode, and its kernel runs another task, if there is one (asynchronous page faults).
bool MemoryPressure::await_page(int id, sim::Random& random) {
  constexpr int kMostAwaited = 64;  // ASYNC_PF_PER_VCPU, semantics.md 3.5
  Worker& worker = host_.workers_[at(id)];
  const VmDescription& vm = *host_.vms_[at(worker.vm)].description;
  const workload::Description& work = vm.workload;
  const bool told = work.tasks > 1 && vm.kvm_features.async_pf &&
                    host_.description_.vmm.architecture == Architecture::kvm &&
                    !host_.description_.without.contains(Mechanism::async_page_faults) &&
                    random.uniform() >= work.sync.kernel_share;
  ++worker.faults;
  ++worker.pages_awaited;
  host_.engine_.spawn(bring_in(id));
  if (!told) return true;
  host_.owe_exits(id, 1, vmm::ExitKind::inject);
  return worker.pages_awaited >= std::min(work.tasks, kMostAwaited);
}

sim::Process MemoryPressure::bring_in(int id) {
  Worker& worker = host_.workers_[at(id)];
  co_await swap_.serve(host_.topology_.description().swap.latency);
  memory_.fault(host_.vms_[at(worker.vm)].in_memory);
  --worker.pages_awaited;
  if (worker.dead) co_return;
  if (worker.page_waiter) {
    std::exchange(worker.page_waiter, {}).resume();
  } else {
    host_.owe_interrupt(id);
  }
}

void MemoryPressure::PageReady::await_suspend(std::coroutine_handle<> waiter) {
  RunningHost& host = pressure.host_;
  Worker& own = host.workers_[at(worker)];
  own.page_waiter = waiter;
  host.book(own);
  if (own.progress.state() != guest::Progress::State::running) return;
  own.progress.become(guest::Progress::State::stalled);
  host.scheduler_->block(own.thread);
}

}  // namespace models
