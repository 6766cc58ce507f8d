// What the VMM's side of a disk costs, request by request, in cycles of the CPU that runs it.
//
// Models  an event loop that handles what has come since it last looked: reading its descriptors
//         once a round, then popping, submitting, reaping and notifying. Writes that a round found
//         together complete together where the VMM submits them as one (QEMU before 2.3). I/O
//         threads that poll for a while before they sleep: what comes then needs no kick, no
//         wake-up and no round.
// Omits   the copies of buses that copy; cache misses of the loop's own data.
// Source  QEMU hw/block/virtio-blk.c, util/main-loop.c, block/linux-aio.c for what is done; the
//         figures are [recall]: libaio on NVMe makes 400,000 to 500,000 IOPS on a core of 3 GHz,
//         2.2 us for submitting, the interrupt and reaping. `request`, `complete` are by the CPU
//         time of qemu-img bench of QEMU 7.2 on a RAM disk without queue or interrupts (zram, Linux
//         6.18, 3.5 GHz; 4 KiB direct reads by native): at depths of 8 and 64 the process takes 2.1
//         to 2.4 us a read, its calls 2.2, at a depth of 1 they take 3.7 and 3.4; a virtqueue's
//         part beside it is [recall]. `uring`, `hand_over`, `pool` are by
//         what qemu-img bench of QEMU 7.2 took of its threads' CPU time (schedstat; 4 KiB direct
//         reads at depths of 32 and 64, Linux 6.18, two runs), a request: its loop 6.5 to 7.4 us
//         with native, 5.4 to 7.8 with threads, 5.6 to 6.3 with io_uring, the pool 15 to 19: in
//         proportion to the sum of the others, some 3'000 cycles of the bench's own beside it.
// Checked tests/models/io_paths_test.cpp; validation subsystem storage.
#pragma once

#include "models/vmm/halt_poll.hpp"
#include "sim/units.hpp"

namespace models::vmm {

struct BlockCosts {
  sim::Cycles kick{2'500};     // of the vCPU, beside the exit: signalling the loop's eventfd
  sim::Cycles round{12'000};   // of the loop: ppoll over all descriptors, timers, the lock
  sim::Cycles request{6'500};  // popping a descriptor chain, mapping it, a coroutine of its own
  sim::Cycles submit{5'000};   // io_submit(2), the host's block layer and driver: NVMe [recall]
  sim::Cycles uring{4'000};    // the same by io_uring
  sim::Cycles hand_over{
      7'000};                   // of the loop, aio=threads: to the pool, and the pool's bottom half
  sim::Cycles pool{10'000};     // of the pool's thread, each: its lock, the eventfd; no switches
  sim::Cycles complete{3'000};  // reaping, ending the coroutine, the used ring
  sim::Cycles notify{6'000};    // of the loop: raising the guest's interrupt
  sim::Cycles interrupt{3'000};  // of the host's kernel, each: the device's, waking the loop
  sim::Cycles scsi{4'000};       // of the loop, more for virtio-scsi: command and sense [recall]
  sim::Cycles page{400};         // of the loop, each 4 KiB: mapping it, pinning it [recall]
  sim::Cycles pin{};             // of who submits, each 4 KiB: of the latter what is more
  int queue_size = 256;          // of a virtqueue; a request has two descriptors less, one a page
  bool queue_per_vcpu = true;    // of virtio disks, each with an interrupt (since QEMU 5.2)
  bool batch_notify = true;      // one interrupt for all that a round found (since QEMU 2.7)
  bool multiwrite = false;       // writes of a round are submitted, and complete, as one
  int multiwrite_most = 32;      // of them, and of those merged: VIRTIO_BLK_MAX_MERGE_REQS
  // Neighbours among a round's reads or writes of virtio-blk become one I/O (QEMU since 2.3; writes
  // before it, too, by bdrv_aio_multiwrite).
  bool request_merging = false;
  bool ioeventfd = true;  // the kernel takes kicks; else they exit to the VMM's process
  // Of disks' I/O threads, since QEMU 2.9: iothread_init() has 32'768 ns, aio_poll() begins with
  // 4 us.
  HaltPollTunables poll{.most = sim::Duration{32'768'000}, .grow_start = sim::Duration{4'000'000}};
};

}  // namespace models::vmm
