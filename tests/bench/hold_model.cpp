// P1: N timers that reschedule themselves, against a heap in a loop and nothing else.
#include <deque>

#include "sim/engine.hpp"
#include "sim/event.hpp"
#include "tests/bench/bench.hpp"

namespace bench {
namespace {

constexpr std::uint64_t kEvents = 2'000'000;
constexpr int kRounds = 5;

// The same cheap generator on both sides, so that only the queue differs.
struct Steps {
  std::uint64_t state = 88172645463325252ULL;
  std::int64_t next() {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<std::int64_t>(state % 1'000'000) + 1;
  }
};

struct Entry {
  std::int64_t time;
  std::uint64_t sequence;
  std::uint32_t id;
  bool operator<(const Entry& other) const {
    return time < other.time || (time == other.time && sequence < other.sequence);
  }
};

// Both return the seconds of the events alone: filling and emptying the queue is no part of P1.
double bare(std::uint32_t timers) {
  Steps steps;
  std::vector<Entry> heap;
  std::uint64_t sequence = 0;
  for (std::uint32_t id = 0; id < timers; ++id) {
    Entry entry{steps.next(), sequence++, id};
    std::size_t at = heap.size();
    heap.push_back(entry);
    for (; at > 0 && entry < heap[(at - 1) / 4]; at = (at - 1) / 4) heap[at] = heap[(at - 1) / 4];
    heap[at] = entry;
  }
  return seconds_of([&] {
    for (std::uint64_t event = 0; event < kEvents; ++event) {
      Entry entry = heap[0];
      entry.time += steps.next();
      entry.sequence = sequence++;
      std::size_t at = 0;
      for (;;) {
        const std::size_t first = 4 * at + 1;
        if (first >= heap.size()) break;
        std::size_t least = first;
        const std::size_t end = std::min(first + 4, heap.size());
        for (std::size_t child = first + 1; child < end; ++child) {
          if (heap[child] < heap[least]) least = child;
        }
        if (!(heap[least] < entry)) break;
        heap[at] = heap[least];
        at = least;
      }
      heap[at] = entry;
    }
  });
}

struct Timer {
  Timer(sim::Engine& engine, Steps& shared)
      : steps{shared}, event{sim::Event::calling<&Timer::fire>(engine, *this)} {
    event.after(sim::Duration{steps.next()});
  }
  void fire() { event.after(sim::Duration{steps.next()}); }
  Steps& steps;
  sim::Event event;
};

double ours(std::uint32_t timers) {
  Steps steps;
  sim::Engine engine;
  std::deque<Timer> all;
  for (std::uint32_t id = 0; id < timers; ++id) all.emplace_back(engine, steps);
  // Mean step 500 000 ps over N timers: this much simulated time holds kEvents events.
  const auto span = static_cast<std::int64_t>(kEvents * 500'000 / timers);
  return seconds_of([&] { engine.run_until(sim::Instant{sim::Duration{span}}); });
}

}  // namespace

double hold_model_ratio(std::uint32_t timers) {
  std::vector<double> ratios;
  bare(timers);
  ours(timers);
  for (int round = 0; round < kRounds; ++round) {
    const double theirs = bare(timers);
    ratios.push_back(theirs / ours(timers));
  }
  return median(ratios);
}

}  // namespace bench
