// Which of a guest's pages were written since its log was last read, and what finding out costs.
//
//   scattered visits, w of them writes, over n pages:   dirty = n (1 - exp(-w / n))
//   visits in order, a share s of them writes, x passed, k = floor(x / n) rounds of all pages:
//                                                       dirty = n (1 - (1-s)^k) + (x - k n) s
//                                                       (1-s)^k
//   A write costs what its page's state asks for: the derivative of `dirty` is the chance that the
//   page is clean; a clean page is either write-protected (an exit and the MMU's work) or, where
//   the CPU logs (page modification log) and the page is small, noted by the CPU and drained by an
//   exit every 512 entries. The first write to a large page splits it into 512 small ones.
//
// Models  protection of large pages when logging begins, their splitting at the first write (or
//         all at once: eager), faults answered without the MMU lock, tables and list of a split
//         under locks whose cache lines move between CPUs (a queue of one server, exact MVA).
// Omits   the cost of reading and clearing the bitmap, TLB flushes after protection, dirty rings,
//         what mapping the guest with small pages costs its page walks.
// Source  Linux arch/x86/kvm/mmu (fast_page_fault, tdp_mmu.c, 5.18 to 6.2), Intel SDM 28.3.6; costs
//         as their lines say.
// Checked tests/models/memory/dirty_log_test.cpp; validation case dirty-log.
#pragma once

#include <cstddef>
#include <vector>

#include "models/memory/write_profile.hpp"
#include "sim/units.hpp"

namespace models::memory {

struct DirtyLogCosts {
  bool eager_split = true;      // eager_page_split, since Linux 5.18
  sim::Cycles decode{200};      // of an EPT violation: VMCS reads, error code [recall]
  sim::Cycles slot{150};        // memory slot, page tracking, entering the walk [recall]
  sim::Cycles level{30};        // of the walk of four, entries in L1 or L2 [recall]
  sim::Cycles fix{150};         // two locked instructions of 20 (Agner Fog), checks [recall]
  sim::Cycles retry{200};       // refilling the pipeline, walking again, twice [recall]
  sim::Cycles split{1'500};     // MMU lock, a table's page, linking; beside its entries [recall]
  sim::Cycles split_entry{8};   // each of 512: make, store [recall]
  sim::Cycles log_entry{150};   // the CPU's locked update of the dirty flag, its entry [recall]
  sim::Cycles drain_entry{60};  // marking a logged page dirty [recall]
};

// Pages alike: visited in one way.
struct WrittenPages {
  double pages = 0.0;
  double share = 1.0;  // of visits that write
  WriteOrder order = WriteOrder::scattered;
};

// Events by visit of a class of pages.
struct WriteToll {
  double faults = 0.0;
  double logged = 0.0;
  double splits = 0.0;
};

class DirtyLog {
 public:
  // `cpu_logs`: the CPU has a page modification log.
  DirtyLog(std::vector<WrittenPages> classes, bool cpu_logs);

  // All is clean from here; a share `large` of memory is mapped with large pages.
  void begin(double large);
  void visit(std::size_t kind, double visits);
  WriteToll toll(std::size_t kind) const;  // of the next visit
  double dirty() const;                    // distinct pages
  // Of the pages that are dirty, the share that another time as long would dirty, too.
  double again() const;
  // Reads the log: all pages are clean again. What was split stays so.
  double take();

 private:
  struct Class {
    WrittenPages pages;
    double visits = 0.0;        // since clean
    double split_visits = 0.0;  // since logging began
    double small = 0.0;         // share in small pages when last cleaned
  };
  static double dirty(const Class& c);
  static double clean_share(const Class& c);
  static double unsplit_share(const Class& c);

  std::vector<Class> classes_;
  bool cpu_logs_;
  double large_ = 0.0;
};

// Cycles of each event; `light_exit`: an exit's round trip and dispatch.
double fault_cycles(const DirtyLogCosts& costs, double light_exit);
double logged_cycles(const DirtyLogCosts& costs, double light_exit);
double split_cycles(const DirtyLogCosts& costs);  // beside the fault that brings it about

// Seconds that a lock is waited for and held, when `threads` take it every `between_s` and its
// lines take `transfer_s` to come from whoever had them: exact mean-value analysis of one server.
double lock_s(int threads, double between_s, double transfer_s);
// The same for a lock that is held for `service_s`.
double held_lock_s(int threads, double between_s, double service_s);

}  // namespace models::memory
