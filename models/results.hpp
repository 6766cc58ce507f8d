// What one simulation run (one replication of one point) answers: plain data, written once.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/cause.hpp"

namespace models {

struct TimeShares {
  std::string object;                   // "vm.guest"
  std::array<double, kCauses> share{};  // of all vCPU time of the class; sums to 1
  // Seconds per unit of work, by cause: the basis of "which cause explains the slowdown". Without
  // the idle time of vCPUs that have nothing to do.
  std::array<double, kCauses> per_unit_s{};
};

struct Metric {
  std::string name;    // "<object>.<quantity>[.<statistic>]", documented by metric_catalogue()
  double value = 0.0;  // SI base unit
};

// Which of two values of a metric a guest or host is better off with; neither: it depends.
enum class Better { neither, more, less };

// Documents a metric; names are patterns with <vm> for a VM class, <array> for an array, <disk> for
// disks, <test> for a workload's test.
struct MetricKind {
  std::string_view name;
  std::string_view unit;
  std::string_view sentence;
  Better better = Better::neither;
};
const std::vector<MetricKind>& metric_catalogue();
// Characters of a concrete metric's name that a pattern fixes; 0: it does not match.
std::size_t matched(std::string_view pattern, std::string_view metric);
// Unit of a concrete metric name, from the catalogue ("1" where dimensionless).
std::string_view unit_of(std::string_view metric);

// Mean utilisation of one part of the host, for topology drawings.
struct Utilisation {
  std::string object;      // "node0.cpus", "node0.controller", "link0-1"
  double utilisation = 0;  // 0 .. 1
};

struct Results {
  std::vector<Metric> metrics;   // order is fixed by the description, alike in every replication
  std::vector<TimeShares> time;  // one per VM class
  std::vector<Utilisation> utilisation;
  std::vector<std::string> notes;       // what befell VMs, in words: killed, and why
  std::vector<std::string> violations;  // broken invariants, in words; empty when all hold
  std::uint64_t events = 0;
};

}  // namespace models
