// Measures how long a periodic thread waits for its CPU on this machine's real scheduler, and
// prints the points of validation/data/linux-eevdf-wake.toml:
//
//   cmake --build build/release --target measure_wake_delay && build/release/measure_wake_delay
//
// The periodic thread sleeps, then burns wall-clock time. It must not read its CPU clock: that
// makes the kernel settle its slice at each reading, where others are settled at ticks only.
#include <sched.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

constexpr auto kRun = std::chrono::seconds{8};

struct Mix {
  int sleep_us;
  int burn_us;
  int hogs;
};

void pin_to_first_cpu() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(0, &cpus);
  if (sched_setaffinity(0, sizeof cpus, &cpus) != 0) std::perror("sched_setaffinity");
}

std::vector<pid_t> start_hogs(int count) {
  std::vector<pid_t> hogs;
  for (int i = 0; i < count; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      volatile bool for_ever = true;
      while (for_ever) {
      }
    }
    hogs.push_back(child);
  }
  return hogs;
}

void count_to(double steps) {
  volatile double counted = 0.0;
  while (counted < steps) counted = counted + 1.0;
}

// How far a CPU counts in a microsecond, on its own; the best of several tries.
double steps_per_us() {
  constexpr double kSteps = 5e6;
  double best = 0.0;
  for (int i = 0; i < 20; ++i) {
    const auto start = Clock::now();
    count_to(kSteps);
    const std::chrono::duration<double, std::micro> took = Clock::now() - start;
    best = std::max(best, kSteps / took.count());
  }
  return best;
}

std::vector<double> delays_us(const Mix& mix, double speed) {
  std::vector<double> delays;
  const auto end = Clock::now() + kRun;
  while (Clock::now() < end) {
    const auto due = Clock::now() + microseconds{mix.sleep_us};
    std::this_thread::sleep_for(microseconds{mix.sleep_us});
    const auto woken = Clock::now();
    delays.push_back(std::chrono::duration<double, std::micro>{woken - due}.count());
    count_to(speed * mix.burn_us);
  }
  std::sort(delays.begin(), delays.end());
  return delays;
}

void print(const Mix& mix, const std::vector<double>& delays) {
  double sum = 0.0;
  for (const double delay : delays) sum += delay;
  const auto at = [&](double share) {
    return delays[static_cast<std::size_t>(share * static_cast<double>(delays.size() - 1))];
  };
  std::printf(
      "[[point]]\nid = \"wake.work.p%dus.b%dus.hogs%d\"\nsubsystem = \"scheduler\"\n"
      "metric = \"wake-up delay of a periodic thread sharing one CPU with CPU-bound threads: mean, "
      "median, p90, p99\"\nunit = \"us\"\nconditions = { cpus = 1, sleep_us = %d, burn_us = %d, "
      "hogs = %d }\nvalues = [%.1f, %.1f, %.1f, %.1f]\nrole = \"%s\"\n\n",
      mix.sleep_us, mix.burn_us, mix.hogs, mix.sleep_us, mix.burn_us, mix.hogs,
      sum / static_cast<double>(delays.size()), at(0.5), at(0.9), at(0.99), "validate");
}

}  // namespace

int main() {
  utsname system{};
  uname(&system);
  std::printf(
      "[source]\nid = \"linux-eevdf-wake\"\ntitle = \"Wake-up delays of a periodic thread beside "
      "CPU-bound ones\"\nprovenance = \"measured for this project by tools/measure/wake_delay.cpp: "
      "Linux %s, %ld CPUs, one of them used, %d s a mix\"\n\n",
      system.release, sysconf(_SC_NPROCESSORS_ONLN), static_cast<int>(kRun.count()));
  pin_to_first_cpu();
  const double speed = steps_per_us();
  for (const Mix& mix : {Mix{10'000, 1'000, 1},
                         {10'000, 5'000, 1},
                         {10'000, 2'000, 2},
                         {4'500, 500, 3},
                         {20'000, 3'000, 4}}) {
    const std::vector<pid_t> hogs = start_hogs(mix.hogs);
    print(mix, delays_us(mix, speed));
    std::fflush(stdout);
    for (const pid_t hog : hogs) {
      kill(hog, SIGKILL);
      waitpid(hog, nullptr, 0);
    }
  }
}
