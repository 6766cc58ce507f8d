// The causes of time, the vocabulary that all models share.
#pragma once

#include <string_view>

namespace models {

// Where a vCPU's time went. Each picosecond of a vCPU belongs to exactly one cause; over a VM
// class the shares sum to 1.
enum class Cause {
  running,              // instructions and cache hits at the clock of an otherwise idle core
  llc_misses,           // local memory at idle latency
  remote_memory,        // extra idle latency of remote nodes
  controller_queueing,  // waiting at memory controllers
  link_queueing,        // waiting on QPI/UPI/HT/FSB
  cold_caches,          // refilling after a switch or a move
  translation,          // page walks
  exits,                // VM exits and what their handlers do
  ticks,                // clock ticks of guest and host
  page_faults,          // first touches, copies of merged pages that were written
  numa_balancing,       // scans, hinting faults and page moves of NUMA balancing
  swap_in,              // waiting for a page to be read back
  spinning,             // waiting for a lock or a contended line, or for others to flush TLBs
  smt,                  // the sibling thread's use of the core
  steal,                // runnable, not running
  co_stop,              // stopped until a slower vCPU of the VM has caught up
  scheduler,            // switching threads, world switches, wake-up path
  halt_polling,         // halted, but looking for an interrupt on its CPU
  io_threads,           // halted, its job waits for the VMM's threads
  io_limits,            // halted, its job waits for its I/O limits
  image_metadata,       // halted, its job waits for its image's metadata and copies
  redundancy,           // halted, its job waits for an array's pre-reads and parity
  storage,              // halted, its job waits for disks
  network,              // halted, its conversations wait for the network and who is at its end
  idle,                 // halted or blocked: nothing to do
};
inline constexpr int kCauses = 25;

// Name in JSON, and a sentence for `tenancy keys --metrics`.
std::string_view name(Cause cause);
std::string_view sentence(Cause cause);

}  // namespace models
