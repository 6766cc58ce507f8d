// Memory that the VMM and the host's kernel take for their VMs, from descriptions and as it stands.
#include <fmt/format.h>

#include <algorithm>

#include "models/running_host.hpp"

namespace models {
namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

sim::Bytes page_size(translation::PageSize size) {
  switch (size) {
    case translation::PageSize::small:
      return sim::Bytes{4'096};
    case translation::PageSize::large:
      return sim::Bytes{2'097'152};
    case translation::PageSize::huge:
      return sim::Bytes{1'073'741'824};
  }
  throw sim::ModelError{"unknown page size"};
}

// What of the VM is mapped once the guest has touched so much: transparent hugepages are there as
// wholes, and each run of touched memory ends in the middle of one; reserved ones all are.
sim::Bytes mapped(const VmDescription& vm, sim::Bytes touched) {
  if (reserves_hugepages(vm)) return vm.memory;
  if (vm.host_pages.size == translation::PageSize::small || touched.count() == 0) return touched;
  const double beyond = guest::touched_runs(vm.memory) * vm.host_pages.coverage / 2.0 *
                        static_cast<double>(page_size(vm.host_pages.size).count());
  return std::min(vm.memory, touched + sim::Bytes{static_cast<std::int64_t>(beyond)});
}

}  // namespace

vmm::OwnMemory own_memory(const VmmDescription& vmm, const VmDescription& vm, sim::Bytes touched) {
  const vmm::MappedMemory pages{.memory = vm.memory,
                                .touched = mapped(vm, touched),
                                .large_page = page_size(vm.host_pages.size),
                                .large_share = vm.host_pages.coverage,
                                .reserved = reserves_hugepages(vm),
                                .second_stage = vmm.architecture != Architecture::container};
  return vmm::own_memory(vmm.own_memory, pages, vm.vcpus, static_cast<int>(vm.disks.size()),
                         static_cast<int>(vm.nics.size()));
}

vmm::OwnMemory RunningHost::own_memory(const Vm& vm) const {
  return models::own_memory(description_.vmm, *vm.description,
                            resident(*vm.description) - vm.placement.untouched());
}

sim::Bytes RunningHost::vmm_memory() const {
  sim::Bytes all{};
  sim::Bytes code{};
  for (const Vm& vm : vms_) {
    const vmm::OwnMemory own = own_memory(vm);
    all += own.each();
    code = std::max(code, own.code);
  }
  return all + code;
}

void RunningHost::report_own_memory(const Kind& kind, Results& results) const {
  const double vms = static_cast<double>(kind.vms.size());
  double own_B = 0.0, tables_B = 0.0, process_B = 0.0;
  for (const int index : kind.vms) {
    const Vm& vm = vms_[at(index)];
    const vmm::OwnMemory own = own_memory(vm);
    const sim::Bytes touched = resident(*vm.description) - vm.placement.untouched();
    own_B += static_cast<double>(own.each().count());
    tables_B += static_cast<double>((own.second_stage + own.host_tables).count());
    process_B +=
        static_cast<double>((own.process + own.code + mapped(*vm.description, touched)).count());
  }
  const std::string object = "vm." + kind.description->name;
  results.metrics.push_back({object + ".vmm.memory", own_B / vms});
  results.metrics.push_back({object + ".vmm.tables", tables_B / vms});
  results.metrics.push_back({object + ".vmm.resident", process_B / vms});
}

}  // namespace models
