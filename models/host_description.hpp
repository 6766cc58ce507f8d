// A whole simulation's input: the hardware, the VMM, the guests, and which mechanisms are off.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "models/cluster/network.hpp"
#include "models/network_description.hpp"
#include "models/pcie/description.hpp"
#include "models/storage_description.hpp"
#include "models/storage_server_description.hpp"
#include "models/topology/description.hpp"
#include "models/vmm/ticks.hpp"
#include "models/vmm_description.hpp"
#include "models/workload/description.hpp"
#include "sim/units.hpp"

namespace models {

// core: each vCPU on a hardware thread of its own, nodes and cores filled evenly first;
// node: each VM on one node, evenly; cpus: an explicit Linux CPU set per vCPU (last repeats).
enum class PinMode { none, core, node, cpus };
enum class NumaMode { first_touch, strict, interleave, preferred };

struct Pinning {
  PinMode mode = PinMode::none;
  std::vector<std::vector<int>> cpus;  // [vcpu][choice], PinMode::cpus only
};

struct NumaPolicy {
  NumaMode mode = NumaMode::first_touch;
  std::vector<int>
      nodes;  // strict, interleave, preferred: the node set; empty: all (strict: the pinned ones)
};

// libvirt's <cputune>: CPU time in a period; a quota of zero: no limit.
struct CpuTune {
  sim::Duration global_quota{};  // of the VM as a whole
  sim::Duration global_period{100'000'000'000};
  sim::Duration quota{};  // of each vCPU
  sim::Duration period{100'000'000'000};
  sim::Duration emulator_quota{};  // of QEMU's main loop, its helpers and vhost, together
  sim::Duration emulator_period{100'000'000'000};
  sim::Duration iothread_quota{};  // of each
  sim::Duration iothread_period{100'000'000'000};
};

// Memory as libvirt's <memtune> and VMware's resource settings have it.
struct MemoryTune {
  int shares = 0;             // of memory when it is short; 0: no preference, least used pages go
  sim::Bytes reservation{};   // never taken
  sim::Bytes limit{};         // hard_limit: never exceeded; zero: none
  bool locked = false;        // <locked/>: never swapped
  bool nosharepages = false;  // <nosharepages/>: never merged
  bool mergeable = false;     // a container's processes ask for it: madvise, or prctl since 6.4
  int oom_score_adj = 0;      // who is killed for want of memory; -1000: never
};

enum class BalloonMode { none, target, automatic };
struct BalloonDescription {
  BalloonMode mode = BalloonMode::none;
  sim::Bytes target{};          // what the guest keeps
  bool deflate_on_oom = false;  // <memballoon autodeflate='on'/>
  bool reporting = false;       // <memballoon freePageReporting='on'/>, with or without a balloon
};

// What the guest's kernel leaves to KVM (QEMU's kvm-pv-* CPU flags).
struct KvmFeatures {
  // Spinlocks in turn, whoever has a CPU: ticket locks, to Linux 4.1. Else the first to try gets a
  // free one (virt_spin_lock, test and set), since 4.2.
  bool fair_locks = true;
  bool pv_unhalt = false;          // paravirtual spinlocks: a waiter sleeps after a while (4.2)
  bool pv_wait_preempted = false;  // 4.10 to 5.3: and at once behind a waiter without a CPU
  bool pv_tlb_flush = false;       // vCPUs without a CPU are not waited for
  bool pv_sched_yield = false;     // who interrupts vCPUs without a CPU yields to the first of them
  bool async_pf = true;            // kvm-asyncpf: another task runs while one waits for a page
};

// anew: as when logging has just been switched on, each time that the vCPUs have met at a barrier.
enum class DirtyLogging { off, on, anew };

struct VmDescription {
  std::string name;
  int count = 1;
  int vcpus = 1;
  int virtual_nodes = 1;  // NUMA nodes that its guest sees; vCPUs and memory in even parts
  sim::Bytes memory{};
  Pinning pin;
  NumaPolicy numa;
  int shares = 1024;         // cgroup cpu.shares of the VM, 2 .. 262144
  sim::Hertz reservation{};  // of the host's CPUs x clock; zero: none
  sim::Hertz limit{};        // zero: none
  CpuTune cputune;
  std::vector<int> emulator_pin;  // CPUs of its VMM's threads; empty: as `pin` says
  std::vector<int> llc_ways;      // ascending, of every LLC, for its lines (CAT); empty: all
  vmm::GuestClock clock;
  KvmFeatures kvm_features;
  std::string reads_from;  // VM that modifies the lines it reads (ivshmem); empty: its own vCPUs
  std::string image;       // VMs of one image hold the same pages of it; empty: the workload's name
  MemoryTune memory_tune;
  BalloonDescription balloon;
  // What the guest's kernel maps its memory with, and what the host maps that memory with.
  // Transparent hugepages cover most of a guest that has been up for long; assumption.
  translation::PageUse guest_pages{.size = translation::PageSize::large, .coverage = 0.8};
  translation::PageUse host_pages{.size = translation::PageSize::large, .coverage = 0.8};
  DirtyLogging dirty_logging = DirtyLogging::off;
  sim::Duration dirty_log_interval{1'000'000'000'000};  // between two readings of the log, 1 s
  std::vector<DiskDescription> disks;
  std::vector<GuestNicDescription> nics;
  workload::Description workload;
  std::string on;        // host of the cluster; empty: the scenario's [host]
  bool arrives = false;  // comes from another host: its vCPUs do not run before
  // How long the VM has been up, touching its memory all the while. Under first touch, memory lies
  // where the VM ran when it touched it, so a VM that the scheduler has moved about has it spread.
  sim::Duration age{};
  // After measuring has begun; the class's VMs follow each other at `stagger`. Of a VM that boots,
  // its VMM's process; of another one with a time here, its vCPUs.
  sim::Duration start{};
  sim::Duration stagger{};
  bool starts_later() const {
    return workload.boot.any() || start > sim::Duration::zero() || stagger > sim::Duration::zero();
  }
};

// Memory that the VM's guest ever touches.
sim::Bytes resident(const VmDescription& vm);

// Mechanisms that can be switched off one by one, by the names users write in `model.without`.
enum class Mechanism {
  remote_latency,        // "remote-latency": remote accesses cost what local ones do
  link_bandwidth,        // "link-bandwidth": links never queue
  controller_queueing,   // "controller-queueing": controllers never queue
  llc_sharing,           // "llc-sharing": each guest has the whole LLC
  cold_caches,           // "cold-caches": switches and moves refill nothing
  balancing_migrations,  // "balancing-migrations": threads stay where they first ran
  smt,                   // "smt": sibling threads do not slow each other
  turbo,                 // "turbo": the clock stays nominal
  frequency_scaling,     // "frequency-scaling": clocks are always as high as they may be
  switch_cost,           // "switch-cost": switching threads takes no time
  emulation,             // "emulation": I/O needs no emulator thread
  page_walks,            // "page-walks": translation costs nothing
  nested_walks,          // "nested-walks": guests walk one dimension, as processes do
  exits,                 // "exits": VM exits cost nothing
  ticks,                 // "ticks": clocks do not tick
  ksm,                   // "ksm": nothing is merged
  swap_in,               // "swap-in": pages are back at once
  async_page_faults,     // "async-page-faults": a vCPU waits for each page on swap
  locks,                 // "locks": vCPUs never wait for each other
  paravirtual_locks,     // "paravirtual-locks": who waits for a spinlock never sleeps
  co_scheduling,         // "co-scheduling": vCPUs of a VM run without regard to each other
  pause_loop_exits,      // "pause-loop-exits": spinning vCPUs keep their CPUs
  halt_polling,          // "halt-polling": who halts sleeps at once
  numa_balancing,        // "numa-balancing": neither kernel nor numad moves memory or threads
  first_touch,           // "first-touch": the host gives memory that is touched first for nothing
  cache_allocation,      // "cache-allocation": all ways of the LLC are everybody's
  pcie,                  // "pcie": cards' data is in memory at once
  image_metadata,        // "image-metadata": images are plain files, written before
  raid_redundancy,       // "raid-redundancy": arrays write neither copies nor parity
  io_scheduling,         // "io-scheduling": disks are given requests as they come
  io_limits,             // "io-limits": no disk of a guest is throttled
  interrupt_moderation,  // "interrupt-moderation": the host's NICs interrupt at once
};

// Pre-copy live migration of all VMs of a class to another host.
struct MigrationDescription {
  enum class OnTimeout { cancel, suspend };
  // shared: disks lie on storage servers and stay there; copy: their contents move, too.
  enum class Storage { shared, copy };
  std::string vm;
  std::string to;                               // host
  sim::Duration at{};                           // after measuring began
  sim::BytesPerSecond bandwidth{};              // migrate_set_speed; zero: what the network gives
  sim::Duration max_downtime{300'000'000'000};  // QEMU's downtime-limit, 300 ms
  sim::Duration timeout{};                      // from its start; zero: never gives up
  OnTimeout on_timeout = OnTimeout::cancel;     // suspend: stops the VM and copies what is left
  int parallel = 1;                             // VMs of the class under way at once
  Storage storage = Storage::shared;
};

// A simulated box; with `others` the one that the scenario's [host] is about, among them.
struct HostDescription {
  topology::Description hardware;
  std::vector<NicDescription> nics;
  PeerDescription peer{};
  pcie::Description pcie{};
  StorageDescription storage;
  VmmDescription vmm;
  std::vector<VmDescription> vms;
  std::set<Mechanism> without;
  std::string name = "host";  // in a cluster
  std::vector<HostDescription> others;
  cluster::NetworkDescription network;  // between them
  std::vector<MigrationDescription> migrations;
  std::vector<StorageServer> servers;
  std::vector<cluster::ClientDescription> clients;

  // The class of that name that is here from the start; null: none.
  const VmDescription* vm_named(const std::string& vm) const {
    for (const VmDescription& own : vms) {
      if (own.name == vm && !own.arrives) return &own;
    }
    return nullptr;
  }
  bool leaves_the_box() const;  // migrations, disks behind the network, traffic with others
  // Whose disk, array or volume "<server>.<name>" says; null: none, so one of the host's own.
  const StorageServer* server_of(const std::string& on) const;
};

inline vmm::ExitHardware exit_hardware(const topology::Description& hardware) {
  return {.round_trip = hardware.vm_round_trip,
          .virtual_interrupts = hardware.virtual_interrupts,
          .doorbell = hardware.doorbell,
          .vmcs_shadowing = hardware.vmcs_shadowing};
}

// Large pages all over are reserved ones: the host can neither merge, swap nor balloon them.
inline bool reserves_hugepages(const VmDescription& vm) {
  return vm.host_pages.size != translation::PageSize::small && vm.host_pages.coverage >= 1;
}

// Whether anything of KSM, swap, balloons and memory limits is asked for: only then may guests use
// more memory than the host has.
bool memory_may_run_short(const HostDescription& host);

struct RunLength {
  sim::Duration duration{};      // measured part
  sim::Duration warmup{};        // simulated first, not measured
  bool until_tests_end = false;  // it ends once all VMs' tests have, if that is earlier
};

}  // namespace models
