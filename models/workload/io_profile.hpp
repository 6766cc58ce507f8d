// What a guest asks of its disk: jobs whose transactions are made of computing and of I/Os.
//
// Models  closed loops (fio's jobs and depth, threads of a server) and open arrivals; transactions
//         of several I/Os one after the other; sequences with holes or backwards, runs from random
//         places, places that are asked for more often; durability asked for every so many writes.
//         The guest's kernel goes before its other processes and costs instructions for each I/O.
// Omits   fairness between a job and other processes of its vCPU: a job that wakes runs at once.
// Source  fio(1): iodepth, numjobs, rw, bs, random_distribution, fdatasync.
// Checked tests/models/io_paths_test.cpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "models/workload/places.hpp"
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
  std::vector<int> cpus{};  // or on these of the VM's vCPUs, in turn
  int depth = 1;            // transactions of a job under way at once
  int batch = 1;            // of them, how many end before the job begins as many more
  int operations = 1;       // I/Os of a transaction, one after the other
  double read_share = 1.0;  // of the I/Os; the rest are writes
  Pattern pattern = Pattern::random;
  sim::Bytes block{4'096};           // of one I/O
  std::vector<BlockShare> blocks{};  // sizes that are mixed; none: all are of `block`
  sim::Bytes write_block{};          // of writes; zero: as reads
  std::vector<BlockShare> write_blocks{};
  sim::Bytes align{};         // random places are multiples of it; zero: of the I/O's size
  Placement distribution{};   // of random places
  double random_share = 1.0;  // of the I/Os at random; the rest follow the one before
  int run = 1;                // I/Os from each random place on
  bool repeat = false;        // they are all at that place
  sim::Bytes skip{};          // from the end of an I/O of a sequence to the next one's begin
  bool backwards = false;     // that is before the end, not behind it
  sim::Bytes increment{};     // by which each job begins behind the job before
  sim::Bytes offset{};        // on the disk, where what it uses begins
  sim::Bytes span{};          // of the disk, from there; zero: all of it
  double increment_share = 0.0, offset_share = 0.0;  // of the disk, added to these
  double span_share = 0.0;                           // of the disk, instead of span
  Parts parts = Parts::automatic;
  sim::Instructions compute{};      // of the application, a transaction
  sim::Instructions submit{};       // of the kernel, an I/O: system call, file system, block layer
  sim::Instructions page{};         // of the kernel, each 4 KiB of an I/O: pinning, mapping
  sim::Instructions complete{};     // of the kernel, an I/O: interrupt, completion, waking the job
  sim::Instructions cached{};       // of the kernel, an I/O through the guest's page cache
  sim::Instructions cached_page{};  // and each 4 KiB of it: looking it up, copying it
  int sync_every = 0;               // writes of a job between two fdatasync; 0: never
  int files = 1;                    // that it writes to; a job syncs those that it has written to
  bool files_in_turn = false;       // a sequence goes through all side by side, an I/O of each
  bool direct = true;               // O_DIRECT; else through the guest's page cache
  sim::Duration think{};            // mean, exponential, between transactions (of several: batches)
  bool steady_think = false;        // always as long
  int think_every = 1;              // transactions
  sim::Hertz rate{};                // of a job's transactions, at most; zero: as fast as they go
  bool random_rate = false;         // times between them are exponential; else alike
  sim::Hertz arrivals{};            // of transactions at one VM, Poisson; zero: closed loops
  std::int64_t requests = 0;        // I/Os after which it ends; 0: goes on
  bool any() const { return jobs > 0; }
  // Sizes of writes are others than those of reads.
  bool own_writes() const { return write_block.count() > 0 || !write_blocks.empty(); }
  double mean_block_B() const {
    const double reads_B = mean_B(blocks, block);
    if (!own_writes()) return reads_B;
    return read_share * reads_B + (1.0 - read_share) * mean_B(write_blocks, write_block);
  }
  sim::Bytes largest_block() const {
    return std::max(largest(blocks, block),
                    own_writes() ? largest(write_blocks, write_block) : sim::Bytes{});
  }
  // What random places are counted in, other than where all are as likely.
  sim::Bytes place() const {
    sim::Bytes least = blocks.empty() ? block : blocks.front().size;
    for (const std::vector<BlockShare>* mix : {&blocks, &write_blocks}) {
      for (const BlockShare& one : *mix) least = std::min(least, one.size);
    }
    if (write_block.count() > 0) least = std::min(least, write_block);
    return align.count() > 0 ? align : least;
  }
  // What jobs use of a disk of `capacity`, together; of that, each.
  sim::Bytes used(sim::Bytes capacity) const {
    const sim::Bytes whole =
        std::max(sim::Bytes{}, capacity - offset - part(capacity, offset_share));
    const sim::Bytes asked = span.count() > 0 ? span : part(capacity, span_share);
    return asked.count() > 0 ? std::min(asked, whole) : whole;
  }
  sim::Bytes from(sim::Bytes capacity, int job) const {
    const sim::Bytes begin = offset + part(capacity, offset_share);
    const sim::Bytes apart_by = increment + part(capacity, increment_share);
    return begin + apart_by * job + (apart() ? used(capacity) / jobs * job : sim::Bytes{});
  }
  sim::Bytes used_by_job(sim::Bytes capacity, int job) const {
    const sim::Bytes own = apart() ? used(capacity) / jobs : used(capacity);
    const sim::Bytes behind = std::max(sim::Bytes{}, capacity - from(capacity, job));
    return span.count() > 0 ? own : std::min(own, behind);
  }
  bool apart() const {  // jobs have each a part of their own
    return parts == Parts::own || (parts == Parts::automatic && pattern == Pattern::sequential);
  }

 private:
  // In whole pages of 4 KiB.
  static sim::Bytes part(sim::Bytes capacity, double share) {
    constexpr double kPage_B = 4096.0;
    const double pages = static_cast<double>(capacity.count()) * share / kPage_B;
    return sim::Bytes{4096} * static_cast<std::int64_t>(pages);
  }
  static double mean_B(const std::vector<BlockShare>& mix, sim::Bytes otherwise) {
    double bytes = 0.0, shares = 0.0;
    for (const BlockShare& one : mix) {
      bytes += one.share * static_cast<double>(one.size.count());
      shares += one.share;
    }
    return shares > 0 ? bytes / shares : static_cast<double>(otherwise.count());
  }
  static sim::Bytes largest(const std::vector<BlockShare>& mix, sim::Bytes otherwise) {
    sim::Bytes most = mix.empty() ? otherwise : sim::Bytes{};
    for (const BlockShare& one : mix) most = std::max(most, one.size);
    return most;
  }
};

}  // namespace models::workload
