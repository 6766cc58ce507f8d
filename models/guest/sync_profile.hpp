// How the vCPUs of one guest wait for each other.
#pragma once

#include "sim/units.hpp"

namespace models::guest {

struct SyncProfile {
  // A lock of the guest's kernel that all its vCPUs share; queued spinlock, first come first
  // served.
  sim::Instructions lock_every{};      // mean instructions between two uses by a vCPU; 0: none
  sim::Instructions lock_hold{};       // mean instructions that it is held
  int lock_lines = 0;                  // it and what it protects: from the core that held it before
  bool lock_masks_interrupts = false;  // who waits for it or holds it flushes no TLB (irqsave)
  // Unmapping memory: an interrupt to all vCPUs that are not idle, and a wait until each has run.
  sim::Instructions flush_every{};  // mean instructions between two by a vCPU; 0: none
  // Threads of one program: after each burst a vCPU spins until all have done theirs.
  bool barrier = false;

  // Share of its own work that a vCPU does in the guest's kernel.
  double kernel_share = 0.0;

  bool any() const { return lock_every.count() > 0 || flush_every.count() > 0; }
};

}  // namespace models::guest
