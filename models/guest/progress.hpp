// One host thread's work and time: how far it got, and where each picosecond went.
//
// A thread that holds a CPU first pays what switching to it costs, then refills its core's caches,
// then executes instructions at a pace that changes only when its surroundings do, slower while it
// finds the last-level cache cold; between changes nothing is scheduled for it (MODELS.md
// section 0).
//
// Checked tests/models/guest/progress_test.cpp.
#pragma once

#include <array>
#include <limits>

#include "models/cause.hpp"
#include "sim/units.hpp"

namespace models::guest {

using Causes = std::array<double, kCauses>;  // seconds by cause

// Of those, the ones with a CPU.
double busy_s(const Causes& causes);

// What an instruction's time is made of. All other causes are times between instructions.
inline constexpr std::array kPaceCauses{
    Cause::running,       Cause::llc_misses,  Cause::remote_memory, Cause::controller_queueing,
    Cause::link_queueing, Cause::translation, Cause::exits,         Cause::ticks,
    Cause::spinning,      Cause::smt};

// Seconds of one instruction, by cause; the sum is its time.
struct InstructionTime {
  std::array<double, kPaceCauses.size()> by_cause{};  // alike
  double total_s = 0.0;
};

class Progress {
 public:
  // stalled: waits for a page; stopped: by co-scheduling.
  enum class State { halted, runnable, running, polling, stalled, stopped };

  State state() const { return state_; }
  // Books the time since the last call; call before anything changes.
  void advance(sim::Instant now) {
    if (now != booked_) book(now);
  }
  sim::Instant booked() const { return booked_; }
  void become(State state) { state_ = state; }
  // From now on its halts are waits for I/O, or no longer.
  void await_io(bool awaits) { awaits_io_ = awaits; }
  // What the thread owes before it executes again.
  void owe_switch(sim::Duration cost) { owe(switch_s_, cost); }
  // Instead of what is left of the last one: `at_once` before it executes, `spread` evenly over the
  // next `over` instructions.
  void owe_refill(sim::Duration at_once, sim::Duration spread = {}, double over = 0.0) {
    refill_s_ = 0.0;
    owe(refill_s_, at_once);
    spread_s_ = over > 0.0 ? sim::seconds(spread) : 0.0;
    spread_over_ = over;
  }
  double unpaid_refill_s() const { return refill_s_; }
  double unpaid_spread_s() const { return spread_s_; }
  void owe_ticks(sim::Duration cost) { owe(ticks_s_, cost); }
  void owe_lines(sim::Duration cost) { owe(lines_s_, cost); }
  void owe_exits(sim::Duration cost) { owe(exits_s_, cost); }
  void owe_faults(sim::Duration cost) { owe(faults_s_, cost); }
  void owe_balancing(sim::Duration cost) { owe(balancing_s_, cost); }
  // Of an instruction's time, what its core works: it waits for no memory, and no exit is its own.
  double busy_share() const {
    if (time_.total_s <= 0.0) return 1.0;
    double busy_s = 0.0;
    for (std::size_t c = 0; c < kPaceCauses.size(); ++c) {
      const Cause cause = kPaceCauses[c];
      if (cause == Cause::running || cause == Cause::ticks || cause == Cause::smt)
        busy_s += time_.by_cause[c];
    }
    return busy_s / time_.total_s;
  }
  void pace(const InstructionTime& time) {
    attribute();
    time_ = time;
  }
  // New work on top of nothing; `instructions` may be infinite.
  void begin(double instructions) {
    left_ = instructions;
    counts_ = true;
    waits_ = false;
  }
  // Work of the guest's kernel: not counted as the process's.
  void begin_kernel(double instructions) {
    left_ = instructions;
    counts_ = false;
    waits_ = false;
  }
  bool switching() const { return switch_s_ > 0; }
  double left() const { return left_; }  // instructions
  // Instructions that do no work and touch no memory, without end, until begin().
  void begin_waiting() {
    left_ = std::numeric_limits<double>::infinity();
    counts_ = false;
    waits_ = true;
  }
  bool done() const { return left_ <= kNothing; }
  // What is paid before the first instruction.
  sim::Duration owed() const;
  // Running time from now until the work is done at the present pace.
  sim::Duration remaining() const;

  double executed() const { return executed_; }  // instructions since reset
  Causes seconds() const;
  void reset() {
    executed_ = 0.0;
    at_pace_s_ = 0.0;
    paced_s_ = {};
    seconds_ = {};
  }

 private:
  static constexpr double kNothing = 1e-3;  // of an instruction: rounding of the clock
  void book(sim::Instant now);
  double owed_s() const;
  double pay(double elapsed_s);           // what it owes; returns what is left of the time
  double execute_cold(double elapsed_s);  // alike, while a refill is spread over instructions
  void owe(double& debt_s, sim::Duration cost) {
    debt_s += sim::seconds(cost);
    owes_ = true;
  }
  // What each step asks for comes first; what is rare, last.
  State state_ = State::halted;
  bool awaits_io_ = false;
  bool owes_ = false;   // any of the debts
  bool counts_ = true;  // what it executes is work
  bool waits_ = false;
  sim::Instant booked_{};
  double left_ = 0.0;
  double executed_ = 0.0;
  double switch_s_ = 0.0;
  double refill_s_ = 0.0;
  double spread_s_ = 0.0;  // on top of the next `spread_over_` instructions
  double spread_over_ = 0.0;
  double ticks_s_ = 0.0;
  double exits_s_ = 0.0;
  double lines_s_ = 0.0;
  double faults_s_ = 0.0;
  double balancing_s_ = 0.0;
  // Time spent at the present pace; divided among causes when that changes, or when asked.
  void attribute() const;
  mutable double at_pace_s_ = 0.0;
  InstructionTime time_;
  mutable std::array<double, kPaceCauses.size()> paced_s_{};  // alike
  Causes seconds_{};  // of all else; of the pace's causes what is not of an instruction
};

}  // namespace models::guest
