// The VMM as its administrator states it: scheduler and tunables, switch and exit costs.
#pragma once

#include <string>

#include "models/scheduler/tunables.hpp"
#include "sim/units.hpp"

namespace models {

enum class SchedulerKind { cfs, eevdf, credit, credit2 };
// How guests' addresses are translated; automatic: nested where the CPU can, else shadow.
enum class PagingKind { automatic, native, shadow, nested };

using scheduler::CfsTunables;
using scheduler::Credit2Tunables;
using scheduler::CreditTunables;
using scheduler::EevdfTunables;

struct VmmDescription {
  std::string name;
  std::string source;
  SchedulerKind scheduler = SchedulerKind::cfs;
  CfsTunables cfs;  // in force by `scheduler`
  EevdfTunables eevdf;
  CreditTunables credit;
  Credit2Tunables credit2;
  PagingKind paging = PagingKind::automatic;
  sim::Duration context_switch{2'000'000};  // direct cost of switching threads, 2 us
  sim::Cycles world_switch{2'000};          // VM exit + entry around a switch (SplitX)
  sim::Duration wake_latency{3'000'000};    // wake-up IPI to first instruction, 3 us
};

}  // namespace models
