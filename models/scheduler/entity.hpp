// What the queues of fair schedulers hold (fair.hpp).
#pragma once

namespace models::scheduler {

// What competes on a queue: a thread in its group's, a group in the CPU's. Virtual time is in ns.
struct Entity {
  double v = 0.0;
  double weight = 1024.0;
  double deadline = 0.0;   // EEVDF: of the present request
  double protected_v = 0;  // EEVDF: up to here nobody takes the CPU away
  double lag = 0.0;        // EEVDF: V - v when it last left a queue
  double left_at_v = 0.0;  // EEVDF: V of those that stayed, then
};

}  // namespace models::scheduler
