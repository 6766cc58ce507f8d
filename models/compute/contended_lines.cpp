#include "models/compute/contended_lines.hpp"

#include <algorithm>
#include <cmath>

#include "models/compute/contention.hpp"
#include "models/compute/dirty_lines.hpp"

namespace models::compute {
namespace {

constexpr double kWriterDrift = 0.05;  // of the writers, before all others' paces follow

}  // namespace

double contended_line_s(int writers, double turn_s, double between_s) {
  if (writers < 2) return 0.0;  // it stays where it is
  const double b = writers * turn_s - between_s;
  return (b + std::sqrt(b * b + 4.0 * turn_s * between_s)) / 2.0;
}

void Contention::write_together(const std::vector<StreamId>& streams) {
  for (const StreamId id : streams) {
    streams_[index(id)].together = static_cast<int>(together_.size());
  }
  together_.push_back(
      {.streams = streams, .writers = std::vector<int>(index(topology_.llcs()), 0)});
}

void Contention::waits(StreamId id, bool waiting) {
  Stream& stream = streams_[index(id)];
  stream.waiting = waiting;
  count_writer(stream);
}

void Contention::count_writer(Stream& stream) {
  if (stream.together < 0) return;
  const int at = stream.cpu >= 0 && !stream.waiting ? topology_.cpu(stream.cpu).llc : -1;
  if (at == stream.writes_at) return;
  Together& group = together_[index(stream.together)];
  if (stream.writes_at >= 0) {
    --group.writers[index(stream.writes_at)];
    --group.count;
  }
  if (at >= 0) {
    ++group.writers[index(at)];
    ++group.count;
  }
  stream.writes_at = at;
  if (std::abs(group.count - group.applied) <= kWriterDrift * group.applied) return;
  group.applied = group.count;
  for (const StreamId id : group.streams) {
    if (streams_[index(id)].cpu >= 0) mark(id);
  }
}

// A turn is the way from the writer before, who is any of the others alike.
void Contention::add_contended_lines(Stream& stream, double undisturbed_s) const {
  const double lines = stream.profile->contended_lines_per_kilo_instruction / 1000.0;
  stream.state.pace.lines_s = 0.0;
  if (lines <= 0 || stream.writes_at < 0 || !config_.contended_lines) return;
  const Together& group = together_[index(stream.together)];
  double turn_s = 0.0;
  for (int llc = 0; llc < topology_.llcs(); ++llc) {
    const int others = group.writers[index(llc)] - (llc == stream.writes_at ? 1 : 0);
    if (others <= 0) continue;
    for (const int memory : stream.memories) {
      turn_s += others * stream.shares[index(memory)] *
                dirty_line_s(topology_, stream.cpu, llc_cpus_[index(llc)].front(), memory,
                             config_.remote_latency);
    }
  }
  turn_s /= std::max(1, group.count - 1);
  stream.state.pace.lines_s = lines * contended_line_s(group.count, turn_s, undisturbed_s / lines);
}

}  // namespace models::compute
