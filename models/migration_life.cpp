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
  return add_thread(-1, {}, scheduler_->add_group(scheduler::GroupConfig{}));
}

}  // namespace models
