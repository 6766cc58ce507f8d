// What a guest asks of its disk: jobs whose transactions are made of computing and of I/Os.
//
// Models  closed loops (fio's jobs and depth, threads of a server) and open arrivals; transactions
//         of several I/Os one after the other; durability asked for every so many writes. The
//         guest's kernel goes before its other processes and costs instructions for each I/O.
// Omits   fairness between a job and other processes of its vCPU: a job that wakes runs at once.
// Source  fio(1): iodepth, numjobs, rw, bs, fdatasync.
// Checked tests/models/io_paths_test.cpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/units.hpp"

namespace models::workload {

enum class Pattern { random, sequential };
// Which blocks a job uses. automatic: of jobs that go in order each has a part of its own; at
// random they share all of them.
enum class Parts { automatic, own, shared };

struct BlockShare {
  sim::Bytes size{};
  double share = 0.0;  // of the I/Os; what all say is taken as their sum
};

struct IoProfile {
  int jobs = 0;             // threads that do I/O; job i stays on vCPU i mod vcpus; 0: none
  int depth = 1;            // transactions of a job under way at once
  int operations = 1;       // I/Os of a transaction, one after the other
  double read_share = 1.0;  // of the I/Os; the rest are writes
  Pattern pattern = Pattern::random;
  sim::Bytes block{4'096};           // of one I/O
  std::vector<BlockShare> blocks{};  // sizes that are mixed; none: all are of `block`
  sim::Bytes offset{};               // on the disk, where what it uses begins
  sim::Bytes span{};                 // of the disk, from there; zero: all of it
  Parts parts = Parts::automatic;
  sim::Instructions compute{};      // of the application, a transaction
  sim::Instructions submit{};       // of the kernel, an I/O: system call, file system, block layer
  sim::Instructions page{};         // of the kernel, each 4 KiB of an I/O: pinning, mapping
  sim::Instructions complete{};     // of the kernel, an I/O: interrupt, completion, waking the job
  sim::Instructions cached{};       // of the kernel, an I/O through the guest's page cache
  sim::Instructions cached_page{};  // and each 4 KiB of it: looking it up, copying it
  int sync_every = 0;               // writes of a job between two fdatasync; 0: never
  int files = 1;                    // that it writes to; a job syncs those that it has written to
  bool direct = true;               // O_DIRECT; else through the guest's page cache
  sim::Duration think{};            // mean, exponential, between two transactions of a closed loop
  bool steady_think = false;        // always as long
  sim::Hertz rate{};                // of a job's transactions, at most; zero: as fast as they go
  sim::Hertz arrivals{};            // of transactions at one VM, Poisson; zero: closed loops
  std::int64_t requests = 0;        // I/Os after which it ends; 0: goes on
  bool any() const { return jobs > 0; }
  double mean_block_B() const {
    double bytes = 0.0, shares = 0.0;
    for (const BlockShare& one : blocks) {
      bytes += one.share * static_cast<double>(one.size.count());
      shares += one.share;
    }
    return shares > 0 ? bytes / shares : static_cast<double>(block.count());
  }
  sim::Bytes largest_block() const {
    sim::Bytes most = blocks.empty() ? block : sim::Bytes{};
    for (const BlockShare& one : blocks) most = std::max(most, one.size);
    return most;
  }
  // What jobs use of a disk of `capacity`, together; of that, each.
  sim::Bytes used(sim::Bytes capacity) const {
    const sim::Bytes whole = std::max(sim::Bytes{}, capacity - offset);
    return span.count() > 0 ? std::min(span, whole) : whole;
  }
  sim::Bytes used_by_job(sim::Bytes capacity) const {
    return apart() ? used(capacity) / jobs : used(capacity);
  }
  bool apart() const {  // jobs have each a part of their own
    return parts == Parts::own || (parts == Parts::automatic && pattern == Pattern::sequential);
  }
};

}  // namespace models::workload
