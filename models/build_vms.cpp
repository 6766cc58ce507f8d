// From the description of VMs to threads in scheduler groups, streams and memory placements.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "models/huge_pages.hpp"
#include "models/io_paths.hpp"
#include "models/network_paths.hpp"
#include "models/open_requests.hpp"
#include "models/pcie_cards.hpp"
#include "models/running_host.hpp"
#include "sim/entitlement.hpp"
#include "sim/error.hpp"

namespace models {
namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

memory::Policy policy(NumaMode mode) {
  switch (mode) {
    case NumaMode::first_touch:
      return memory::Policy::first_touch;
    case NumaMode::strict:
      return memory::Policy::strict;
    case NumaMode::interleave:
      return memory::Policy::interleave;
    case NumaMode::preferred:
      return memory::Policy::preferred;
  }
  throw sim::ModelError{"unknown NUMA mode"};
}

// Nodes whose CPUs the VM's vCPUs may use.
std::vector<int> nodes_of(const VmPlace& place, const topology::Topology& topology) {
  std::set<int> nodes;
  for (const std::vector<int>& cpus : place.vcpu_cpus) {
    for (const int cpu : cpus) nodes.insert(topology.cpu(cpu).node);
    for (int node = 0; cpus.empty() && node < topology.nodes(); ++node) nodes.insert(node);
  }
  return {nodes.begin(), nodes.end()};
}

double exit_cycles(const HostDescription& host, vmm::ExitKind kind) {
  const bool none =
      host.vmm.architecture == Architecture::container || host.without.contains(Mechanism::exits);
  if (none) return 0.0;
  const vmm::ExitHardware hardware = exit_hardware(host.hardware);
  return kind == vmm::ExitKind::ipi ? vmm::until_taken_cycles(hardware, host.vmm.exits)
                                    : vmm::cycles(kind, hardware, host.vmm.exits);
}

// Cycles an instruction: of page tables that a paravirtual guest may not write itself.
double paravirtual_paging(const VmDescription& vm, const HostDescription& host) {
  const bool none =
      host.vmm.architecture == Architecture::container || host.without.contains(Mechanism::exits);
  if (none || paging(host) != translation::Paging::native) return 0.0;
  const workload::Description& work = vm.workload;
  const vmm::ExitCosts& costs = host.vmm.exits;
  return (work.exits[vmm::ExitKind::page_table] * static_cast<double>(costs.table_update.count()) +
          work.address_spaces.switches_per_kilo_instruction *
              static_cast<double>(costs.address_space.count())) /
         1000.0;
}

compute::Burden burden(const VmDescription& vm, const HostDescription& host, double tick_cycles) {
  compute::Burden all{.walks = table_walks(vm, host, coverage_at_start(vm, host))};
  if (!host.without.contains(Mechanism::cache_allocation)) all.llc_ways = vm.llc_ways;
  for (int kind = 0; kind < vmm::kExitKinds; ++kind) {
    const auto k = static_cast<vmm::ExitKind>(kind);
    // Of shadow paging alone, in which the VMM follows the guest's page tables.
    if (k == vmm::ExitKind::page_table && paging(host) != translation::Paging::shadow) continue;
    all.exit_cycles_per_instruction += vm.workload.exits[k] / 1000.0 * exit_cycles(host, k);
  }
  const bool guest = host.vmm.architecture != Architecture::container;
  if (guest && paging(host) == translation::Paging::shadow &&
      !host.without.contains(Mechanism::exits)) {
    const vmm::AddressSpaces& spaces = vm.workload.address_spaces;
    all.exit_cycles_per_instruction +=
        spaces.switches_per_kilo_instruction / 1000.0 *
        vmm::switch_cycles(spaces, exit_hardware(host.hardware), host.vmm.exits, host.vmm.shadow);
  }
  all.exit_cycles_per_instruction += paravirtual_paging(vm, host);
  if (!host.without.contains(Mechanism::ticks)) {
    const bool none =
        host.vmm.architecture == Architecture::container || host.without.contains(Mechanism::exits);
    const double host_tick =
        none ? static_cast<double>(host.vmm.host_tick.count())
             : vmm::host_tick_cycles(host.vmm.host_tick, exit_hardware(host.hardware),
                                     host.vmm.exits);
    all.tick_cycles_per_second = host.vmm.host_tick_hz * host_tick + vm.clock.tick_hz * tick_cycles;
  }
  return all;
}

// One tick of the guest's clock.
double tick_cycles(const VmDescription& vm, const HostDescription& host) {
  const bool none =
      host.vmm.architecture == Architecture::container || host.without.contains(Mechanism::ticks);
  if (none) return 0.0;
  if (host.without.contains(Mechanism::exits)) return static_cast<double>(vm.clock.handler.count());
  return vmm::tick_cycles(vm.clock, exit_hardware(host.hardware), host.vmm.exits);
}

// What a vCPU of a VM has to weigh at least, that its reservation is kept on the CPU that it is on:
// balancing leaves whole vCPUs of `other` weight there, one at least, and as many as make the CPU's
// load the mean. `others`: what all other VMs weigh together. Nothing where it has a vCPU for every
// CPU, for there its share of all is its share of each.
double guaranteed_weight(double reserved, int vcpus, int cpus, double other, double others) {
  constexpr double kMost = 0.99;  // of a CPU
  const double least = std::min(reserved, kMost) / (1.0 - std::min(reserved, kMost));
  const double beside = others / cpus;
  if (vcpus >= cpus) return 0.0;
  double best = std::numeric_limits<double>::infinity();
  for (double n = 1.0; n < beside / other + 2.0; ++n) {
    const double alone = (beside - n * other) / (1.0 - static_cast<double>(vcpus) / cpus);
    best = std::min(best, std::max(least * n * other, alone));
  }
  return best;
}

}  // namespace

int RunningHost::add_worker(int vm, const std::vector<int>& cpus, scheduler::GroupId group,
                            scheduler::LimitId limit) {
  static const vmm::HaltPollTunables kNever{};
  Worker& worker = workers_.emplace_back(*this, vm, kNever);
  worker.thread = scheduler_->add_thread({.group = group, .limit = limit, .allowed = cpus});
  const int id = static_cast<int>(workers_.size()) - 1;
  worker_of_thread_.push_back(id);
  return id;
}

scheduler::LimitId RunningHost::add_limit(sim::Duration quota, sim::Duration period) {
  if (quota == sim::Duration::zero()) return scheduler::kNoLimit;
  return scheduler_->add_limit(quota, period);
}

int RunningHost::add_thread(int vm, const std::vector<int>& cpus, scheduler::GroupId group) {
  return add_thread(vm, cpus, group, vm < 0 ? scheduler::kNoLimit : vms_[at(vm)].emulators);
}

int RunningHost::add_thread(int vm, const std::vector<int>& cpus, scheduler::GroupId group,
                            scheduler::LimitId limit) {
  const int id = add_worker(vm, cpus, group, limit);
  workers_[at(id)].progress.pace({.by_cause = {kEmulatorUnit_s}, .total_s = kEmulatorUnit_s});
  return id;
}

// CPU claims of all VMs, in Hz, as scheduler groups: weights in proportion to what each is entitled
// to when all contend, which is its shares unless something is reserved; limits as quotas.
std::vector<scheduler::GroupConfig> RunningHost::groups() const {
  const double clock_Hz = topology_.description().frequency.count();
  std::vector<sim::Claim> claims;
  double shares = 0.0;
  bool reserved = false;
  for (const VmDescription& vm : description_.vms) {
    for (int i = 0; i < vm.count; ++i) {
      // Its own vCPUs are a limit, too.
      const double most_Hz = std::min(vm.vcpus, topology_.cpus()) * clock_Hz;
      claims.push_back(
          {.shares = static_cast<double>(vm.shares),
           .reservation = vm.reservation.count(),
           .limit = vm.limit.count() > 0 ? std::min(most_Hz, vm.limit.count()) : most_Hz});
      shares += vm.shares;
      reserved = reserved || vm.reservation.count() > 0;
    }
  }
  const double capacity_Hz = clock_Hz * topology_.cpus();
  const std::vector<double> entitled =
      reserved ? sim::entitlements(capacity_Hz, claims) : std::vector<double>{};
  double total = 0.0;
  for (const double one : entitled) total += one;
  const auto keeping = [&](const VmDescription& vm, double weight) {
    double other = 0.0, others = -weight;
    std::size_t i = 0;
    for (const VmDescription& each : description_.vms) {
      if (each.count == 0) continue;
      const double own = shares * entitled[i] / total;
      others += own * each.count;
      i += at(each.count);
      if (&each != &vm || vm.count > 1) other = std::max(other, own / each.vcpus);
    }
    if (vm.reservation.count() <= 0 || other <= 0) return weight;
    const double wanted = vm.reservation.count() / (clock_Hz * vm.vcpus);
    return std::max(
        weight, vm.vcpus * guaranteed_weight(wanted, vm.vcpus, topology_.cpus(), other, others));
  };
  std::vector<scheduler::GroupConfig> all;
  for (const VmDescription& vm : description_.vms) {
    for (int i = 0; i < vm.count; ++i) {
      scheduler::GroupConfig group{.shares = static_cast<double>(vm.shares),
                                   .quota = vm.cputune.global_quota,
                                   .period = vm.cputune.global_period};
      if (reserved)
        group.shares = std::max(2.0, keeping(vm, shares * entitled[all.size()] / total));
      if (vm.limit.count() > 0) {
        const sim::Duration quota =
            sim::from_seconds(sim::seconds(group.period) * vm.limit.count() / clock_Hz);
        const bool unlimited = group.quota == sim::Duration::zero();
        group.quota = unlimited ? quota : std::min(group.quota, quota);
      }
      all.push_back(group);
    }
  }
  return all;
}

void RunningHost::build_vms(HostStorage::Remote* remote, GuestReach* reach) {
  const std::vector<VmPlace> places = place_vms(description_.vms, topology_);
  const std::vector<scheduler::GroupConfig> configs = groups();
  cards_ = std::make_unique<PcieCards>(engine_, description_, topology_);
  io_ = std::make_unique<IoPaths>(*this, description_, remote);
  network_ = std::make_unique<NetworkPaths>(*this, description_, reach);
  const bool emulation = !description_.without.contains(Mechanism::emulation);
  for (const VmDescription& description : description_.vms) {
    Kind& kind = kinds_.emplace_back();
    kind.description = &description;
    kind.tick_cycles = tick_cycles(description, description_);
    for (int i = 0; i < description.count; ++i) {
      const int index = static_cast<int>(vms_.size());
      const VmPlace& place = places[at(index)];
      const scheduler::GroupId group = scheduler_->add_group(configs[at(index)]);
      Vm& vm = vms_.emplace_back(Vm{
          .description = &description,
          .kind = static_cast<int>(kinds_.size()) - 1,
          .vcpus = {},
          .nodes = nodes_of(place, topology_),
          .emulator = -1,
          .placement = {memory_, policy(description.numa.mode), place.nodes, resident(description)},
          .modes = engine_.stream(fmt::format("vm.{}.{}.modes", description.name, i)),
          .last_boosted = 0,
          .in_memory = -1,
          .filling = true});
      const CpuTune& tune = description.cputune;
      vm.emulators = add_limit(tune.emulator_quota, tune.emulator_period);
      vm.accesses = vm.placement.shares();
      for (std::size_t n = 0; n < place.virtual_nodes.size() && description.virtual_nodes > 1;
           ++n) {
        vm.virtual_nodes.emplace_back(topology_.memories(), place.virtual_nodes[n]);
        vm.node_accesses.push_back(vm.accesses);
      }
      kind.vms.push_back(index);
      for (const std::vector<int>& cpus : place.vcpu_cpus) {
        const int id = add_worker(index, cpus, group, add_limit(tune.quota, tune.period));
        workers_.back().poll = vmm::HaltPoll{description_.vmm.halt_poll};
        Worker& worker = workers_[at(id)];
        worker.virtual_node =
            static_cast<int>(vm.vcpus.size()) * description.virtual_nodes / description.vcpus;
        worker.accesses =
            vm.virtual_nodes.empty() ? &vm.accesses : &vm.node_accesses[at(worker.virtual_node)];
        vm.vcpus.push_back(id);
        worker.stream = contention_.add(description.workload.profile,
                                        burden(description, description_, kind.tick_cycles));
        cold_.add();
        worker_of_stream_.push_back(id);
      }
      const bool boots = description.workload.boot.any();
      if (boots || (emulation && description.workload.emulation > sim::Duration::zero())) {
        vm.emulator = add_thread(index, place.emulator_cpus, group);
      }
      if (description.workload.arrivals.count() > 0)
        vm.requests = std::make_shared<OpenRequests>(*this, index);
      if (description.workload.uses_disk() || (boots && !description.disks.empty()))
        io_->add(index, place.emulator_cpus, group);
      if (!description.nics.empty()) network_->add(index, place.emulator_cpus, group);
    }
  }
  share_lines();
}

// Who reads whose modified lines; a VM that is not there leaves them in the LLC.
void RunningHost::share_lines() {
  for (const Vm& vm : vms_) {
    const VmDescription& own = *vm.description;
    if (own.workload.profile.contended_lines_per_kilo_instruction > 0) {
      std::vector<compute::StreamId> streams;
      for (const int id : vm.vcpus) streams.push_back(workers_[at(id)].stream);
      contention_.write_together(streams);
    }
    if (own.workload.profile.dirty_lines_per_kilo_instruction <= 0) continue;
    std::vector<int> from;
    for (const Vm& other : vms_) {
      const bool read =
          own.reads_from.empty() ? &other == &vm : other.description->name == own.reads_from;
      if (read) from.insert(from.end(), other.vcpus.begin(), other.vcpus.end());
    }
    for (const int id : vm.vcpus) {
      std::vector<compute::StreamId> writers;
      for (const int writer : from) {
        if (writer != id) writers.push_back(workers_[at(writer)].stream);
      }
      contention_.read_from(workers_[at(id)].stream, std::move(writers));
    }
  }
}

}  // namespace models
