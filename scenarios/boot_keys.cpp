#include "scenarios/boot_keys.hpp"

#include "scenarios/fields.hpp"

namespace scenarios {
namespace {

const Section<models::guest::KernelMemory>& kernel_memory_keys() {
  using T = models::guest::KernelMemory;
  static const Section<T> section{
      quantity("image", Unit::size, &T::image,
               "code, data, and what it takes whatever the VM's size"),
      truth("swiotlb", &T::swiotlb,
            "it clears a bounce buffer of 64 MiB if memory reaches beyond 4 GiB"),
  };
  return section;
}

}  // namespace

const Section<models::workload::BootProfile>& boot_profile_keys() {
  using T = models::workload::BootProfile;
  static const Section<T> section{
      quantity("file", Unit::size, &T::file, "of the kernel, which the VMM copies into the guest"),
      quantity("decompress", Unit::instructions, &T::decompress,
               "of the kernel unpacking itself, unless the VMM loads it unpacked"),
      quantity(
          "kernel", Unit::instructions, &T::kernel,
          "from its entry to init, on the first vCPU; 0 instr: the guest is up from the start"),
      whole("probes", &T::probes, 0, 10'000'000,
            "accesses to devices that go to the VMM's process"),
      quantity("wait", Unit::time, &T::wait, "of the kernel, for timers and devices, halted"),
      table("kernel_memory", &T::kernel_memory, &kernel_memory_keys,
            "that the kernel touches for itself, beside what goes with the VM's size"),
      quantity("memory", Unit::size, &T::memory,
               "that processes and page cache touch until it is ready"),
      quantity("freed", Unit::size, &T::freed, "of other pages, touched and freed on the way"),
      quantity("init", Unit::instructions, &T::init, "of processes until it is ready"),
      quantity("read", Unit::size, &T::read,
               "that these read from the VM's first disk, anywhere on it"),
      quantity("read_block", Unit::size, &T::read_block, "of one read, after read-ahead",
               Zero::refused),
      truth("ends", &T::ends, "init ends the VM: its time is up when the VMM has gone"),
      truth("again", &T::again, "then the next one starts in its place"),
      quantity("between", Unit::time, &T::between,
               "CPU time on the host from one end to the next start"),
  };
  return section;
}

const Section<models::vmm::BootCosts>& boot_cost_keys() {
  using T = models::vmm::BootCosts;
  static const Section<T> section{
      quantity("process", Unit::time, &T::process,
               "CPU time of the VMM's process before the guest runs"),
      quantity("exclusive", Unit::time, &T::exclusive,
               "CPU time of a start under locks that all starts of the host share"),
      quantity("load_page", Unit::cycles, &T::load_page,
               "copying 4 KiB of the kernel's file into the guest"),
      truth("unpacks", &T::unpacks, "the kernel is loaded unpacked (vmlinux)"),
      quantity("firmware", Unit::cycles, &T::firmware, "of the firmware on the first vCPU"),
      whole("firmware_probes", &T::firmware_probes, 0, 10'000'000,
            "its accesses to devices that go to the VMM's process"),
      quantity("firmware_wait", Unit::time, &T::firmware_wait, "its delays and timeouts"),
      whole("start_grace_periods", &T::start_grace_periods, 0, 1000,
            "of the host's RCU that a start waits for"),
      whole("end_grace_periods", &T::end_grace_periods, 0, 1000, "that an end waits for"),
      quantity("release_page", Unit::cycles, &T::release_page,
               "giving back a page of a guest that ends"),
  };
  return section;
}

const Section<models::vmm::FaultCosts>& fault_keys() {
  using T = models::vmm::FaultCosts;
  static const Section<T> section{
      quantity("handle", Unit::cycles, &T::handle,
               "of a nested page fault at first touch, beside the exit and clearing"),
      quantity("clear_page", Unit::cycles, &T::clear_page, "clearing 4 KiB"),
      quantity("locked", Unit::cycles, &T::locked,
               "under the lock of the node's free pages, for each page"),
  };
  return section;
}

const Section<models::vmm::OwnMemoryCosts>& own_memory_keys() {
  using T = models::vmm::OwnMemoryCosts;
  static const Section<T> section{
      quantity("code", Unit::size, &T::code, "of the VMM's process, one copy for all VMs"),
      quantity("machine", Unit::size, &T::machine,
               "its heap and data, of a machine without devices"),
      quantity("vcpu", Unit::size, &T::vcpu, "of the process, each vCPU"),
      quantity("disk", Unit::size, &T::disk, "of the process, each disk"),
      quantity("nic", Unit::size, &T::nic, "of the process, each network interface"),
      whole("dirty_bitmaps", &T::dirty_bitmaps, 0, 16,
            "of a bit for each page of the VM, which the process sets at start"),
      quantity("kernel_vm", Unit::size, &T::kernel_vm, "of the hypervisor, each VM"),
      quantity("kernel_vcpu", Unit::size, &T::kernel_vcpu, "of the hypervisor, each vCPU"),
      truth("rmap", &T::rmap, "8 bytes a page, from each to its mappings"),
      truth("page_track", &T::page_track, "2 bytes a page, of write tracking"),
      quantity("pool_vcpu", Unit::size, &T::pool_vcpu,
               "set aside at start for tables, each vCPU (Xen)"),
      quantity("pool_mebibyte", Unit::size, &T::pool_mebibyte, "and each MiB of the VM"),
  };
  return section;
}

}  // namespace scenarios
