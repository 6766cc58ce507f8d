// Which clock a core runs at: what the frequency governor made of how busy it has been.
//
// A sample is taken when the core wakes, if the last one is an interval old, and each interval
// while it runs; busy is the share of the time since the last sample that it ran. With f from the
// lowest clock to the highest (turbo), clipped to both:
//   intel-pstate   f = 1.25 x highest x busy, and half way back up to the last one where that was
//                  higher
//   ondemand       f = highest where busy > 0.95, else lowest + busy x (highest - lowest); the
//   first
//                  sample after a sleep of two intervals repeats the load before, once
//   schedutil      f = 1.25 x highest x utilisation, an average that halves each 32 ms
//   hwp            the processor's own: up and down the whole range in 35 ms
//
// Models  powersave of intel_pstate (Linux 4.12 on), ondemand, schedutil, HWP; performance is none.
// Omits   steps of clocks, io-wait boosts, the time a switch takes, clocks that cores share, energy
//         preferences; intel_pstate's former PID controller; siblings as CPUs of their own.
// Source  Linux drivers/cpufreq/intel_pstate.c (get_target_pstate), cpufreq_ondemand.c (od_update),
//         cpufreq_governor.c (dbs_update), kernel/sched/cpufreq_schedutil.c; for hwp, AnandTech on
//         Skylake's Speed Shift (2015): the highest clock after 30 to 35 ms [recall].
// Checked tests/models/compute/governor_test.cpp; validation cases boot-*.
#pragma once

#include "models/topology/description.hpp"
#include "sim/units.hpp"

namespace models::compute {

class CoreGovernor {
 public:
  CoreGovernor(topology::Governor kind, sim::Hertz lowest, sim::Hertz highest)
      : kind_{kind},
        lowest_Hz_{lowest.count()},
        highest_Hz_{highest.count()},
        clock_Hz_{lowest_Hz_} {}

  void wake(sim::Instant now);   // it has something to run
  void sleep(sim::Instant now);  // and nothing any more
  void sample(sim::Instant now);
  sim::Duration interval() const;  // to the next sample
  // Awake, nothing changes any more.
  bool settled() const { return awake_ && clock_Hz_ >= highest_Hz_; }
  double clock_Hz() const { return clock_Hz_; }

 private:
  void account(sim::Instant now);
  double target_Hz(double busy, double elapsed_s);

  topology::Governor kind_;
  double lowest_Hz_, highest_Hz_;
  double clock_Hz_;
  bool awake_ = false;
  sim::Instant since_{};        // accounted up to here
  sim::Instant sampled_{};      // the last sample
  double busy_s_ = 0.0;         // since then
  double utilisation_ = 0.0;    // schedutil's average
  double previous_load_ = 0.0;  // ondemand
};

}  // namespace models::compute
