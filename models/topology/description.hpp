// A host's hardware as its owner states it: counts, sizes, speeds and the links between nodes.
//
// Plain data, filled from a host preset; `Topology` (topology.hpp) is the wired graph built from
// it. Nodes are alike but for their memory. Latencies are load-to-use times seen by a core.
#pragma once

#include <string>
#include <vector>

#include "sim/units.hpp"

namespace models::topology {

// Delay added by a loaded resource: delay * u / (1 - u)^exponent, u = load / capacity, 0 <= u < 1.
// Two shape parameters per controller or link generation, fitted to loaded-latency curves
// (Intel MLC style); exponent 1 is the M/M/1 shape, smaller ones rise later and steeper.
struct Queueing {
  sim::Duration delay{25'000};
  double exponent = 0.5;
};

struct Cache {
  sim::Bytes size{};
  int shared_by = 1;        // hardware threads that share one instance
  sim::Duration latency{};  // load-to-use on a hit
};

// First-level data cache of a core; 32 KiB and 4 cycles from Nehalem to Cascade Lake (Intel
// Optimization Reference Manual, cache parameters of each microarchitecture).
struct L1 {
  sim::Bytes size{32 * 1024};
  sim::Cycles latency{4};
};

// An LLC whose slices lie on a ring, one beside each core: `llc.latency` is of the slice beside the
// core, and each stop further on, the shorter way round, adds `hop`, there and back.
struct Ring {
  sim::Duration hop{};  // zero: all slices are alike
  int other_stops = 0;  // of memory, graphics, links: after the last core
};

// Lines that a core waits for at once.
struct LineBuffers {
  int fill = 10;      // of L1, shared by its threads: ten from Nehalem to Broadwell (Optimization
                      // Reference Manual), twelve since Skylake (Schwarz et al., CCS 2019, fig. 7)
  int streamed = 20;  // lines that L2's streamer runs ahead of a thread's loads in order: "up to
                      // 20" since Sandy Bridge (Optimization Reference Manual, Data Prefetching)
  int super_queue = 16;  // misses of L2, shared by its threads: sixteen since Nehalem (Levinthal,
                         // Performance Analysis Guide for Intel Core i7, 2009), 32 since Skylake
};

// Translation caches of a core, shared by its hardware threads. Defaults: Sandy and Ivy Bridge
// (semantics.md 11.3); paging-structure and nested entries as measured by van Schaik et al. 2017
// and Bhargava et al. 2008 [recall].
struct Tlb {
  int l1_4k = 64;  // data TLB entries for 4 KiB, 2 MiB and 1 GiB pages
  int l1_2m = 32;
  int l1_1g = 4;
  int l2_4k = 512;            // second level
  bool l2_shared_2m = false;  // it holds 2 MiB pages as well (Haswell and later)
  int l2_1g = 0;
  sim::Cycles l2_latency{7};
  int pde_cache = 32;  // paging-structure caches: page-directory entries and so on
  int pdpte_cache = 4;
  int pml4e_cache = 2;
  // Translations of guest page tables' addresses: in the second-level TLB beside the data's, where
  // it holds pages of that size (Intel; Gandhi et al., MICRO 2014 [recall]), or in a TLB of their
  // own.
  bool nested_in_l2 = true;
  int nested_tlb = 16;        // entries of that (AMD), or beside a second level without such pages
  int walkers = 1;            // walks under way at once
  int levels = 4;             // of page tables
  bool nested_paging = true;  // the CPU has EPT or NPT
};

// Where the host swaps to.
struct SwapDevice {
  sim::Bytes size{};                      // zero: none
  sim::Duration latency{100'000'000};     // of reading a page, 100 us: a SATA SSD
  sim::BytesPerSecond write_rate{300e6};  // of swapping out
  int parallel = 8;                       // reads at once
};

// A sleep state of a core: entered when the idle time that is expected is at least `residency`,
// left after `exit_latency` (Linux drivers/idle/intel_idle.c lists both by CPU).
struct IdleState {
  std::string name;
  sim::Duration exit_latency{};  // the kernel's: the worst that may be
  sim::Duration residency{};
  sim::Duration wake{};  // as measured; zero: exit_latency
  sim::Duration wakes_in() const { return wake > sim::Duration::zero() ? wake : exit_latency; }
};

// Where a description is silent: Intel MLC on E5-2699 v3, 8280 (FD.io CSIT calibration data), 8360Y
// (github.com/gjbex/Code-optimization), 8180 (its preset): 81 to 101 ns, 0.84 to 0.86 of the peak.
struct MemoryController {  // one per node
  int channels = 2;
  sim::BytesPerSecond channel_bandwidth{};  // MT/s * 8 B, per channel
  double efficiency = 0.85;                 // achievable share of the peak
  sim::Duration latency{90'000};            // idle load-to-use from a core of the same node
  Queueing queueing;
  // A channel's bus is idle while it turns from reads to writes and back; controllers write in
  // batches, so a written line costs 1 + turnaround x channel_bandwidth / (batch x 64 B) of a read.
  // DDR4-2666: tWTR_L + CWL + the read side's gap = 7.5 + 10 + 2.5 ns (JESD79-4); batches of half a
  // write queue of 64 (Chatterjee et al., HPCA 2012).
  sim::Duration turnaround{20'000};  // 20 ns
  int write_batch = 32;              // lines
};

// A point-to-point link between two nodes (QPI, UPI, HyperTransport) or, with `shared` true, a
// front-side bus segment between one node's cores and the memory controller hub.
struct Link {
  int from = 0;                     // node
  int to = 0;                       // node
  std::string kind = "qpi";         // qpi | upi | ht | fsb
  sim::BytesPerSecond bandwidth{};  // per direction, raw
  double efficiency = 0.8;          // share left for data: 0.79 to 0.83 on the same machines
  sim::Duration latency{50'000};  // added to an access by one crossing, there and back: 36 to 54 ns
};

// A compute die beside the memory controllers' own (EPYC since 7002): its cores reach all memory
// through one port, which reads and writes in wires of their own.
struct Chiplet {
  int shared_by = 0;                      // hardware threads of one; 0: nodes have no such ports
  sim::BytesPerSecond read_bandwidth{};   // raw: 32 B a fabric clock
  sim::BytesPerSecond write_bandwidth{};  // 16 B a fabric clock
  double efficiency = 0.87;  // share of reads' that data gets: MLC on EPYC 9224, 49.8 of 57.6 GB/s
};

// Memory without CPUs beside it, a node of its own: CXL, persistent memory. They count after the
// nodes with CPUs.
struct MemoryNode {
  int on = 0;  // node whose CPUs are next to it
  sim::Bytes memory{};
  sim::BytesPerSecond bandwidth{};  // that it gives, reads and writes together
  sim::Duration latency{};          // idle load-to-use from `on`
};

enum class Interconnect { point_to_point, front_side_bus };
// Who chooses the cores' clocks (models/compute/governor.hpp); performance: always the highest.
enum class Governor { performance, intel_pstate, ondemand, schedutil, hwp };
enum class CpuNumbering { siblings_last, siblings_adjacent };

// Who knows where a modified line is (compute/dirty_lines.hpp).
enum class Coherence {
  memory_directory,  // bits in the home's memory: Intel since Skylake's servers
  snoop,             // nobody: who misses asks the other nodes at once (Intel's up to Broadwell)
  probe_filter       // the home's own directory: AMD since HT Assist
};

struct Description {
  std::string name;
  std::string source;
  int sockets = 1;
  int nodes_per_socket = 1;
  int cores_per_node = 1;
  int threads_per_core = 1;
  // How Linux numbers CPUs: Intel firmware lists first threads of all cores, then their siblings;
  // AMD family 15h lists the two threads of a module side by side.
  CpuNumbering cpu_numbering = CpuNumbering::siblings_last;
  sim::Hertz frequency{};  // nominal
  std::vector<sim::Hertz>
      turbo;  // turbo[k]: clock with k+1 active cores on the socket; last repeats
  Governor governor = Governor::performance;
  sim::Hertz lowest_frequency{};  // of a core under another governor
  double smt_yield = 0.0;         // two busy threads over one; 0: the workload's own figure
  Tlb tlb;
  sim::Cycles vm_round_trip{1'000};  // VM exit and entry, hardware alone (semantics.md 3.7)
  bool virtual_interrupts = false;   // APICv or AVIC: interrupts reach guests without exits
  // AVIC, IPI virtualization: an interrupt to a running vCPU goes there without an exit, in so long
  // from the sender's write to what the handler did being seen; 0: the sender exits.
  sim::Cycles doorbell{0};
  // The VMCS of a VMM that runs in a VM is read and written without exits (Haswell; AMD's control
  // block is plain memory).
  bool vmcs_shadowing = true;
  sim::Cycles pause{10};  // PAUSE; 140 since Skylake (Intel's Optimization Reference Manual)
  std::vector<IdleState> idle_states;  // shallow first; none: cores wake at once
  bool page_modification_log = false;  // the CPU notes pages that become dirty (Broadwell)
  L1 l1;
  Cache l2;
  LineBuffers line_buffers;
  Ring ring;
  Cache llc{.latency = sim::Duration{20'000}};  // of one node; several LLCs a node allowed; 15 to
                                                // 33 ns in presets
  Coherence coherence = Coherence::memory_directory;
  int llc_ways = 16;  // that space in an LLC is assigned by (CAT); 11 to 20 since Haswell-EP
  Interconnect interconnect = Interconnect::point_to_point;
  // Front-side bus: the cores of each node reach the one memory controller hub over a bus of their
  // own; all memory is local to everyone. Only read when interconnect is front_side_bus.
  sim::BytesPerSecond fsb_bandwidth{};
  double fsb_efficiency = 0.65;
  Queueing fsb_queueing;
  sim::Bytes memory{};                  // of all nodes with CPUs, divided equally over them
  std::vector<sim::Bytes> node_memory;  // of each of them, instead
  std::vector<int> node_channels;       // of each of them, instead of controller.channels
  std::vector<MemoryNode> memory_nodes;
  Chiplet chiplet;
  SwapDevice swap;
  MemoryController controller;
  Queueing link_queueing;
  std::vector<Link> links;
};

}  // namespace models::topology
