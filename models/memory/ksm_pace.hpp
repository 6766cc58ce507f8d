// Who sets how fast the page scanner goes: the ksmtuned script, or the kernel's scan-time advisor.
//
// Models  ksmtuned's boost and decay by free memory; the advisor's rule, which after each full scan
//         sets pages_to_scan so that the next takes the target time, within bounds of CPU use.
// Omits   oVirt's policy, which is ksmtuned's.
// Source  semantics.md 5.2 (ksmtuned); mm/ksm.c, scan_time_advisor (Linux 6.8).
// Checked tests/models/memory/ksm_pace_test.cpp; validation subsystem ksm.
#pragma once

#include "sim/units.hpp"

namespace models::memory {

// advisor_mode and advisor_* of /sys/kernel/mm/ksm, with the kernel's defaults.
struct ScanTimeAdvisor {
  bool run = false;                           // advisor_mode = scan-time
  sim::Duration target{200'000'000'000'000};  // advisor_target_scan_time, 200 s
  double max_cpu = 0.70;                      // advisor_max_cpu, of one CPU
  int min_pages = 500;                        // advisor_min_pages_to_scan: where it begins
  int max_pages = 30'000;                     // advisor_max_pages_to_scan
};

// After each full scan: pages = pages x (scan time / target) x change, where change is the moving
// average of scan time / previous scan time, in whole per cent as the kernel reckons.
class KsmAdvisor {
 public:
  explicit KsmAdvisor(const ScanTimeAdvisor& advisor)
      : advisor_{advisor}, pages_{advisor.min_pages} {}
  int pages() const { return pages_; }
  // A full scan took so long and so much CPU time of the scanner's thread.
  int scanned(double scan_s, double cpu_s);

 private:
  ScanTimeAdvisor advisor_;
  int pages_;
  long scan_s_ = 0;
  long change_ = 0;  // per cent
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
