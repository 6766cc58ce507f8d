// What loads of other cores' modified lines cost a thread (contention.hpp, dirty_lines.hpp).
#include <algorithm>

#include "models/compute/contention.hpp"
#include "models/compute/dirty_lines.hpp"

namespace models::compute {

void Contention::read_from(StreamId reader, std::vector<StreamId> writers) {
  for (const StreamId id : writers) streams_[index(id)].readers.push_back(reader);
  streams_[index(reader)].writers = std::move(writers);
}

void Contention::mark_readers(const Stream& stream) {
  for (const StreamId id : stream.readers) {
    if (streams_[index(id)].cpu >= 0) mark(id);
  }
}

// Waits for lines of each running writer alike; one that has no CPU has left them to the LLC.
void Contention::add_dirty_lines(Stream& stream) const {
  Pace& pace = stream.state.pace;
  pace.remote_s = 0.0;
  const double lines = stream.profile->dirty_lines_per_kilo_instruction / 1000.0;
  if (lines <= 0) return;
  const double cached_s = topology_.llc_latency(stream.cpu).mean_s;
  int running = 0;
  double near_s = 0.0, far_s = 0.0;
  for (const StreamId id : stream.writers) {
    const int cpu = streams_[index(id)].cpu;
    if (cpu < 0) continue;
    ++running;
    const bool near = topology_.cpu(cpu).llc == topology_.cpu(stream.cpu).llc;
    for (const int memory : stream.memories) {
      const double wait_s =
          dirty_line_s(topology_, stream.cpu, cpu, memory, config_.remote_latency);
      (near ? near_s : far_s) += stream.shares[index(memory)] * wait_s;
    }
  }
  const double weight = lines / stream.at_once / std::max(1, running);
  pace.running_s += weight * (running > 0 ? near_s : cached_s);
  pace.remote_s = weight * far_s;
}

}  // namespace models::compute
