// A guest's disk: the way of an I/O from the guest's kernel through the VMM's thread to what the
// disk lies on, and back.
//
//   serve()     the guest's kernel submits on a vCPU, to its I/O scheduler if it has one
//   drive()     its driver: the VMM is kicked unless it is at work
//   pop()       the event loop takes requests off the ring; the disk's image has them served
//   notify()    the event loop raises one interrupt for the completions that it finds
//   handle()    the vCPU that takes it tells those that submitted, each by one interrupt
//
// Models  one event loop for all disks of a VM, or one for a disk with an I/O thread, which polls
//         for a while before it sleeps; notification suppression in both directions; rounds of the
//         loop; neighbours among a round's requests merged into one I/O; writes that complete as
//         one where the VMM submits them so; a queue and an interrupt for each vCPU, or one for
//         all, whose vCPU hands completions on to those that submitted (rq_affinity); IDE's one
//         request at a time; register accesses of IDE and AHCI, one vCPU at a time and not while
//         the loop handles anything (QEMU's big lock); containers, whose processes call the host's
//         kernel themselves.
// Omits   requests too large for the device below after merging (its queue takes them as they are);
//         a balancer of the guest's interrupts; vCPUs that share a cache by the guest's topology.
// Source  QEMU hw/block/virtio-blk.c (virtio_blk_submit_multireq); virtio 1.1, 2.6.7 (event index);
//         Linux block/blk-softirq.c,
//         blk_mq_complete_request (completions go to the CPU that submitted by function call).
// Checked tests/models/io_paths_test.cpp; validation subsystem storage.
#pragma once

#include <coroutine>
#include <deque>
#include <memory>
#include <vector>

#include "models/event_loop.hpp"
#include "models/storage/block_device.hpp"
#include "models/storage/queue/queue.hpp"
#include "models/storage/round.hpp"
#include "models/storage_description.hpp"
#include "models/vmm/block_costs.hpp"
#include "models/workload/io_profile.hpp"
#include "sim/engine.hpp"
#include "sim/process.hpp"
#include "sim/server.hpp"

namespace models {

class RunningHost;

class GuestDisk final : public storage::BlockDevice {
 public:
  struct Stats {           // of completed transfers
    double guest_s = 0.0;  // in the guest's kernel, waiting for its CPU included
    double vmm_s = 0.0;    // from the kick to the interrupt: VMM, image, storage
    std::uint64_t kicks = 0;
    std::uint64_t interrupts = 0;
    storage::Waits waits{};  // of vmm_s
  };

  // `loop` null: a container's disk. Both must outlive the disk.
  GuestDisk(RunningHost& host, const DiskDescription& description,
            const workload::IoProfile& profile, storage::BlockDevice& below, EventLoop* loop,
            std::vector<int> vcpus);
  GuestDisk(const GuestDisk&) = delete;
  GuestDisk& operator=(const GuestDisk&) = delete;

  void start();
  sim::Engine& engine() override;
  sim::Bytes capacity() const override { return below_.capacity(); }
  // For job `request.stream`, from its system call until it goes on.
  sim::Task<> serve(storage::Request request) override;
  // Until nothing of the guest's is below its kernel.
  sim::Task<> drained();
  const Stats& stats() const { return stats_; }
  void restart_stats() { stats_ = {}; }

 private:
  // A request on its way; lives in the frame of its send().
  struct Piece {
    storage::Request request;
    int vcpu = -1;  // worker that submitted
    std::coroutine_handle<> waiter;
    bool answered = false;
    bool interrupts = false;  // its completion is what the guest was interrupted for
  };
  struct Answered {
    Piece& piece;
    bool await_ready() const noexcept { return piece.answered; }
    void await_suspend(std::coroutine_handle<> waiter) const { piece.waiter = waiter; }
    void await_resume() const noexcept {}
  };
  struct Driver final : storage::BlockDevice {  // what the guest's scheduler dispatches to
    explicit Driver(GuestDisk& of) : disk{of} {}
    sim::Engine& engine() override { return disk.engine(); }
    sim::Bytes capacity() const override { return disk.capacity(); }
    sim::Task<> serve(storage::Request request) override { return disk.drive(request); }
    GuestDisk& disk;
  };
  static std::int64_t pages(sim::Bytes size);
  static bool has_data(const storage::Request& request);
  storage::queue::QueueConfig own_queue() const;
  sim::Task<> drive(storage::Request request);
  sim::Task<> send(int vcpu, storage::Request request, double share);
  sim::Bytes largest_piece() const;
  sim::Process pop();
  sim::Process notify();
  sim::Process handle();
  void answer(Piece& piece);
  sim::Process submit(Piece& piece);
  bool collects(const Piece& piece) const;
  bool ends(const std::vector<Piece*>& round, const Piece& piece) const;
  void submit_round(std::vector<Piece*> pieces);
  sim::Process submit_together(std::vector<std::vector<Piece*>> runs);
  sim::Process submit_run(std::vector<Piece*> run);
  sim::Task<> serve_run(const std::vector<Piece*>& run);
  void complete(Piece& piece);
  void leave();

  RunningHost& host_;
  const DiskDescription& description_;
  const workload::IoProfile& profile_;
  storage::BlockDevice& below_;
  EventLoop* loop_;
  std::vector<int> vcpus_;
  Driver driver_{*this};
  std::unique_ptr<storage::queue::Queue> scheduler_;  // the guest's; null: requests go as they come
  std::deque<storage::Round> flushes_;                // one, or of each vCPU's queue
  sim::Server single_;                                // IDE: one request at a time
  sim::Signal kicked_;
  sim::Signal completed_;
  sim::Instant kicked_at_{};
  std::deque<Piece*> ring_;  // not yet popped
  std::deque<Piece*> done_;  // the guest not yet notified
  std::deque<Piece*> used_;  // completions that the interrupted vCPU has yet to take
  int interrupted_ = -1;     // vCPU of the one interrupt; -1: each of its own queue's
  bool popping_ = false;     // the loop looks at the ring: needs no kick
  int below_guest_ = 0;      // requests
  sim::Signal idle_;         // when there are none
  int in_guest_ = 0;         // completions that the guest has yet to take
  Stats stats_;
};

}  // namespace models
