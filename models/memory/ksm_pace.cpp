#include "models/memory/ksm_pace.hpp"

#include <algorithm>
#include <cmath>

namespace models::memory {

int KsmAdvisor::scanned(double scan_s, double cpu_s) {
  constexpr long kWeight = 30, kLeastCpu = 10;  // EWMA_WEIGHT, KSM_ADVISOR_MIN_CPU, per cent
  const long now_s = std::max(1L, static_cast<long>(scan_s));
  const long cpu = std::max(1L, static_cast<long>(cpu_s * 100.0) / now_s);
  const long last_s = scan_s_ > 0 ? scan_s_ : now_s;
  const long target_s = static_cast<long>(sim::seconds(advisor_.target));
  const long factor = std::max(1L, target_s * 100 / now_s);
  const long change = std::max(1L, now_s * 100 / last_s);
  change_ = ((100 - kWeight) * change_ + kWeight * change) / 100;
  long pages = long{pages_} * 100 / factor;
  pages = pages * change_ / 100;
  const long each = std::max(1L, pages_ / cpu);  // pages of a batch for a per cent of a CPU
  pages = std::min(pages, each * std::lround(advisor_.max_cpu * 100.0));
  pages = std::max(pages, each * kLeastCpu);
  pages = std::min(pages, long{advisor_.max_pages});
  scan_s_ = now_s;
  pages_ = static_cast<int>(pages);
  return pages_;
}

KsmTuned::Setting KsmTuned::tune(double free_kB, double committed_kB) {
  constexpr int kBoost = 300, kDecay = -50, kLeast = 64, kMost = 1250;
  constexpr double kThresholdShare = 0.20, kThresholdLeast_kB = 2048.0;
  constexpr double kSleepAt16GiB_ms = 10.0, k16GiB_kB = 16.0 * 1024 * 1024;
  const double sleep_ms = std::max(10.0, std::floor(kSleepAt16GiB_ms * k16GiB_kB / total_kB_));
  const double threshold_kB = std::max(std::floor(total_kB_ * kThresholdShare), kThresholdLeast_kB);
  Setting setting{.run = false,
                  .pages_to_scan = std::max(kLeast, pages_),
                  .sleep = sim::from_seconds(sleep_ms * 1e-3)};
  if (committed_kB + threshold_kB < total_kB_ && free_kB > threshold_kB) return setting;
  pages_ = std::clamp(pages_ + (free_kB < threshold_kB ? kBoost : kDecay), kLeast, kMost);
  setting.run = true;
  setting.pages_to_scan = pages_;
  return setting;
}

}  // namespace models::memory
