#include "models/host_scheduler.hpp"

#include "models/scheduler/cfs.hpp"
#include "models/scheduler/credit.hpp"
#include "models/scheduler/credit2.hpp"
#include "models/scheduler/eevdf.hpp"
#include "sim/error.hpp"

namespace models {
namespace {

scheduler::CpuMap cpu_map(const topology::Topology& topology) {
  scheduler::CpuMap map;
  for (int cpu = 0; cpu < topology.cpus(); ++cpu) {
    map.core.push_back(topology.cpu(cpu).core);
    map.llc.push_back(topology.cpu(cpu).llc);
    map.node.push_back(topology.cpu(cpu).node);
  }
  for (int node = 0; node < topology.nodes(); ++node) {
    auto& row = map.distance.emplace_back();
    for (int other = 0; other < topology.nodes(); ++other) {
      row.push_back(topology.distance(node, other));
    }
  }
  return map;
}

}  // namespace

std::unique_ptr<scheduler::Scheduler> make_scheduler(sim::Engine& engine,
                                                     const HostDescription& description,
                                                     const topology::Topology& topology,
                                                     scheduler::Dispatch& dispatch) {
  const bool balancing = !description.without.contains(Mechanism::balancing_migrations);
  switch (description.vmm.scheduler) {
    case SchedulerKind::cfs: {
      scheduler::CfsTunables tunables = description.vmm.cfs;
      tunables.balancing = balancing;
      return std::make_unique<scheduler::Cfs>(engine, cpu_map(topology), tunables, dispatch);
    }
    case SchedulerKind::eevdf: {
      scheduler::EevdfTunables tunables = description.vmm.eevdf;
      tunables.balancing = balancing;
      return std::make_unique<scheduler::Eevdf>(engine, cpu_map(topology), tunables, dispatch);
    }
    // Xen's own choice of a CPU at wake-up is part of how it runs; balancing is moves beside that.
    case SchedulerKind::credit: {
      scheduler::CreditTunables tunables = description.vmm.credit;
      tunables.balancing = balancing;
      return std::make_unique<scheduler::Credit>(engine, cpu_map(topology), tunables, dispatch);
    }
    case SchedulerKind::credit2: {
      scheduler::Credit2Tunables tunables = description.vmm.credit2;
      tunables.balancing = balancing;
      return std::make_unique<scheduler::Credit2>(engine, cpu_map(topology), tunables, dispatch);
    }
  }
  throw sim::ModelError{"unknown scheduler kind"};
}

}  // namespace models
