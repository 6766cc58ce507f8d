#include "models/numa_daemon.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/guest_placement.hpp"
#include "models/memory/host_memory.hpp"
#include "models/running_host.hpp"

namespace models {
namespace {

constexpr double kThreadShare = 20.0;  // DEFAULT_HTT_PERCENT: what a sibling thread is worth
constexpr double kMega_B = 1024.0 * 1024.0;

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

NumaDaemon::NumaDaemon(RunningHost& host) : host_{host} {
  const HostDescription& d = host.description_;
  const int nodes = host.topology_.nodes();
  if (!d.vmm.numad || d.without.contains(Mechanism::numa_balancing) || nodes < 2) return;
  worker_ = host.add_kernel_thread();
  processes_.resize(host.vms_.size());
  busy_s_.assign(host.vms_.size(), 0.0);
  moved_B_.assign(host.vms_.size(), 0.0);
}

sim::Engine& NumaDaemon::engine() {
  return host_.engine_;
}

void NumaDaemon::start() {
  if (runs()) host_.engine_.spawn(manage());
}

sim::Process NumaDaemon::manage() {
  const int nodes = host_.topology_.nodes();
  std::vector<std::vector<int>> distances;
  for (int a = 0; a < nodes; ++a) {
    std::vector<int>& row = distances.emplace_back();
    for (int b = 0; b < nodes; ++b) row.push_back(host_.topology_.distance(a, b));
  }
  const memory::NumadTunables& tunables = host_.description_.vmm.numad_tunables;
  const memory::Numad numad{tunables, distances};
  sim::Duration interval = tunables.min_interval;
  for (;;) {
    co_await host_.engine_.delay(interval);
    sample(sim::seconds(interval));
    interval = tunables.max_interval;
    const double now_s = sim::seconds(host_.engine_.now() - sim::kStart);
    const auto binding = numad.manage(now_s, processes_, nodes_);
    if (!binding) continue;
    interval = tunables.min_interval;
    memory::NumadProcess& process = processes_[at(binding->process)];
    process.nodes = binding->nodes;
    process.bound_s = now_s;
    bind(*binding);
    // migrate_pages copies page by page; the guest uses them where they are until they are there.
    const memory::NumaTunables& costs = host_.description_.vmm.numa;
    const double bytes = misplaced_B(*binding);
    const double page_s = static_cast<double>(costs.migrate_page.count()) /
                          host_.topology_.description().frequency.count();
    const double cpu_s = bytes / costs.copy_rate.count() + bytes / memory::kPage_B * page_s;
    if (cpu_s > 0) co_await host_.emulate(worker_, sim::from_seconds(cpu_s), -1);
    move_memory(*binding);
  }
}

// What VMs used since the last round, and what nodes have free.
void NumaDaemon::sample(double over_s) {
  const topology::Topology& topology = host_.topology_;
  nodes_.assign(at(topology.nodes()), {});
  std::vector<double> busy_s(nodes_.size(), 0.0);
  for (std::size_t index = 0; index < host_.vms_.size(); ++index) {
    const RunningVm& vm = host_.vms_[index];
    memory::NumadProcess& process = processes_[index];
    double all_s = 0.0;
    std::vector<double> on(nodes_.size(), 0.0);
    for (const int id : vm.vcpus) {
      Worker& worker = host_.workers_[at(id)];
      host_.book(worker);
      const double own_s = guest::busy_s(worker.progress.seconds());
      on[at(topology.cpu(host_.cpu_of(id)).node)] += own_s;
      all_s += own_s;
    }
    const double ran_s = std::max(0.0, all_s - std::exchange(busy_s_[index], all_s));
    process.cpus = 100 * ran_s / over_s;
    process.threads = static_cast<int>(vm.vcpus.size());
    process.memory.clear();
    for (int node = 0; node < topology.nodes(); ++node) {
      process.memory.push_back(static_cast<double>(vm.placement.on(node).count()) / kMega_B);
      if (all_s > 0) busy_s[at(node)] += ran_s * on[at(node)] / all_s;
    }
  }
  for (int n = 0; n < topology.nodes(); ++n) {
    memory::NumadNode& node = nodes_[at(n)];
    const auto threads = static_cast<double>(topology.cpus_of_node(n).size());
    const double cores = threads / topology.description().threads_per_core;
    node.cpus = 100 * cores + kThreadShare * (threads - cores);
    node.cpus_free = node.cpus * std::max(0.0, 1.0 - busy_s[at(n)] / over_s / threads);
    node.memory = static_cast<double>(topology.memory_of_node(n).count()) / kMega_B;
    node.memory_free = static_cast<double>(host_.memory_.free(n).count()) / kMega_B;
  }
}

void NumaDaemon::bind(const memory::NumadBinding& binding) {
  RunningVm& vm = host_.vms_[at(binding.process)];
  std::vector<scheduler::CpuId> cpus;
  for (const int node : binding.nodes) {
    const std::vector<int>& own = host_.topology_.cpus_of_node(node);
    cpus.insert(cpus.end(), own.begin(), own.end());
  }
  std::sort(cpus.begin(), cpus.end());
  if (vm.description->pin.mode == PinMode::none) {
    for (const int id : vm.vcpus) host_.scheduler_->allow(host_.thread_of(id), cpus);
    if (vm.emulator >= 0) host_.scheduler_->allow(host_.thread_of(vm.emulator), cpus);
  }
}

double NumaDaemon::misplaced_B(const memory::NumadBinding& binding) const {
  const RunningVm& vm = host_.vms_[at(binding.process)];
  double bytes = 0.0;
  for (int node = 0; node < host_.topology_.nodes(); ++node) {
    if (std::find(binding.nodes.begin(), binding.nodes.end(), node) == binding.nodes.end())
      bytes += static_cast<double>(vm.placement.on(node).count());
  }
  return bytes;
}

// From each node that is left in equal parts to those that the VM is bound to.
void NumaDaemon::move_memory(const memory::NumadBinding& binding) {
  RunningVm& vm = host_.vms_[at(binding.process)];
  if (vm.description->numa.mode != NumaMode::first_touch || reserves_hugepages(*vm.description))
    return;
  for (int node = 0; node < host_.topology_.nodes(); ++node) {
    if (std::find(binding.nodes.begin(), binding.nodes.end(), node) != binding.nodes.end())
      continue;
    const sim::Bytes part = vm.placement.on(node) / static_cast<std::int64_t>(binding.nodes.size());
    for (const int to : binding.nodes) {
      const bool last = to == binding.nodes.back();
      const sim::Bytes moved = vm.placement.move(node, to, last ? vm.placement.on(node) : part);
      moved_B_[at(binding.process)] += static_cast<double>(moved.count());
    }
  }
  for (memory::VirtualNode& own : vm.virtual_nodes) own.forget();  // whose pages went is not known
  host_.placement_->place(vm);
}

// Progress is about to be reset.
void NumaDaemon::begin_measuring() {
  std::fill(moved_B_.begin(), moved_B_.end(), 0.0);
  for (std::size_t index = 0; index < busy_s_.size(); ++index) {
    double all_s = 0.0;
    for (const int id : host_.vms_[index].vcpus) {
      Worker& worker = host_.workers_[at(id)];
      host_.book(worker);
      all_s += guest::busy_s(worker.progress.seconds());
    }
    busy_s_[index] -= all_s;
  }
}

void NumaDaemon::report(const RunLength& length, Results& results) {
  if (!runs()) return;
  const double measured_s = sim::seconds(length.duration);
  for (const VmKind& kind : host_.kinds_) {
    double moved_B = 0, bound = 0;
    for (const int index : kind.vms) {
      moved_B += moved_B_[at(index)];
      bound += !processes_[at(index)].nodes.empty();
    }
    const auto vms = static_cast<double>(kind.vms.size());
    const std::string object = "vm." + kind.description->name + ".numad.";
    results.metrics.push_back({object + "migrated", moved_B / measured_s / vms});
    results.metrics.push_back({object + "bound", bound / vms});
  }
}

}  // namespace models
