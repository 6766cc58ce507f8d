// What the stages of the path cost a CPU, in cycles.
//
//   cycles = per_buffer x buffers + per_packet x packets + per_KiB x payload
//
// Models  the Linux network path by function: sockets, TCP/IP, driver, bridge, tap, vhost, QEMU.
// Omits   caches: a copy costs the same wherever its bytes lie; checksums (offloaded).
// Source  Figures are of 3.x to 4.x kernels on Sandy Bridge to Skylake, all [recall]:
//         Emmerich et al. CloudNet 2014 (3.3 GHz, one core, 64 B: bridge 1.11, IP forwarding 1.58
//         million packets/s, so 2,970 and 2,090 cycles a packet with both drivers; a vhost
//         guest behind a switch 0.85, so 3,900); Menon & Zwaenepoel ATC 2008 for the split of
//         receiving between driver, stack and copy; Brouer's netdev talks for alloc and qdisc.
// Checked tests/models/network/costs_test.cpp; validation subsystem network.
#pragma once

#include "models/network/batch.hpp"
#include "sim/units.hpp"

namespace models::network {

struct Cost {
  sim::Cycles per_buffer{};
  sim::Cycles per_packet{};
  sim::Cycles per_KiB{};
};

inline sim::Cycles cycles(const Cost& cost, const Batch& batch) {
  return cost.per_buffer * batch.buffers + cost.per_packet * batch.packets +
         sim::Cycles{cost.per_KiB.count() * batch.payload.count() / 1'024};
}

// A kernel's sockets and TCP/IP, either end.
struct StackCosts {
  sim::Cycles call{900};  // send, recv: entry, socket lock, accounting
  Cost send{.per_buffer = sim::Cycles{2'600}, .per_packet = {}, .per_KiB = sim::Cycles{300}};
  Cost receive{.per_buffer = sim::Cycles{2'400}, .per_packet = sim::Cycles{60}, .per_KiB = {}};
  // pktgen: a packet allotted and filled, without a socket or a queueing discipline; the driver's
  // part is its own. With 82599's driver some 3 million a second of a core at 3 GHz [recall].
  sim::Cycles generate{300};
  sim::Cycles read_per_KiB{360};  // copy to the reader, from memory that DMA or another CPU wrote
  sim::Cycles wake{1'500};        // of the reader: try_to_wake_up, switch to it from idle
  // Of what comes for another connection than the last did: its socket, its reader and that one's
  // run queue are in other CPUs' caches. On bare metal softirqs took 3.9 us a packet at 10
  // connections (RC25482, mysql/results/performance-governor/bml, dstat: 0.67 % of 32 CPUs at
  // 54,500 packets/s), 11,800 cycles at 3.0 GHz, of which the other costs are 7,500. Interrupts
  // come to one node there, where Linux wakes readers, too: readers behind another LLC cost as
  // much more as a line that a CPU there has written (StackConfig::cold_far).
  sim::Cycles cold{4'300};
  sim::Cycles acknowledge{1'800};  // building or handling a bare acknowledgement
};

// A physical NIC's driver.
struct DriverCosts {
  sim::Cycles interrupt{2'000};                 // vector, handler, softirq raised; return
  sim::Cycles poll{400};                        // a round of NAPI
  Cost receive{.per_buffer = sim::Cycles{600},  // into the stack: protocol lookup, skb freed
               .per_packet = sim::Cycles{500},  // descriptor, skb or fragment, refill, GRO
               .per_KiB = {}};
  Cost transmit{.per_buffer = sim::Cycles{700},  // qdisc, mapping, descriptor, doorbell, completion
                .per_packet = {},
                .per_KiB = {}};
  sim::Cycles segment{600};  // of each packet where software cuts bursts (no TSO)
};

// Between ports of the host.
struct SwitchCosts {
  Cost bridge{.per_buffer = sim::Cycles{1'100}, .per_packet = {}, .per_KiB = {}};
  Cost route{.per_buffer = sim::Cycles{900}, .per_packet = {}, .per_KiB = {}};
  Cost translate{
      .per_buffer = sim::Cycles{1'400}, .per_packet = {}, .per_KiB = {}};  // conntrack, NAT
  // A container's pair of virtual devices: out of one namespace, through the CPU's backlog and a
  // softirq of its own, past the other namespace's netfilter hooks (veth.c, dev.c) [recall].
  Cost pair{.per_buffer = sim::Cycles{1'800}, .per_packet = {}, .per_KiB = {}};
};

// A guest's NIC and what serves it.
struct BackendCosts {
  Cost guest_send{.per_buffer = sim::Cycles{600}, .per_packet = {}, .per_KiB = {}};  // driver
  DriverCosts guest_driver;             // receiving; interrupt without its exits
  sim::Cycles kick{3'500};              // exit of a doorbell that the kernel answers (ioeventfd)
  sim::Cycles inject{1'500};            // delivering an interrupt to a running vCPU
  sim::Cycles end_of_interrupt{1'500};  // its exit; 0: virtualized
  sim::Cycles signal{1'000};            // irqfd, by the backend's thread
  sim::Cycles wake{1'500};  // try_to_wake_up of the backend's thread, by who queues for it
  sim::Cycles page{250};    // virtio: of each page-sized buffer that a received burst fills
  sim::Cycles function_interrupt{2'500};  // handing a virtual function's interrupt on: irqfd
  sim::Cycles call_qemu{7'000};           // exit to QEMU and back, with its lock
  int emulated_send_exits = 1;            // register writes a packet that end in QEMU
  int emulated_receive_exits = 3;         // cause read, mask, tail write of an interrupt's handler
  Cost tap{.per_buffer = sim::Cycles{500}, .per_packet = {}, .per_KiB = {}};  // into its queue
  // Into the tap: the copy of what another CPU wrote, as read_per_KiB, and pages one by one, 400
  // cycles each with what freeing it takes (tun_alloc_skb, order 0) [recall].
  Cost vhost_send{.per_buffer = sim::Cycles{2'200},  // descriptors, tun_sendmsg, skb, netif_rx
                  .per_packet = {},
                  .per_KiB = sim::Cycles{460}};
  Cost vhost_receive{.per_buffer = sim::Cycles{2'200},  // tun_recvmsg, descriptors, used ring
                     .per_packet = {},
                     .per_KiB = sim::Cycles{330}};
  sim::Cycles zero_copy{2'500};  // pinning pages and the callback, instead of the copy
  // In QEMU each buffer is a system call on the tap, through poll() and the event loop.
  Cost qemu_send{.per_buffer = sim::Cycles{6'500}, .per_packet = {}, .per_KiB = sim::Cycles{460}};
  Cost qemu_receive{.per_buffer = sim::Cycles{7'000},
                    .per_packet = {},
                    .per_KiB = sim::Cycles{660}};  // two copies
  Cost emulated{.per_buffer = {},  // descriptor walk, copy, checksum of each packet in QEMU
                .per_packet = sim::Cycles{6'000},
                .per_KiB = sim::Cycles{900}};
  // rtl8139, which is not e1000: Linux drives it as 8139C+ (8139cp.c), QEMU's hw/net/rtl8139.c
  // reads a descriptor word by word and works out each received frame's CRC [recall].
  // A packet out: TxPoll; the interrupt that its end raises at once: mask and status read, status
  // written.
  int rtl8139_send_exits = 4;
  // An interrupt for what has come: mask and status read, status written, mask written and read
  // back; the round of NAPI: status written, mask written and read back.
  int rtl8139_receive_exits = 8;
  // Beside `emulated`: five more accesses of 200 cycles to the guest's memory; into the guest a
  // cycle a byte for the CRC, too.
  Cost rtl8139_send{.per_buffer = {}, .per_packet = sim::Cycles{1'000}, .per_KiB = {}};
  Cost rtl8139_receive{
      .per_buffer = {}, .per_packet = sim::Cycles{1'000}, .per_KiB = sim::Cycles{1'024}};
};

}  // namespace models::network
