// What a host maps guests' memory with: reserved hugepages, transparent ones from the first touch,
// and those that khugepaged gathers while guests run.
//
// Part of the composition root (running_host.hpp).
// Models  transparent_hugepage = always, madvise, never; a VM's age; merged and swapped memory.
// Omits   that one VM of a class has more than another.
// Checked tests/models/huge_pages_test.cpp.
#pragma once

#include <vector>

#include "models/compute/profile.hpp"
#include "models/memory/khugepaged.hpp"
#include "models/results.hpp"
#include "models/translation/page_walk.hpp"
#include "sim/process.hpp"

namespace models {

class RunningHost;
struct HostDescription;
struct RunLength;
struct VmDescription;
struct VmKind;

translation::Paging paging(const HostDescription& host);
// Share of the VM's memory that large pages cover when it starts.
double coverage_at_start(const VmDescription& vm, const HostDescription& host);
// Page walks of a VM's vCPUs, by busy threads of their core.
std::vector<compute::TableWalks> table_walks(const VmDescription& vm, const HostDescription& host,
                                             double coverage);

class HugePages {
 public:
  explicit HugePages(RunningHost& host);
  void start();
  double coverage(int vm) const;  // now
  void report(Results& results) const;

  sim::Engine& engine();

 private:
  sim::Process gather();
  void look();
  double most(const VmKind& kind) const;

  RunningHost& host_;
  memory::Khugepaged daemon_;
  std::vector<double> coverage_;  // [class]
};

}  // namespace models
