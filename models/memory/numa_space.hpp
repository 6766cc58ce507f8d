// Automatic NUMA balancing of one address space: what the kernel learns from hinting faults, and
// which pages follow the threads that use them.
//
// Pages are counted, not listed: pages[class][node][last], where `last` is the node that the page
// was last used from (its last_cpupid). A scan takes the next `scan_size` of the pages that this
// pass has not seen from the page tables; those in use are touched again, and a thread on node d
// that touches a page of node s moves it to d if
//   it is among the thread's first passes, and the page is new or its own;          or
//   last = d, and the page is its own, or d's threads use the group's memory more than s's by
//   faults_cpu(d) / faults_mem(d) > 4/3 faults_cpu(s) / faults_mem(s).
// After each pass a thread's faults are halved and added to, its preferred node is the one with
// most of its group's, and its scan period follows the share of local and private faults.
//
// Models  scan delay, size, period by resident memory and faults; two-stage filter; groups; active
//         nodes; migration that fails for lack of room or rate; huge pages in one piece.
// Omits   nodes without direct links in groups (backplanes); faults of a VM's emulator; pages that
//         several VMs share (KSM), which the kernel leaves out; nodes of slower memory.
// Source  semantics.md 1.9; kernel/sched/fair.c and mm/mprotect.c of Linux 4.19.
// Checked tests/models/memory/numa_space_test.cpp.
#pragma once

#include <array>
#include <functional>
#include <vector>

#include "models/memory/content_profile.hpp"
#include "sim/units.hpp"

namespace models::memory {

struct NumaTunables {
  sim::Duration scan_delay{1'000'000'000'000};        // numa_balancing_scan_delay_ms, 1 s
  sim::Duration scan_period_min{1'000'000'000'000};   // ..._scan_period_min_ms, 1 s
  sim::Duration scan_period_max{60'000'000'000'000};  // ..._scan_period_max_ms, 60 s
  sim::Bytes scan_size{256 << 20};                    // ..._scan_size_mb
  // Into one node: 128 MiB in 100 ms up to 4.19; zero: no limit (4.20, commit efaffc5e40ae).
  sim::BytesPerSecond migrate_limit{};
  sim::Cycles scan_entry{60};     // of a page-table entry: changed, its TLB entry flushed [recall]
  sim::Cycles hint_fault{3'000};  // the host's part of it: about 1 us [recall]
  // Of a page, huge or not, beside copying: 600 to 800 MB/s are 10,000 to 13,000 cycles with the
  // copy, of 4 KiB on Opterons of 1.9 GHz (Goglin and Furmento, MTAAP 2009).
  sim::Cycles migrate_page{9'000};
  sim::BytesPerSecond copy_rate{4e9};  // of one core from node to node [recall]
};

// Nodes as the scheduler ranks them: [node][node], 10 = local.
using NodeDistances = std::vector<std::vector<int>>;

class NumaSpace {
 public:
  // `huge`: share of the memory that is in huge pages. Times are seconds since the VM's start.
  NumaSpace(const NumaTunables& tunables, const NodeDistances& distances, int threads,
            const ContentProfile& content, double huge);

  // Pages (4 KiB) that lie on each node now; what is new has been used by nobody.
  void hold(const std::vector<double>& pages);
  double pages(int node) const;
  // Share of accesses that go to each node, by how often pages of a class are used.
  std::vector<double> use() const;

  // A thread on `node` has run for `runtime_s` in all. Page-table entries that it changes, if it
  // is its turn to scan; `own_only`: one with the address space to itself leaves local pages alone.
  double scan(int thread, double runtime_s, double now_s, bool own_only, int node);
  double next_scan_s() const { return next_scan_s_; }
  bool waiting() const;  // for pages that were scanned to be used

  struct Ran {
    int node = 0;
    double time_s = 0.0;  // since the last call
  };
  struct Toll {
    double faults = 0.0;
    double moves = 0.0;  // pages, huge or not
    double moved = 0.0;  // in pages of 4 KiB
  };
  // How many pages may go from one node to another.
  using Room = std::function<double(int from, int to, double pages)>;
  // What all threads have touched meanwhile; one toll for each thread.
  const std::vector<Toll>& use_for(const std::vector<Ran>& ran, const Room& room);

  // After faults: takes stock if a pass is over. True if the thread should try to move to its
  // preferred node, which is another than `node`.
  bool wants_to_move(int thread, double runtime_s, double now_s, int node);
  void prefer(int thread, int node) { threads_[at(thread)].preferred = node; }
  void moved(int thread, int from, int to);  // by whomever
  int preferred(int thread) const { return threads_[at(thread)].preferred; }
  bool spread() const { return active_nodes_ > 1; }
  bool grouped() const { return grouped_; }
  double weight(int thread, int node) const;
  double group_weight(int node) const;
  double scan_period_s(int thread) const { return threads_[at(thread)].period_s; }
  int passes() const { return passes_; }

 private:
  static constexpr int kKinds = 2 * kContents;  // small pages of each content, then huge ones
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  using Counts = std::vector<double>;  // [kind][node][last], last = nodes: nobody
  struct Faults {
    std::vector<double> shared, own;  // [node]
  };
  struct Thread {
    Faults memory, memory_now, cpu, cpu_now;  // averaged, and of this pass
    std::vector<double> made;                 // [node] pages that it was the last to use there
    double all = 0.0;                         // averaged
    double local = 0.0, remote = 0.0, failed = 0.0;
    int preferred = -1;
    int passes = 0;
    double period_s = 0.0, period_max_s = 60.0;
    double stamp_s = 0.0;  // of its running time
    double placed_s = 0.0, placed_at_runtime_s = 0.0, retry_s = 0.0;
  };
  std::size_t cell(int kind, int node, int last) const {
    return at((kind * nodes_ + node) * (nodes_ + 1) + last);
  }
  double total(const Counts& counts, int node) const;
  double windows() const;
  double period_min_s() const;
  double shared_factor() const;
  double period_start_s() const;
  bool follows(const Thread& thread, int from, int to, int last, bool own) const;
  void fault(int thread, int node, int kind, int from, int last, double pages, const Room& room);
  void place(Thread& thread, double runtime_s, double now_s);
  void adapt(Thread& thread, double shared, double own);
  void sum_group();
  double score(const std::vector<double>& faults, int node) const;

  NumaTunables tunables_;
  NodeDistances distances_;
  int nodes_;
  bool mesh_ = false;  // not all nodes are equally far
  int furthest_ = 10;
  ContentProfile content_;
  double huge_;
  std::vector<Thread> threads_;
  Counts ahead_, behind_, unmapped_;
  std::vector<Toll> tolls_;
  bool grouped_ = false;
  std::vector<double> group_memory_, group_cpu_;  // [node]
  double group_shared_ = 0.0, group_own_ = 0.0;
  int active_nodes_ = 1;
  double next_scan_s_ = 0.0;
  int passes_ = 0;
};

}  // namespace models::memory
