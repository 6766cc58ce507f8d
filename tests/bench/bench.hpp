// The benchmarks; each measures both sides of its ratio in turn and returns medians.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

inline double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

template <class Work>
double seconds_of(Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// P1: our engine's events per second over the bare hold model's, with `timers` pending.
double hold_model_ratio(std::uint32_t timers);

// P2: vCPU time slices per second of wall time, ours and SimGrid's.
double our_slices_per_s();
double simgrid_slices_per_s();

// P3: simulated seconds a second of a full host, with disks and without; P4: cost of a guest's
// second at 64, 256 and 1024 guests over that at 16, the worst; P6: most memory resident so far.
double full_host_speed();
double host_without_disks_speed();
double growth();
double peak_resident_MiB();

// P5: seconds of a sweep with one thread over those with two.
double sweep_gain(const std::string& program);

// P7: seconds from starting `program run` on the smallest scenario to its end.
double start_up_s(const std::string& program);

}  // namespace bench
