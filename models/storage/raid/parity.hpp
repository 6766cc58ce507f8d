// RAID 5 and 6 in software: rows of 4 KiB in a stripe cache, handled by raid5d or its group.
//
// A write is laid into the rows that it touches. Neighbouring rows that ask for the same are
// handled together, one request to each member:
//   pass 1 -> pre-read -> pass 2, XOR -> data and parity written -> pass 3       (small write)
//   pass 1, XOR -> data and parity written -> pass 2                            (full stripe)
// The end of a pre-read finds the row as it is then: writes that have come meanwhile are written
// with it, as a full stripe if they fill it. Rows that need a pre-read and for which nobody waits
// are delayed while any pre-read is under way, so that more writes may fill them, and then held
// while full stripes are (hold_list.hpp); synchronous writes go at once (REQ_SYNC).
//
// Models  read-modify-write, reconstruct-write and full stripes (stripe_plan.hpp), cached blocks,
//         reads within a chunk that bypass the cache, one at a time under the array's lock in
//         older kernels, degraded reads and writes, CPU time of
//         passes and of parity on the array's threads, bitmap ahead of the row's handling.
// Omits   the journal and partial parity log, waits of overlapping writes for each other (they
//         join), merging of requests across stripes, batches of full stripes (each row pays its
//         passes), one group of threads per NUMA node.
// Source  semantics.md 7; raid5.c raid5_make_request, raid5_activate_delayed, handle_stripe.
// Checked tests/models/storage/raid/parity_test.cpp.
#pragma once

#include <vector>

#include "models/storage/raid/hold_list.hpp"
#include "models/storage/raid/md.hpp"
#include "models/storage/raid/stripe_cache.hpp"
#include "sim/join.hpp"
#include "sim/server.hpp"

namespace models::storage::raid {

class Parity : public Md {
 public:
  Parity(sim::Engine& engine, const Description& description, std::vector<BlockDevice*> members,
         std::vector<Thread*> threads);

 private:
  // Neighbouring rows of one stripe with the same plan.
  struct Run {
    std::int64_t first = 0;
    int rows = 0;
    RowPlan plan;
    bool fua = false;
    int gathered = 0;  // rows that might pre-read: others are delayed until their writes are out
    bool gathers() const { return plan.reads != 0 && plan.writes != 0; }
    bool full() const { return !gathers() && plan.method == Method::full_stripe; }
  };

  sim::Task<> read(Request request) override;
  sim::Task<> read_from(Piece piece, Request request);
  sim::Task<> write(Request request) override;
  sim::Task<> restore(int target, sim::Bytes offset, sim::Bytes size) override;
  sim::Task<> restore_rows(int target, sim::Bytes offset, sim::Bytes size);

  // Lays the part of a request into its rows; waits where the cache is full.
  sim::Task<> lay(ParityPiece piece, Request request, Countdown& done);
  sim::Task<Row*> room_for(std::int64_t number, bool begins);
  void ask(Row& row, int member, bool whole, const Request& request, Countdown& done);

  void kick();
  void dispatch();
  void hold_delayed();
  void start(Row& row, const RowPlan& plan, Run& run);
  void launch(Run& run);
  RowPlan plan(const Row& row) const;
  sim::Process gather(Run run);
  sim::Process handle(Run run);
  sim::Task<> announce(const Run& run);
  sim::Task<> fetch(const Run& run);
  void finish(const Run& run);
  void write_parity(sim::Bytes offset, sim::Bytes size, sim::Join& writes);
  void count(const Run& run);
  sim::Task<> pass(const Run& run, bool computes);
  void move(const Run& run, Blocks blocks, Operation operation, sim::Join& join);
  Blocks present(sim::Bytes offset, sim::Bytes size) const;

  StripeCache cache_;
  int rmw_level_;
  std::int64_t rows_per_chunk_;
  sim::Server device_lock_;
  sim::Signal room_;         // rows are free again
  sim::Server submissions_;  // of those that have waited for a row
  sim::Event dispatch_;
  std::vector<Row*> queued_;
  std::vector<Row*> delayed_;
  HoldList held_;
  std::vector<Row*> batch_;  // those being dispatched
  int gathering_ = 0;        // rows from hold list or pre-read to write (preread_active_stripes)
  int full_stripes_ = 0;     // rows being written (pending_full_writes)
};

}  // namespace models::storage::raid
