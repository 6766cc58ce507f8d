// How long a thread waits for a line that many threads write in turn.
//
// The line is at one core at a time and goes from writer to writer: a server with one place. With n
// writers that come back to it after z, each turn taking s, by Schweitzer's mean-value step
//   r = s + s * (n - 1) * r / (z + r)
// of which r is the positive root. Few writers wait s; many share the line's rate of 1 / s. Writers
// are counted as a mean over time, so n need not be whole; less than one other writer means that
// the line has moved only so often.
//
// Models  words of locks that are taken for reading, counters, list heads: written, not held.
// Omits   locks that are held (models/guest/sync_profile.hpp), writers that come in step.
// Source  Schweitzer 1979, approximate mean-value analysis of one station; dirty_lines.hpp for s.
// Checked tests/models/compute/contended_lines_test.cpp; validation case ebizzy-overcommit.
#pragma once

#include "sim/units.hpp"

namespace models::compute {

// Of a number that changes in steps: its mean over the last while, the latest weighing most.
class RecentMean {
 public:
  void hold(double value, sim::Instant now) {
    mean_ = at(now);
    value_ = value;
    since_ = now;
  }
  double at(sim::Instant now) const;

 private:
  double value_ = 0.0, mean_ = 0.0;
  sim::Instant since_{};
};

// `others`: writers beside this one.
double contended_line_s(double others, double turn_s, double between_s);

}  // namespace models::compute
