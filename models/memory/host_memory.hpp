// A host's memory under pressure: who has how much, what is merged, ballooned away or swapped out,
// and who is killed when nothing is left.
//
// All counts are pages of 4 KiB, as doubles: pages of one VM and content class are alike.
//   present = touched - ballooned - swapped - reported
//   free    = all - host's own - sum present + merged away
//
// Models  watermarks as the kernel derives them, reclaim by kswapd below `low` up to `high`, the
//         pages that are used least first; reclaim from VMs above what shares, reservations and
//         limits entitle them to; hard limits; swap space; balloons with a target or with MOM's
//         policy, which take free guest memory first and then the guest's own pages, or, with
//         deflation on OOM, stop where the guest's kernel could reclaim no more; free pages that
//         the guest reports and the host takes at once; page cache of the guest that grows into its
//         free memory; pages only ever read, which are the host's page of zeros; the kill of the
//         worst by oom_badness when memory and swap are both used up, or of a VM that is over its
//         own limit. KSM (ksm.hpp).
// Omits   page cache of the host (disks are opened past it), compaction, the wait of who touches a
//         page beyond its limit for another's way out,
//         accessed bits that lie, zswap, processes other than VMs as victims.
// Source  semantics.md 5.3, 5.4, 12 (mm/page_alloc.c, virtio_balloon.c, MOM; Waldspurger 2002 for
//         entitlements); mm/page_reporting.c; mm/oom_kill.c, oom_badness.
// Checked tests/models/memory/host_memory_test.cpp.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "models/memory/content_profile.hpp"
#include "models/memory/ksm.hpp"

namespace models::memory {

inline constexpr double kPage_B = 4096.0;

struct MemoryTune {
  double shares = 0.0;       // of contended memory; 0: no VM is preferred, the least used pages go
  double reservation = 0.0;  // pages never taken
  double limit = std::numeric_limits<double>::infinity();  // pages never exceeded
  bool locked = false;  // hugepages or mlock: neither merged nor swapped nor ballooned
  bool mergeable = true;
};

enum class Balloon { none, target, automatic };

struct GuestMemory {
  std::string image;
  ContentProfile profile;
  double memory = 0.0;  // pages the VM has
  MemoryTune tune;
  Balloon balloon = Balloon::none;
  double target = 0.0;          // pages it is to keep, Balloon::target
  bool deflate_on_oom = false;  // VIRTIO_BALLOON_F_DEFLATE_ON_OOM
  double reported = 0.0;        // share of its free memory in blocks that it reports; 0: none
  int oom_score_adj = 0;        // -1000: never killed for want of the host's memory
};

struct HostMemoryConfig {
  double pages = 0.0;
  double host_pages = 0.0;  // kernel and daemons
  double swap_pages = 0.0;
  double swap_out_per_s = 0.0;                                     // pages
  double swap_in_per_s = std::numeric_limits<double>::infinity();  // clusters of neighbours
  double memory_latency_s = 90e-9;
  int nodes = 1;
  KsmTunables ksm;
};

struct Killed {
  int vm = 0;
  std::string reason;
};

class HostMemory {
 public:
  explicit HostMemory(const HostMemoryConfig& config);

  int add(const GuestMemory& guest);
  // The guest has touched so much by now.
  void touched(int vm, double pages);
  // Host, VMM and kernel hold so much beside the guests by now.
  void hold(double pages) { config_.host_pages = pages; }
  // Lets `dt_s` seconds pass: copies on write, balloons, reclaim, kills.
  void step(double dt_s);
  // A batch of the scanner; CPU seconds.
  double scan(double now_s);
  // Where the VM's own pages lie, and where its accesses then go, shares by node: merged pages are
  // where the first of them lay.
  void lie(int vm, const std::vector<double>& shares);
  std::vector<double> accesses(int vm, const std::vector<double>& shares) const;

  bool ksm_runs() const { return ksm_runs_; }
  sim::Duration ksm_sleep() const { return ksm_sleep_; }
  double ksm_pages() const { return ksm_pages_; }  // of a batch, as set by now
  void tune_ksm(KsmTuned& tuned);
  const Ksm& ksm() const { return ksm_; }

  // Pages that the guests use meanwhile are read back, as if they ran all of `dt_s` seconds but for
  // what the swap device takes.
  void use(double dt_s);
  // Batches in `dt_s` seconds of a scanner that always finds a CPU; `tick_s` rounds its sleeps up.
  void scan_for(double dt_s, double now_s, double tick_s);

  // Accesses to pages that are not there, a second of the VM's running time with all its vCPUs:
  // on the host's swap, and in the guest, whose own pages the balloon has taken.
  // Pages come back in clusters (vm.page-cluster 3: 8 of them), since neighbours are used together.
  double fault_rate(int vm) const;
  void fault(int vm);  // a cluster is read in

  // Pages, in the last step.
  double copied(int vm) const { return guests_[at(vm)].copied; }
  double refaulted(int vm) const { return guests_[at(vm)].refaulted; }  // reported, used again
  bool dead(int vm) const { return guests_[at(vm)].dead; }
  std::vector<Killed> take_killed();

  double free() const;
  double present(int vm) const;
  double swapped(int vm) const;
  double ballooned(int vm) const;
  double reported(int vm) const;
  // Further VMs like this one that free memory holds, if they come to merge as much.
  double room(int vm) const;
  double merged(int vm) const {
    return guests_[at(vm)].ksm >= 0 ? ksm_.merged(guests_[at(vm)].ksm) : 0.0;
  }
  double entitled(int vm) const { return guests_[at(vm)].entitled; }
  double swap_used() const { return swap_used_; }
  double total() const { return config_.pages; }
  // Pages present, swapped and ballooned are those touched; none is negative. Empty: all is well.
  std::string broken() const;

 private:
  struct Pages {
    double touched = 0.0;
    double swapped = 0.0;
    double ballooned = 0.0;
    double reported = 0.0;
    double present() const { return touched - swapped - ballooned - reported; }
  };
  struct Guest {
    GuestMemory config;
    std::array<Pages, kContents> pages;
    int ksm = -1;
    double entitled = std::numeric_limits<double>::infinity();
    double copied = 0.0;
    double refaulted = 0.0;
    double told = 0.0;            // pages that it has touched, read or written
    double wanted_balloon = 0.0;  // pages
    bool dead = false;
    double touched() const;
    double present() const;
    double swapped() const;
    double ballooned() const;
  };
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  void entitle();
  void inflate(Guest& guest, double pages);
  void deflate(Guest& guest, double pages);
  void balloons(double dt_s);
  void report_free(Guest& guest, double dt_s);
  void grow_cache(Guest& guest, double dt_s);
  void run_policy();
  double swap_out(Guest& guest, double pages);
  double reclaim_least_used(double pages);
  double reclaim_from_excess(double pages);
  void enforce_limits();
  void kill(int vm, std::string reason);
  double badness(const Guest& guest) const;
  bool kill_worst();
  void changed(Guest& guest, Content content);
  double spare(const Guest& guest) const;

  HostMemoryConfig config_;
  Ksm ksm_;
  bool ksm_runs_;
  double ksm_pages_;
  sim::Duration ksm_sleep_;
  KsmAdvisor advisor_;
  double ksm_cpu_s_ = 0.0;  // since the last full scan
  double round_began_s_ = 0.0;
  bool in_round_ = false;
  std::vector<Guest> guests_;
  std::vector<Killed> killed_;
  double swap_used_ = 0.0;
  double low_ = 0.0, high_ = 0.0, min_ = 0.0;
  double since_policy_s_ = 0.0;
};

}  // namespace models::memory
