#include "models/huge_pages.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "models/compute/footprint_loads.hpp"
#include "models/memory_pressure.hpp"
#include "models/running_host.hpp"
#include "sim/error.hpp"

namespace models {
namespace {

constexpr double kNoticeable = 2e-3;  // a change that walks are worth computing anew for

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

sim::Bytes all_memory(const HostDescription& host) {
  sim::Bytes all{};
  for (const VmDescription& vm : host.vms) {
    if (!reserves_hugepages(vm)) all += vm.memory * vm.count;
  }
  return all;
}

// Whether the kernel uses huge pages for the VM without being asked for each.
bool transparent(const VmDescription& vm, const HostDescription& host) {
  if (vm.host_pages.size != translation::PageSize::large || reserves_hugepages(vm)) return false;
  switch (host.vmm.transparent_hugepages) {
    case TransparentHugepages::always:
      return true;
    case TransparentHugepages::madvise:
      return host.vmm.architecture != Architecture::container;
    case TransparentHugepages::never:
      return false;
  }
  throw sim::ModelError{"unknown transparent_hugepages"};
}

}  // namespace

translation::Paging paging(const HostDescription& host) {
  if (host.without.contains(Mechanism::nested_walks)) return translation::Paging::native;
  switch (host.vmm.paging) {
    case PagingKind::automatic:
      if (host.vmm.architecture == Architecture::container) return translation::Paging::native;
      return host.hardware.tlb.nested_paging ? translation::Paging::nested
                                             : translation::Paging::shadow;
    case PagingKind::native:
      return translation::Paging::native;
    case PagingKind::shadow:
      return translation::Paging::shadow;
    case PagingKind::nested:
      return translation::Paging::nested;
  }
  throw sim::ModelError{"unknown paging kind"};
}

double coverage_at_start(const VmDescription& vm, const HostDescription& host) {
  if (vm.host_pages.size == translation::PageSize::small) return 0.0;
  const bool withheld = vm.host_pages.size == translation::PageSize::large &&
                        !reserves_hugepages(vm) && !transparent(vm, host);
  return withheld ? 0.0 : vm.host_pages.coverage;
}

std::vector<compute::TableWalks> table_walks(const VmDescription& vm, const HostDescription& host,
                                             double coverage) {
  std::vector<compute::TableWalks> all;
  const workload::Description& work = vm.workload;
  if (!work.pages.any() || host.without.contains(Mechanism::page_walks)) return all;
  const topology::Tlb& tlb = host.hardware.tlb;
  const sim::Bytes span = work.pages.span.count() > 0 ? work.pages.span : work.profile.footprint;
  translation::PageUse mapped = vm.host_pages;
  mapped.coverage = coverage;
  for (int threads = 1; threads <= host.hardware.threads_per_core; ++threads) {
    const translation::Walks found =
        translation::walks(tlb, work.pages, span, paging(host), vm.guest_pages, mapped, threads);
    compute::TableWalks& into = all.emplace_back();
    into.cycles_per_instruction =
        found.l2_tlb_hits_per_instruction * static_cast<double>(tlb.l2_latency.count());
    const bool found_alone = work.profile.overlap != compute::Overlap::workload;
    const double at_once = found_alone
                               ? work.profile.memory_level_parallelism
                               : compute::lines_at_once(host.hardware.line_buffers, work.profile,
                                                        threads, host.hardware.smt_yield);
    into.overlap = std::min(std::max(1.0, static_cast<double>(tlb.walkers) / threads), at_once);
    for (const translation::TableReads& read : found.reads)
      into.reads.push_back({read.per_instruction, read.lines});
  }
  return all;
}

HugePages::HugePages(RunningHost& host)
    : host_{host}, daemon_{host.description_.vmm.khugepaged, all_memory(host.description_)} {
  for (const VmDescription& vm : host.description_.vms)
    coverage_.push_back(coverage_at_start(vm, host.description_));
}

sim::Engine& HugePages::engine() {
  return host_.engine_;
}

double HugePages::coverage(int vm) const {
  return coverage_[at(host_.vms_[at(vm)].kind)];
}

void HugePages::start() {
  if (!host_.description_.vmm.khugepaged.run) return;
  look();
  host_.engine_.spawn(gather());
}

sim::Process HugePages::gather() {
  for (;;) {
    co_await host_.engine_.delay(host_.description_.vmm.khugepaged.sleep);
    look();
  }
}

void HugePages::look() {
  bool changed = false;
  for (std::size_t k = 0; k < host_.kinds_.size(); ++k) {
    const VmKind& kind = host_.kinds_[k];
    const VmDescription& vm = *kind.description;
    if (!transparent(vm, host_.description_)) continue;
    const sim::Duration up = vm.age + (host_.engine_.now() - sim::kStart);
    const double now = daemon_.covered(coverage_at_start(vm, host_.description_), most(kind), up);
    if (std::abs(now - coverage_[k]) < kNoticeable) continue;
    coverage_[k] = now;
    host_.contention_.walk(vm.workload.profile, table_walks(vm, host_.description_, now));
    changed = true;
  }
  if (changed) host_.settle_later();
}

// Neither merged nor swapped.
double HugePages::most(const VmKind& kind) const {
  if (!host_.pressure_) return 1.0;
  const memory::HostMemory& memory = host_.pressure_->memory();
  double there = 0.0, spoilt = 0.0;
  for (const int index : kind.vms) {
    const int vm = host_.vms_[at(index)].in_memory;
    spoilt += memory.merged(vm) + memory.swapped(vm);
    there += memory.present(vm) + memory.swapped(vm);
  }
  return there > 0 ? std::max(0.0, 1.0 - spoilt / there) : 1.0;
}

void HugePages::report(Results& results) const {
  if (!host_.description_.vmm.khugepaged.run) return;
  for (std::size_t k = 0; k < host_.kinds_.size(); ++k)
    results.metrics.push_back(
        {"vm." + host_.kinds_[k].description->name + ".memory.huge", coverage_[k]});
}

}  // namespace models
