// VMs that come from other hosts, and the threads that migrations work on.
#include "models/running_host.hpp"

namespace models {
namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

void RunningHost::arrive(int vm) {
  for (const int id : vms_[at(vm)].vcpus) engine_.spawn(live(id));
}

int RunningHost::add_kernel_thread() {
  const scheduler::GroupId group = scheduler_->add_group(scheduler::GroupConfig{});
  const int worker = add_worker(-1, {}, group);
  workers_[at(worker)].progress.pace({.by_cause = {kEmulatorUnit_s}, .total_s = kEmulatorUnit_s});
  return worker;
}

}  // namespace models
