// Kernel samepage merging: a scanner that goes round all mergeable pages, a batch at a time.
//
// Pages are not followed one by one: pages of one VM, content class and tree are alike, and the
// model keeps how many of them are merged, known (their checksum was taken at the last visit) or
// waiting in the unstable tree, and for each content how many distinct pages already have a stable
// node. A batch visits the pages of a VM in proportion:
//   merged            only looked at
//   content is stable merged at first sight; with checksum_first only if unchanged
//   checksum changed  since the last visit, exp(-time / rewrite): remembered, "volatile"
//   unchanged         meets its twin in the unstable tree and both merge, or is inserted there;
//                     with use_zero_pages a page of zeros goes to the kernel's own page of zeros
// The unstable tree is forgotten after each full scan; a write to a merged page breaks it off.
// Pages that are freed are new ones of their class: not merged, not known, of age 0 to smart scan.
// With merge_across_nodes = 0 each node has its own trees and merges what lies on it; with 1 a
// merged page stays where the one lay that found the twin, remote for guests on other nodes.
//
// Models  scan order VM by VM, two visits before a merge, copy-on-write breaks, chains of
//         max_page_sharing, smart scan's skipping, trees by node, pages of zeros, what a batch
//         costs the CPU, general_profit.
// Omits   order of pages within a VM; that pages of one process are freed together; pruning of
// chains; that merging splits a transparent hugepage. Source  semantics.md 5.1 (mm/ksm.c). Cost of
// a visit and of a tree level: see ksm_scan.cpp. Checked tests/models/memory/ksm_test.cpp;
// validation subsystem ksm.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/memory/content_profile.hpp"
#include "models/memory/ksm_pace.hpp"
#include "sim/units.hpp"

namespace models::memory {

// As in /sys/kernel/mm/ksm; older names of the same in semantics.md 5.1.
struct KsmTunables {
  bool run = false;
  int pages_to_scan = 100;
  sim::Duration sleep{20'000'000'000};  // sleep_millisecs, 20 ms
  int max_page_sharing = 256;           // since 4.13; before, without bound
  bool merge_across_nodes = true;       // since 3.9
  bool use_zero_pages = false;          // since 4.12
  bool smart_scan = false;              // since 6.7, where it is on unless switched off
  bool checksum_first = false;          // since 6.11: changing pages are not looked up
  bool tuned = false;                   // ksmtuned sets pages_to_scan and run
  ScanTimeAdvisor advisor{};            // since 6.8
};

// As in /sys/kernel/mm/ksm.
struct KsmCounters {
  double pages_shared = 0.0;    // kept
  double pages_sharing = 0.0;   // further mappings of them: what is saved
  double pages_unshared = 0.0;  // unchanged, no twin
  double pages_volatile = 0.0;  // changing, seen once, or skipped
  double zero_pages = 0.0;      // ksm_zero_pages: mapped to the kernel's page of zeros
  double full_scans = 0.0;
  double pages_scanned = 0.0;
  double pages_skipped = 0.0;     // smart scan
  double scanned_a_round = 0.0;   // mean over the last full scans, as many as smart scan's cycle
  double general_profit_B = 0.0;  // saved, less what the scanner remembers of each page
};

class Ksm {
 public:
  // `memory_latency_s`: a tree level costs misses.
  Ksm(const KsmTunables& tunables, double memory_latency_s, int nodes = 1);

  // VMs of one `image` hold the same image pages. Pages of 4 KiB, by content.
  int add(const std::string& image, const ContentProfile& profile,
          const std::array<double, kContents>& pages);
  // How many pages of the class the VM has now; merged ones among those gone are gone, too.
  void resize(int vm, Content content, double pages);
  // Where the VM's own pages lie, shares by node; all on node 0 before.
  void lie(int vm, const std::vector<double>& shares);

  // Visits `pages` pages at time `now_s`, or fewer: a batch ends with a full scan. Returns the CPU
  // time it took, in seconds.
  double scan(double pages, double now_s);
  // Writes of `dt_s` seconds; returns by VM how many merged pages were copied.
  const std::vector<double>& write(double dt_s);

  KsmCounters counters() const;
  double full_scans() const { return full_scans_; }
  double merged(int vm) const;  // pages, all contents
  double merged(int vm, Content content) const;
  double saved() const;  // pages
  // Adds to `by_node` where `pages` merged pages of the class lie.
  void homes(int vm, Content content, double pages, std::vector<double>& by_node) const;

 private:
  // Of pages that have not merged, by rounds since they were new. From the last on the first of the
  // cycle follows again: nine rounds, of which one visits them.
  static constexpr int kAges = 31;
  struct Class {
    double pages = 0.0;
    double merged = 0.0;
    double known = 0.0;        // not merged, checksum of the last visit
    double waiting = 0.0;      // of the known: in the unstable tree
    double ahead_loose = 0.0;  // of this visit of the VM: not merged, not yet seen
    double ahead_known = 0.0;  // of these, known
    double ahead_merged = 0.0;
    double rewrite_s = 0.0;
    double life_s = 0.0;
    double calm = 0.0;                 // of the known ones that are seen, unchanged since
    double known_seen = 1.0;           // of the known, share that the VM's last round sees
    std::array<double, kAges> ages{};  // smart scan
    int group = -1;                    // contents shared with other VMs; -1: unique pages
    bool zero = false;                 // goes to the kernel's page of zeros
  };
  struct Vm {
    std::vector<Class> classes;       // [content + kContents * tree]
    std::vector<double> lies;         // share by node
    double visited_s = 0.0;           // when its last visit began
    double previous_s = 0.0;          // and the one before
    int visits = 0;                   // rounds since it was added
    double pages(int content) const;  // of all trees
    double pages() const;
  };
  struct Group {
    double distinct = 0.0;
    double stable = 0.0;
    double waiting = 0.0;
    std::vector<double> homes;                 // stable nodes by NUMA node
    std::vector<std::pair<int, int>> members;  // VM, class
  };

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  void set(int vm, Content content, double pages);
  void set_class(Class& own, double pages);
  double begin(Vm& vm, double now_s);
  double leave_out(Class& own, double interval_s);
  void renew(Class& own, double dt_s);
  double visit(Vm& vm, Class& own, double share);
  double merge_calm(Vm& vm, Class& own, double calm, double unseen);
  void add_stable(Group& group, double to, const Vm& finder);
  void take_waiting(Group& group, double twins, const Class* finder);
  void end_round();
  double shareable(const Group& group, const Class& own) const;
  double common(const Group& group) const;
  double level_s(double nodes) const;
  double stable_nodes() const;
  double group_merged(const Group& group) const;

  KsmTunables tunables_;
  double memory_latency_s_;
  int nodes_;
  int trees_;
  std::vector<Vm> vms_;
  std::vector<Group> groups_;
  std::map<std::string, int> group_of_;
  int cursor_ = 0;       // VM under scan
  bool midway_ = false;  // of it
  double full_scans_ = 0.0;
  double scanned_ = 0.0, skipped_ = 0.0;
  std::vector<double> rounds_;  // pages scanned in the last full scans
  double round_ = 0.0;          // in this one
  double waiting_ = 0.0;        // unstable trees, all groups and unique pages
  std::vector<double> copied_;
};

}  // namespace models::memory
