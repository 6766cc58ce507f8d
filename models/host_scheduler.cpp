#include "models/host_scheduler.hpp"

#include <type_traits>

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
    map.socket.push_back(topology.cpu(cpu).socket);
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
  const auto make = [&]<class Kind>(std::type_identity<Kind>, auto tunables) {
    tunables.balancing = !description.without.contains(Mechanism::balancing_migrations);
    return std::make_unique<Kind>(engine, cpu_map(topology), tunables, dispatch);
  };
  const VmmDescription& vmm = description.vmm;
  switch (vmm.scheduler) {
    case SchedulerKind::cfs:
      return make(std::type_identity<scheduler::Cfs>{}, vmm.cfs);
    case SchedulerKind::eevdf:
      return make(std::type_identity<scheduler::Eevdf>{}, vmm.eevdf);
    // Xen's own choice of a CPU at wake-up is part of how it runs; balancing is moves beside that.
    case SchedulerKind::credit:
      return make(std::type_identity<scheduler::Credit>{}, vmm.credit);
    case SchedulerKind::credit2:
      return make(std::type_identity<scheduler::Credit2>{}, vmm.credit2);
  }
  throw sim::ModelError{"unknown scheduler kind"};
}

}  // namespace models
