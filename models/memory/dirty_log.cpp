#include "models/memory/dirty_log.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace models::memory {
namespace {

constexpr double kPagesOfLarge = 512.0;  // 2 MiB of 4 KiB; a 1 GiB page is 512 of those
constexpr double kEntriesOfLog = 512.0;  // SDM 28.3.6
constexpr int kLevels = 4;
// The list of tables and the MMU lock's count, each taken and let go by one locked instruction.
constexpr double kLinesOfSplit = 3.0;

double count(sim::Cycles cycles) {
  return static_cast<double>(cycles.count());
}

}  // namespace

DirtyLog::DirtyLog(std::vector<WrittenPages> classes, bool cpu_logs) : cpu_logs_{cpu_logs} {
  for (const WrittenPages& pages : classes) classes_.push_back({.pages = pages});
}

void DirtyLog::begin(double large) {
  large_ = large;
  for (Class& c : classes_) {
    c.visits = c.split_visits = 0.0;
    c.small = 1.0 - large;
  }
}

void DirtyLog::visit(std::size_t kind, double visits) {
  classes_[kind].visits += visits;
  classes_[kind].split_visits += visits;
}

double DirtyLog::dirty(const Class& c) {
  const double n = c.pages.pages;
  const double s = c.pages.share;
  if (n <= 0) return 0.0;
  if (c.pages.order == WriteOrder::scattered) return -n * std::expm1(-c.visits * s / n);
  const double rounds = std::floor(c.visits / n);
  const double left = std::pow(1.0 - s, rounds);
  return n * (1.0 - left) + (c.visits - rounds * n) * s * left;
}

double DirtyLog::clean_share(const Class& c) {
  const double n = c.pages.pages;
  if (n <= 0) return 0.0;
  if (c.pages.order == WriteOrder::scattered) return std::exp(-c.visits * c.pages.share / n);
  return std::pow(1.0 - c.pages.share, std::floor(c.visits / n));
}

// Of the large pages that logging began with.
double DirtyLog::unsplit_share(const Class& c) {
  const double n = c.pages.pages;
  if (n <= 0) return 0.0;
  if (c.pages.order == WriteOrder::scattered)
    return std::exp(-c.split_visits * c.pages.share * kPagesOfLarge / n);
  const double passed = std::min(1.0, c.split_visits / n);
  return 1.0 - passed * (1.0 - std::pow(1.0 - c.pages.share, kPagesOfLarge));
}

WriteToll DirtyLog::toll(std::size_t kind) const {
  const Class& c = classes_[kind];
  const double first = c.pages.share * clean_share(c);
  const double small = cpu_logs_ ? c.small : 0.0;
  // A fault leaves it to the CPU to set the dirty flag, which logs the page once more
  // (fast_pf_fix_direct_spte).
  WriteToll toll{.faults = first * (1.0 - small), .logged = cpu_logs_ ? first : 0.0};
  if (c.pages.order == WriteOrder::scattered) {
    toll.splits = c.pages.share * large_ * unsplit_share(c);
  } else if (c.split_visits < c.pages.pages) {
    toll.splits = large_ * (1.0 - std::pow(1.0 - c.pages.share, kPagesOfLarge)) / kPagesOfLarge;
  }
  return toll;
}

double DirtyLog::dirty() const {
  double all = 0.0;
  for (const Class& c : classes_) all += dirty(c);
  return all;
}

double DirtyLog::again() const {
  double all = 0.0, twice = 0.0;
  for (const Class& c : classes_) {
    const double own = dirty(c);
    all += own;
    if (own > 0.0) twice += own * own / c.pages.pages;
  }
  return all > 0.0 ? twice / all : 0.0;
}

double DirtyLog::take() {
  const double all = dirty();
  for (Class& c : classes_) {
    c.visits = 0.0;
    c.small = 1.0 - large_ * unsplit_share(c);
  }
  return all;
}

double fault_cycles(const DirtyLogCosts& costs, double light_exit) {
  return light_exit + count(costs.decode) + count(costs.slot) + kLevels * count(costs.level) +
         count(costs.fix) + count(costs.retry);
}

double logged_cycles(const DirtyLogCosts& costs, double light_exit) {
  return count(costs.log_entry) + count(costs.drain_entry) + light_exit / kEntriesOfLog;
}

double split_cycles(const DirtyLogCosts& costs) {
  return count(costs.split) + kPagesOfLarge * count(costs.split_entry);
}

double lock_s(int threads, double between_s, double transfer_s) {
  return held_lock_s(threads, between_s, kLinesOfSplit * transfer_s);
}

double held_lock_s(int threads, double between_s, double service_s) {
  double queue = 0.0, residence_s = service_s;
  for (int n = 1; n <= threads; ++n) {
    residence_s = service_s * (1.0 + queue);
    queue = n * residence_s / (residence_s + between_s);
  }
  return residence_s;
}

}  // namespace models::memory
