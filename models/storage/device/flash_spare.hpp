// How full a flash device's blocks are, and what reclaiming them costs: write amplification.
//
// Flash is written once between erasures, so that writes go to erased pages until few are left;
// from then on each page written needs one reclaimed. With live data L on P bytes of flash, spare
// r = (P - L) / L, and greedy reclaiming under uniformly random writes finds blocks of which a
// share v is still valid and must be copied first:
//   amplification W = max(1, (1 + r) / (2 r)),   v = 1 - 1/W
// Blocks hold what was written at the same time. Writes that go on where others ended write what
// is overwritten together too, however many such streams share the blocks: these leave nothing
// valid, and v is scaled by the share of bytes in shorter runs.
//
// Models  the write cliff, spare area, preconditioning, deallocation, random against sequential.
// Omits   hot and cold data apart, wear levelling, which blocks; live data are expected values;
//         streams side by side that come round at different times.
// Source  Agarwal, Marrow: A closed-form expression for write amplification in NAND flash
//         (GLOBECOM workshops 2010); Min, Kim, Cho, Lee, Eom: SFS: random write considered harmful
//         in solid state drives (FAST 2012): random writes of a few MiB cost as much as small ones,
//         of 16 to 32 MiB no more than sequential ones [recall].
// Checked tests/models/storage/device/flash_spare_test.cpp.
#pragma once

#include "models/storage/device/runs.hpp"
#include "sim/units.hpp"

namespace models::storage::device {

class FlashSpare {
 public:
  // `preconditioned`: share of the capacity that holds data, written in random order.
  FlashSpare(sim::Bytes capacity, double over_provisioning, double preconditioned);

  void write(sim::Bytes offset, sim::Bytes size);
  void deallocate(sim::Bytes size);
  // Erased flash has been used for so much of the host's data.
  void programmed(sim::Bytes size);

  bool collecting() const { return erased_ <= 0; }
  double amplification() const;  // flash written over host data written, now

 private:
  double capacity_;
  double flash_;
  double live_;
  double erased_;
  double random_share_ = 1.0;
  Runs runs_;
};

}  // namespace models::storage::device
