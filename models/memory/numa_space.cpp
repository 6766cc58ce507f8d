#include "models/memory/numa_space.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace models::memory {
namespace {

constexpr double kPage_B = 4096.0;
constexpr double kHugePages = 512.0;                  // of 4 KiB in one of 2 MiB
constexpr double kMostScan_B_s = 2560.0 * (1 << 20);  // MAX_SCAN_WINDOW
constexpr double kActive = 3.0;                       // ACTIVE_NODE_FRACTION
constexpr int kFirstPasses = 4;                       // in which pages follow at once
constexpr double kTwoTicks_s = 2 / 250.0;
constexpr double kNothing = 1e-6;  // of a page

double size_of(int kind) {
  return kind < kContents ? 1.0 : kHugePages;
}

double sum(const std::vector<double>& all) {
  return std::accumulate(all.begin(), all.end(), 0.0);
}

}  // namespace

NumaSpace::NumaSpace(const NumaTunables& tunables, const NodeDistances& distances, int threads,
                     const ContentProfile& content, double huge)
    : tunables_{tunables},
      distances_{distances},
      nodes_{static_cast<int>(distances.size())},
      content_{content},
      huge_{huge},
      threads_(at(threads)),
      ahead_(at(kKinds * nodes_ * (nodes_ + 1)), 0.0),
      behind_(ahead_),
      unmapped_(ahead_),
      tolls_(at(threads)),
      group_memory_(at(nodes_), 0.0),
      group_cpu_(at(nodes_), 0.0) {
  int nearest = std::numeric_limits<int>::max();
  for (int a = 0; a < nodes_; ++a) {
    for (int b = 0; b < nodes_; ++b) {
      if (a == b) continue;
      nearest = std::min(nearest, distances_[at(a)][at(b)]);
      furthest_ = std::max(furthest_, distances_[at(a)][at(b)]);
    }
  }
  mesh_ = nearest < furthest_;
  const double delay_s = sim::seconds(tunables.scan_delay);
  const std::vector<double> none(at(nodes_), 0.0);
  for (int i = 0; i < threads; ++i) {
    Thread& thread = threads_[at(i)];
    thread.memory = thread.memory_now = thread.cpu = thread.cpu_now = {none, none};
    thread.made = none;
    thread.period_s = delay_s;
    // Threads begin one after the other (init_numa_balancing).
    thread.stamp_s =
        std::min(sim::seconds(tunables.scan_period_max), delay_s * (i + 1)) + kTwoTicks_s;
  }
  next_scan_s_ = delay_s;
}

double NumaSpace::total(const Counts& counts, int node) const {
  double all = 0.0;
  for (int kind = 0; kind < kKinds; ++kind) {
    const auto first = counts.begin() + static_cast<std::ptrdiff_t>(cell(kind, node, 0));
    all = std::accumulate(first, first + nodes_ + 1, all);
  }
  return all;
}

double NumaSpace::pages(int node) const {
  return total(ahead_, node) + total(behind_, node) + total(unmapped_, node);
}

void NumaSpace::hold(const std::vector<double>& wanted) {
  double named = 0.0;
  for (int c = 0; c + 1 < kContents; ++c) named += content_.classes[at(c)].share;
  for (int node = 0; node < nodes_; ++node) {
    const double have = pages(node);
    const double more = wanted[at(node)] - have;
    if (std::abs(more) < 1.0) continue;
    for (int kind = 0; kind < kKinds; ++kind) {
      if (more > 0) {
        const int c = kind % kContents;
        const double share =
            c + 1 < kContents ? content_.classes[at(c)].share : std::max(0.0, 1.0 - named);
        ahead_[cell(kind, node, nodes_)] += more * share * (kind < kContents ? 1 - huge_ : huge_);
        continue;
      }
      for (int last = 0; last <= nodes_; ++last) {
        for (Counts* counts : {&ahead_, &behind_, &unmapped_})
          (*counts)[cell(kind, node, last)] *= wanted[at(node)] / have;
      }
    }
  }
}

std::vector<double> NumaSpace::use() const {
  std::vector<double> shares(at(nodes_), 0.0);
  for (int kind = 0; kind < kKinds; ++kind) {
    const double rate = 1.0 / content_.classes[at(kind % kContents)].reuse_s;
    for (int node = 0; node < nodes_; ++node) {
      for (int last = 0; last <= nodes_; ++last) {
        const std::size_t here = cell(kind, node, last);
        shares[at(node)] += rate * (ahead_[here] + behind_[here] + unmapped_[here]);
      }
    }
  }
  const double all = sum(shares);
  for (double& share : shares) share = all > 0 ? share / all : 0.0;
  if (all <= 0) shares[0] = 1.0;
  return shares;
}

// --- scans --------------------------------------------------------------------------------------

double NumaSpace::windows() const {
  double all_B = 0.0;
  for (int node = 0; node < nodes_; ++node) all_B += pages(node) * kPage_B;
  return std::max(1.0, std::ceil(all_B / static_cast<double>(tunables_.scan_size.count())));
}

double NumaSpace::period_min_s() const {
  const double floor_s =
      std::min(1.0, static_cast<double>(tunables_.scan_size.count()) / kMostScan_B_s);
  return std::max(floor_s, sim::seconds(tunables_.scan_period_min) / windows());
}

// Memory that threads share is scanned less: other threads would move it elsewhere.
double NumaSpace::shared_factor() const {
  return grouped_ ? static_cast<double>(threads_.size()) * (group_shared_ + 1) /
                        (group_own_ + group_shared_ + 1)
                  : 1.0;
}

double NumaSpace::period_start_s() const {
  const double least_s = period_min_s();
  return std::max(least_s, least_s * shared_factor());
}

double NumaSpace::scan(int id, double runtime_s, double now_s, bool own_only, int node) {
  Thread& thread = threads_[at(id)];
  if (runtime_s <= thread.stamp_s + thread.period_s) return 0.0;
  while (runtime_s > thread.stamp_s + thread.period_s) thread.stamp_s += thread.period_s;
  if (now_s < next_scan_s_) return 0.0;
  next_scan_s_ = now_s + thread.period_s;
  thread.stamp_s += kTwoTicks_s;  // the next turn is likely another thread's
  const double left = sum(ahead_);
  const double wanted = static_cast<double>(tunables_.scan_size.count()) / kPage_B;
  const double taken = left > wanted ? wanted / left : 1.0;
  double entries = 0.0;
  for (int kind = 0; kind < kKinds; ++kind) {
    for (int of = 0; of < nodes_; ++of) {
      Counts& to = own_only && of == node ? behind_ : unmapped_;
      for (int last = 0; last <= nodes_; ++last) {
        const std::size_t here = cell(kind, of, last);
        const double pages = taken * ahead_[here];
        to[here] += pages;
        ahead_[here] -= pages;
        if (&to == &unmapped_) entries += pages / size_of(kind);
      }
    }
  }
  if (taken >= 1.0) {
    ++passes_;
    std::swap(ahead_, behind_);
  }
  return entries;
}

bool NumaSpace::waiting() const {
  return sum(unmapped_) > 1.0;
}

// --- faults -------------------------------------------------------------------------------------

// should_numa_migrate_memory
bool NumaSpace::follows(const Thread& thread, int from, int to, int last, bool own) const {
  const bool fresh = last == nodes_;
  if ((thread.preferred < 0 || thread.passes <= kFirstPasses) && (fresh || own)) return true;
  if (!fresh && last != to) return false;
  if ((own && !fresh) || !grouped_) return true;
  const double cpu_to = group_cpu_[at(to)], cpu_from = group_cpu_[at(from)];
  if (cpu_to > cpu_from * kActive) return true;
  return cpu_to * group_memory_[at(from)] * 3 > cpu_from * group_memory_[at(to)] * 4;
}

void NumaSpace::fault(int id, int node, int kind, int from, int last, double pages,
                      const Room& room) {
  if (pages <= 0) return;
  Thread& thread = threads_[at(id)];
  Toll& toll = tolls_[at(id)];
  // Whether it was this thread that used the pages last.
  double own_share = 1.0;
  if (last < nodes_ && threads_.size() > 1) {
    double all = 0.0;
    for (const Thread& other : threads_) all += other.made[at(last)];
    own_share = all > 0 ? thread.made[at(last)] / all : 0.0;
  }
  toll.faults += pages / size_of(kind);
  for (const bool own : {true, false}) {
    const double part = pages * (own ? own_share : 1.0 - own_share);
    if (part <= 0) continue;
    double moved = 0.0;
    if (from != node && follows(thread, from, node, last, own)) {
      moved = room(from, node, part);
      thread.failed += part - moved;
      toll.moves += moved / size_of(kind);
      toll.moved += moved;
    }
    const auto record = [&](double count, int of) {
      if (count <= 0) return;
      (own ? thread.memory_now.own : thread.memory_now.shared)[at(of)] += count;
      behind_[cell(kind, of, node)] += count;
      // Within the nodes that a group uses, shared pages count as local.
      const auto active = [&](int n) {
        return group_cpu_[at(n)] * kActive >
               *std::max_element(group_cpu_.begin(), group_cpu_.end());
      };
      const bool local =
          from == node || (!own && grouped_ && active_nodes_ > 1 && active(node) && active(of));
      (local ? thread.local : thread.remote) += count;
    };
    record(moved, node);
    record(part - moved, from);
    (own ? thread.cpu_now.own : thread.cpu_now.shared)[at(node)] += part;
    grouped_ = grouped_ || !own;
  }
  thread.made[at(node)] += pages;
}

const std::vector<NumaSpace::Toll>& NumaSpace::use_for(const std::vector<Ran>& ran,
                                                       const Room& room) {
  std::fill(tolls_.begin(), tolls_.end(), Toll{});
  double all_s = 0.0;
  for (const Ran& one : ran) all_s += one.time_s;
  if (all_s <= 0) return tolls_;
  // Content's figures are for a VM all of whose threads run.
  const double together_s = all_s / static_cast<double>(threads_.size());
  for (int kind = 0; kind < kKinds; ++kind) {
    const double rate = size_of(kind) / content_.classes[at(kind % kContents)].reuse_s;
    const double share = -std::expm1(-together_s * rate);
    for (int from = 0; from < nodes_; ++from) {
      for (int last = 0; last <= nodes_; ++last) {
        double& waiting = unmapped_[cell(kind, from, last)];
        if (waiting < kNothing) continue;
        const double touched = share * waiting;
        waiting -= touched;
        for (std::size_t i = 0; i < ran.size(); ++i) {
          fault(static_cast<int>(i), ran[i].node, kind, from, last, touched * ran[i].time_s / all_s,
                room);
        }
      }
    }
  }
  return tolls_;
}

}  // namespace models::memory
