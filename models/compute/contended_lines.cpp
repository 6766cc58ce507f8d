#include "models/compute/contended_lines.hpp"

#include <algorithm>
#include <cmath>

#include "models/compute/contention.hpp"
#include "models/compute/dirty_lines.hpp"

namespace models::compute {
namespace {

constexpr double kWriterDrift = 0.1;  // of the writers, before all others' paces follow
constexpr double kMemory_s = 0.5e-3;  // some hundred turns of a line
constexpr double kNobody = 1e-6;      // of a writer: rounding

}  // namespace

double contended_line_s(double others, double turn_s, double between_s) {
  const double b = (1.0 + others) * turn_s - between_s;
  const double waits_s = (b + std::sqrt(b * b + 4.0 * turn_s * between_s)) / 2.0;
  return std::min(1.0, others) * waits_s;  // nobody else writes: it stays where it is
}

double RecentMean::at(sim::Instant now) const {
  return mean_ - std::expm1(-sim::seconds(now - since_) / kMemory_s) * (value_ - mean_);
}

void Contention::write_together(const std::vector<StreamId>& streams) {
  for (const StreamId id : streams) {
    streams_[index(id)].together = static_cast<int>(together_.size());
  }
  together_.push_back({.streams = streams,
                       .writers = std::vector<int>(index(topology_.llcs()), 0),
                       .recent = std::vector<RecentMean>(index(topology_.llcs()))});
}

void Contention::waits(StreamId id, bool waiting) {
  Stream& stream = streams_[index(id)];
  if (stream.waiting == waiting) return;
  stream.waiting = waiting;
  stream.paced_in = {};  // its loads and lines come and go
  if (stream.cpu >= 0) {
    note_memories(stream);
    mark(id);
  }
  count_writer(id);
}

void Contention::count_writer(StreamId id) {
  Stream& stream = streams_[index(id)];
  if (stream.together < 0) return;
  const int at = stream.cpu >= 0 && !stream.waiting ? topology_.cpu(stream.cpu).llc : -1;
  if (at == stream.writes_at) return;
  Together& group = together_[index(stream.together)];
  if (stream.writes_at >= 0) --group.writers[index(stream.writes_at)];
  if (at >= 0) ++group.writers[index(at)];
  stream.writes_at = at;
  group.changed.push_back(id);
}

// Writers come and go with each flush that somebody waits for, far more often than a line's turns
// let anybody notice: their recent mean is what a write meets.
void Contention::follow_writers(sim::Instant now) {
  for (Together& group : together_) {
    for (const StreamId id : group.changed) {
      Stream& stream = streams_[index(id)];
      stream.writes.hold(stream.writes_at >= 0 ? 1.0 : 0.0, now);
    }
    double count = 0.0;
    for (std::size_t llc = 0; llc < group.writers.size(); ++llc) {
      if (!group.changed.empty()) group.recent[llc].hold(group.writers[llc], now);
      count += group.recent[llc].at(now);
    }
    group.changed.clear();
    if (std::abs(count - group.applied) <= kWriterDrift * group.applied) continue;
    group.applied = count;
    for (const StreamId id : group.streams) {
      if (streams_[index(id)].cpu >= 0) mark(id);
    }
  }
}

// A turn is the way from the writer before, who is any of the others alike. The holder of a lock
// writes none of these (instruction_time of running_host.cpp).
void Contention::find_contended_lines(Stream& stream) const {
  const double lines = stream.profile->contended_lines_per_kilo_instruction / 1000.0;
  stream.contended = {};
  if (lines <= 0 || stream.writes_at < 0 || !config_.contended_lines) return;
  const Together& group = together_[index(stream.together)];
  double turns_s = 0.0, others = 0.0;
  for (int llc = 0; llc < topology_.llcs(); ++llc) {
    const double own = llc == stream.writes_at ? stream.writes.at(settled_) : 0.0;
    const double there = std::max(0.0, group.recent[index(llc)].at(settled_) - own);
    others += there;
    for (const int memory : stream.memories) {
      turns_s += there * stream.shares[index(memory)] *
                 dirty_line_s(topology_, stream.cpu, llc_cpus_[index(llc)].front(), memory,
                              config_.remote_latency);
    }
  }
  if (others < kNobody) return;
  stream.contended = {.lines = lines, .others = others, .turn_s = turns_s / others};
}

}  // namespace models::compute
