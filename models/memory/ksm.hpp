// Kernel samepage merging: a scanner that goes round all mergeable pages, a batch at a time.
//
// Pages are not followed one by one: pages of one VM and content class are alike, and the model
// keeps how many of them are merged, known (their checksum was taken at the last visit) or waiting
// in the unstable tree, and for each content how many distinct pages already have a stable node.
// A batch visits the pages of a VM in proportion:
//   merged            only looked at
//   content is stable merged at first sight
//   checksum changed  since the last visit, exp(-time / rewrite): remembered, "volatile"
//   unchanged         meets its twin in the unstable tree and both merge, or is inserted there
// The unstable tree is forgotten after each full scan; a write to a merged page breaks it off.
//
// Models  scan order VM by VM, two visits before a merge, copy-on-write breaks, chains of
//         max_page_sharing, smart scan's skipping, what a batch costs the CPU.
// Omits   order of pages within a VM; merge_across_nodes = 0 (refused), the scan-time advisor.
// Source  semantics.md 5.1 (mm/ksm.c). Cost of a visit and of a tree level: measured, see kVisit.
// Checked tests/models/memory/ksm_test.cpp; validation subsystem ksm.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/memory/content_profile.hpp"
#include "sim/units.hpp"

namespace models::memory {

struct KsmTunables {
  bool run = false;
  int pages_to_scan = 100;
  sim::Duration sleep{20'000'000'000};  // sleep_millisecs, 20 ms
  int max_page_sharing = 256;
  bool smart_scan = false;  // since 6.7
  bool tuned = false;       // ksmtuned sets pages_to_scan and run
};

// As in /sys/kernel/mm/ksm.
struct KsmCounters {
  double pages_shared = 0.0;    // kept
  double pages_sharing = 0.0;   // further mappings of them: what is saved
  double pages_unshared = 0.0;  // unchanged, no twin
  double pages_volatile = 0.0;  // changing, or seen once
  double full_scans = 0.0;
};

class Ksm {
 public:
  // `memory_latency_s`: a tree level costs misses.
  Ksm(const KsmTunables& tunables, double memory_latency_s);

  // VMs of one `image` hold the same image pages. Pages of 4 KiB, by content.
  int add(const std::string& image, const ContentProfile& profile,
          const std::array<double, kContents>& pages);
  // How many pages of the class the VM has now; merged ones among those gone are gone, too.
  void resize(int vm, Content content, double pages);

  // Visits `pages` pages at time `now_s`; returns the CPU time it took, in seconds.
  double scan(double pages, double now_s);
  // Writes of `dt_s` seconds; returns by VM how many merged pages were copied.
  const std::vector<double>& write(double dt_s);

  KsmCounters counters() const;
  double merged(int vm) const;  // pages, all contents
  double merged(int vm, Content content) const;
  double saved() const;  // pages

 private:
  struct Class {
    double pages = 0.0;
    double merged = 0.0;
    double known = 0.0;        // not merged, checksum of the last visit
    double waiting = 0.0;      // of the known: in the unstable tree
    double ahead_loose = 0.0;  // of this visit of the VM: not merged, not yet seen
    double ahead_known = 0.0;  // of these, known
    double ahead_merged = 0.0;
    double rewrite_s = 0.0;
    int group = -1;  // contents shared with other VMs; -1: unique pages
  };
  struct Vm {
    std::array<Class, kContents> classes;
    double visited_s = 0.0;   // when its last visit began
    double previous_s = 0.0;  // and the one before
    int age = 0;              // visits since it was added
    int skip = 0;             // smart scan: visits that leave out what did not merge
    double pages() const;
  };
  struct Group {
    double distinct = 0.0;
    double stable = 0.0;
    double waiting = 0.0;
    std::vector<std::pair<int, int>> members;  // VM, content
  };

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  double visit(Class& own, double share, double interval_s, bool skips);
  void take_waiting(Group& group, double twins, const Class* finder);
  double level_s(double nodes) const;
  double stable_nodes() const;
  double group_merged(const Group& group) const;

  KsmTunables tunables_;
  double memory_latency_s_;
  std::vector<Vm> vms_;
  std::vector<Group> groups_;
  std::map<std::string, int> group_of_;
  int cursor_ = 0;             // VM under scan
  double cursor_pages_ = 0.0;  // of it, visited
  double full_scans_ = 0.0;
  double waiting_ = 0.0;  // unstable tree, all groups and unique pages
  std::vector<double> copied_;
};

// The loop of the ksmtuned script: what to write into sysfs each interval (semantics.md 5.2).
class KsmTuned {
 public:
  static constexpr double kInterval_s = 60.0;
  struct Setting {
    bool run = false;
    int pages_to_scan = 64;
    sim::Duration sleep{};
  };
  explicit KsmTuned(double total_kB) : total_kB_{total_kB} {}
  // `free_kB` with buffers and cache, `committed_kB` the VMs' resident sizes.
  Setting tune(double free_kB, double committed_kB);

 private:
  double total_kB_;
  int pages_ = 0;
};

}  // namespace models::memory
