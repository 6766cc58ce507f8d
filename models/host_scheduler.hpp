// The scheduler that a host's description asks for, over its CPUs.
//
// Part of the composition root (host.hpp).
#pragma once

#include <memory>

#include "models/host_description.hpp"
#include "models/scheduler/scheduler.hpp"
#include "models/topology/topology.hpp"
#include "sim/engine.hpp"

namespace models {

std::unique_ptr<scheduler::Scheduler> make_scheduler(sim::Engine& engine,
                                                     const HostDescription& description,
                                                     const topology::Topology& topology,
                                                     scheduler::Dispatch& dispatch);

}  // namespace models
