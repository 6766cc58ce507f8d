// The VMM as its administrator states it: scheduler and tunables, switch and exit costs.
#pragma once

#include <string>

#include "models/memory/dirty_log.hpp"
#include "models/memory/khugepaged.hpp"
#include "models/memory/ksm.hpp"
#include "models/memory/numa_space.hpp"
#include "models/memory/numad.hpp"
#include "models/network_description.hpp"
#include "models/scheduler/tunables.hpp"
#include "models/vmm/block_costs.hpp"
#include "models/vmm/boot_costs.hpp"
#include "models/vmm/deadline_timer.hpp"
#include "models/vmm/exits.hpp"
#include "models/vmm/halt_poll.hpp"
#include "models/vmm/own_memory.hpp"
#include "models/vmm/shadow_paging.hpp"
#include "sim/units.hpp"

namespace models {

// container: processes of the host itself, without exits, a second kernel or its ticks.
enum class Architecture { kvm, xen, container };
// Where guests' device models run: in a process (or kernel thread) of each VM, in one privileged
// domain that all share, or in a small domain of each VM.
enum class Backend { process, dom0, stub_domain };
enum class SchedulerKind { cfs, eevdf, credit, credit2 };
// How guests' addresses are translated; automatic: nested where the CPU can, else shadow.
enum class PagingKind { automatic, native, shadow, nested };

// transparent_hugepage/enabled. QEMU advises; processes and containers do not.
enum class TransparentHugepages { always, madvise, never };

using scheduler::CfsTunables;
using scheduler::Credit2Tunables;
using scheduler::CreditTunables;
using scheduler::EevdfTunables;

// Exits of vCPUs that spin: after `window` cycles of PAUSE, then ever later until they lose the
// CPU. The defaults are Linux's since 5.13.
// Source  versions by commit: directed yields 2.6.39 [recall], growing windows b4a2d31da812 (3.18)
//         [recall], kernel mode 199b5763d329 (4.14) [recall], woken ones d73eb57b80b9 (5.3).
struct PauseLoop {
  sim::Cycles window{4'096};  // ple_window; 0: off
  int grow = 2;               // ple_window_grow; 1 before Linux 3.18
  // Who lost its CPU is yielded to only if it was in the kernel then, as who spins is: since 4.14.
  bool in_kernel = true;
  // Those that have been woken, and never lost a CPU, are yielded to as well, in whatever mode:
  // since 5.3.
  bool woken = true;
  // Who spins in the kernel yields to vCPUs in user mode that an interrupt waits for, too: since
  // Linux 5.13.
  bool interrupted = true;
  // Those that it sent an interrupt itself, and no others that are in user mode or have just been
  // woken: Ishiguro et al., VEE 2021 (their patch of virt/kvm/kvm_main.c); never in Linux.
  bool own_interrupts = false;
  // Who kicks a lock's next owner yields to it: 266e85a5ec91, since Linux 5.4.
  bool kicked = true;
};

// What live migration takes beside the network.
struct MigrationCosts {
  // Beside what the kernel's sockets cost (vmm.network.stack) and the page's way from memory.
  sim::Cycles send_page{2'500};  // finding, checking for zeros, header and vector [recall]
  // A page of zeros: finding it, nine bytes out; its way from memory, all of which is looked at,
  // comes on top where the guest has touched it, else the fault that shows the kernel's page of
  // zeros, once for each page that the host maps. The receiver finds it and looks whether its own
  // is one. [recall]
  sim::Cycles zero_page{600};
  sim::Cycles zero_fault{1'500};
  sim::Cycles load_page{1'500};  // header, copying out of the stream's buffer, fault [recall]
  sim::Cycles sync_page{60};  // of a dirty page, reading the log and protecting it again [recall]
  sim::Duration switch_over{10'000'000'000};  // device state, stop and start, 10 ms [recall]
};

struct VmmDescription {
  std::string name;
  std::string source;
  Architecture architecture = Architecture::kvm;
  SchedulerKind scheduler = SchedulerKind::cfs;
  CfsTunables cfs;  // in force by `scheduler`
  EevdfTunables eevdf;
  CreditTunables credit;
  Credit2Tunables credit2;
  vmm::ExitCosts exits;
  vmm::BlockCosts block;
  NetworkCosts network{};
  Backend backend = Backend::process;
  int dom0_vcpus = 1;
  vmm::HaltPollTunables halt_poll;
  vmm::TimerTunables timer;
  PauseLoop pause_loop;
  // Relaxed co-scheduling: how far a vCPU may be ahead of its VM's slowest; zero: none.
  sim::Duration co_skew{};
  memory::KsmTunables ksm;
  TransparentHugepages transparent_hugepages = TransparentHugepages::always;
  memory::KhugepagedTunables khugepaged;
  bool numa_balancing = false;  // kernel.numa_balancing, with a scheduler that follows it
  memory::NumaTunables numa;
  bool numad = false;
  memory::NumadTunables numad_tunables;
  memory::DirtyLogCosts dirty_log;
  MigrationCosts migration;
  sim::Bytes host_memory{};        // that the host uses itself, whatever runs on it
  vmm::OwnMemoryCosts own_memory;  // what each VM costs beside its own pages
  vmm::BootCosts boot;
  vmm::FaultCosts fault;                   // of a page that is touched first, beside the exit
  sim::Duration copy_on_write{2'500'000};  // fault, copy and mapping of a page that was merged
  int host_tick_hz = 250;                  // of the host's own clock, on CPUs that run something
  sim::Cycles host_tick{2'500};            // its handler
  PagingKind paging = PagingKind::automatic;
  vmm::ShadowTunables shadow;               // in force by `paging`
  sim::Duration context_switch{2'000'000};  // direct cost of switching threads, 2 us
  sim::Cycles world_switch{2'000};          // VM exit + entry around a switch (SplitX)
  sim::Duration wake_latency{3'000'000};    // wake-up IPI and the way to the thread, 3 us
};

// What a VM of the class costs its host, once its guest has touched so much.
struct VmDescription;
vmm::OwnMemory own_memory(const VmmDescription& vmm, const VmDescription& vm, sim::Bytes touched);

}  // namespace models
