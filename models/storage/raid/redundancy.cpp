#include "models/storage/raid/redundancy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "models/storage/raid/geometry.hpp"
#include "sim/error.hpp"

namespace models::storage::raid {
namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

// How many sets of k failed disks leave a copy of everything when copies lie in groups of their
// own: the coefficients of ((1 + x)^copies - x^copies)^(disks / copies).
std::vector<double> survivors_of_groups(int disks, int copies) {
  std::vector<double> group(at(copies) + 1, 1.0);
  for (int k = 1; k < copies; ++k) group[at(k)] = group[at(k) - 1] * (copies - k + 1) / k;
  group[at(copies)] = 0.0;
  std::vector<double> sets{1.0};
  for (int g = 0; g < disks / copies; ++g) {
    std::vector<double> next(sets.size() + at(copies), 0.0);
    for (std::size_t i = 0; i < sets.size(); ++i) {
      for (std::size_t j = 0; j < group.size(); ++j) next[i + j] += sets[i] * group[j];
    }
    sets = std::move(next);
  }
  return sets;
}

// The same when copies lie on `copies` neighbours round a ring: sets without so many in a row.
// walk[k][run]: sets of the disks so far with k failed, the last `run` in a row; those failed
// before the first survivor are joined to the last run.
std::vector<double> survivors_of_ring(int disks, int copies) {
  std::vector<double> sets(at(disks) + 1, 0.0);
  for (int lead = 0; lead < copies; ++lead) {  // failed in a row at the start, then a survivor
    if (lead >= disks) break;
    std::vector<std::vector<double>> walk(at(disks) + 1, std::vector<double>(at(copies), 0.0));
    walk[at(lead)][0] = 1.0;
    for (int disk = lead + 1; disk < disks; ++disk) {
      std::vector<std::vector<double>> next(walk.size(), std::vector<double>(at(copies), 0.0));
      for (int k = 0; k <= disk; ++k) {
        for (int run = 0; run < copies; ++run) {
          const double ways = walk[at(k)][at(run)];
          if (ways == 0.0) continue;
          next[at(k)][0] += ways;
          if (run + 1 < copies) next[at(k) + 1][at(run) + 1] += ways;
        }
      }
      walk = std::move(next);
    }
    for (int k = 0; k <= disks; ++k) {
      for (int run = 0; run + lead < copies; ++run) sets[at(k)] += walk[at(k)][at(run)];
    }
  }
  return sets;
}

}  // namespace

std::string_view name(Level level) {
  switch (level) {
    case Level::linear:
      return "linear";
    case Level::raid0:
      return "raid0";
    case Level::raid1:
      return "raid1";
    case Level::raid5:
      return "raid5";
    case Level::raid6:
      return "raid6";
    case Level::raid10:
      return "raid10";
  }
  return "?";
}

void check(Level level, int disks, int copies) {
  const int least = level == Level::raid5    ? 3
                    : level == Level::raid6  ? 4
                    : level == Level::raid1  ? 2
                    : level == Level::raid10 ? std::max(2, copies)
                                             : 1;
  if (disks < least) {
    throw sim::ConfigError{
        fmt::format("{} with {} disks, needs at least {}", name(level), disks, least)};
  }
  constexpr int kMostParity = 64;  // a row's blocks are bits of a word
  if ((level == Level::raid5 || level == Level::raid6) && disks > kMostParity) {
    throw sim::ConfigError{
        fmt::format("{} with {} disks, at most {}", name(level), disks, kMostParity)};
  }
  const bool mirrors = level == Level::raid1 || level == Level::raid10;
  if (mirrors && (copies < 2 || copies > Span::kMostCopies)) {
    throw sim::ConfigError{
        fmt::format("{} with {} copies, needs 2 to {}", name(level), copies, Span::kMostCopies)};
  }
}

int fault_tolerance(Level level, int disks, int copies) {
  switch (level) {
    case Level::linear:
    case Level::raid0:
      return 0;
    case Level::raid1:
      return disks - 1;
    case Level::raid5:
      return 1;
    case Level::raid6:
      return 2;
    case Level::raid10:
      return copies - 1;
  }
  return 0;
}

double loss_probability(Level level, Layout layout, int disks, int copies, int k) {
  if (level != Level::raid10) return k > fault_tolerance(level, disks, copies) ? 1.0 : 0.0;
  if (k < 1 || k > disks) return 1.0;
  const bool groups = layout == Layout::near && disks % copies == 0;
  const std::vector<double> sets =
      groups ? survivors_of_groups(disks, copies) : survivors_of_ring(disks, copies);
  // Orders in which k disks fail and all survive: sets[k] * k!.
  const double before = sets[at(k) - 1] * (disks - k + 1);
  return before > 0.0 ? 1.0 - sets[at(k)] * k / before : 1.0;
}

bool survives(Level level, Layout layout, int copies, const std::vector<bool>& failed) {
  const int disks = static_cast<int>(failed.size());
  const auto gone = static_cast<int>(std::count(failed.begin(), failed.end(), true));
  if (level != Level::raid10) return gone <= fault_tolerance(level, disks, copies);
  // Near: chunk c lies on disks c * copies + i; else on c + i; both repeat after `disks` chunks.
  for (int chunk = 0; chunk < disks; ++chunk) {
    bool left = false;
    for (int i = 0; i < copies; ++i) {
      const int place = layout == Layout::near ? chunk * copies + i : chunk + i;
      left = left || !failed[at(place % disks)];
    }
    if (!left) return false;
  }
  return true;
}

}  // namespace models::storage::raid
