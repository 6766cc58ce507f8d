// khugepaged: the kernel's daemon that gathers small pages into huge ones.
//
// It goes round the anonymous memory of all processes, `pages_to_scan` pages a turn whether they
// are small or huge already, then sleeps. Of memory that was covered to a share c, after time t
//   c(t) = c + (most - c) min(1, t / round),   round = memory / pages_to_scan x sleep.
//
// Models  rate; what cannot be gathered (`most`): merged and swapped pages.
// Omits   its own time (8 huge pages of 2 MiB in 10 s), lack of free huge pages, the order of VMs
// in
//         a round, regions that one merged or swapped page spoils: such pages lie together.
// Source  mm/khugepaged.c of Linux 4.19; Documentation/admin-guide/mm/transhuge.rst.
// Checked tests/models/memory/khugepaged_test.cpp.
#pragma once

#include "sim/units.hpp"

namespace models::memory {

struct KhugepagedTunables {
  bool run = false;
  int pages_to_scan = 4096;                 // HPAGE_PMD_NR * 8
  sim::Duration sleep{10'000'000'000'000};  // scan_sleep_millisecs, 10 s
};

class Khugepaged {
 public:
  Khugepaged(const KhugepagedTunables& tunables, sim::Bytes memory);
  sim::Duration round() const { return round_; }
  // Share in huge pages of memory that began with `start` of it, at an age.
  double covered(double start, double most, sim::Duration age) const;

 private:
  sim::Duration round_;
};

}  // namespace models::memory
