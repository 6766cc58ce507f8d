#include "models/guest_disk.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "models/running_host.hpp"
#include "sim/join.hpp"

namespace models {
namespace {

// Register accesses of one request that go out to the VMM's process: IDE task file and bus master
// (QEMU hw/ide), AHCI port registers (hw/ide/ahci.c); counted from what a driver does.
constexpr int kIdeAccesses = 11;
constexpr int kAhciAccesses = 4;

}  // namespace

sim::Engine& EventLoop::engine() {
  return host_.engine();
}

sim::Task<> EventLoop::work(sim::Cycles cycles) {
  co_await host_.run(worker_, host_.thread_work(cycles), scheduler::kNoCpu);
}

sim::Task<> EventLoop::look(sim::Instant event, sim::Cycles cycles) {
  if (looked_at_ > event) co_return;
  co_await host_.run(worker_, host_.thread_work(cycles), scheduler::kNoCpu);
  looked_at_ = engine().now();
}

GuestDisk::GuestDisk(RunningHost& host, const DiskDescription& description,
                     const workload::IoProfile& profile, storage::BlockDevice& below,
                     EventLoop* loop, std::vector<int> pool)
    : host_{host},
      description_{description},
      profile_{profile},
      below_{below},
      loop_{loop},
      pool_{std::move(pool)},
      pool_slots_{host.engine(), std::max(1, static_cast<int>(pool_.size()))},
      single_{host.engine()},
      kicked_{host.engine()},
      completed_{host.engine()} {}

sim::Engine& GuestDisk::engine() {
  return host_.engine();
}

void GuestDisk::start() {
  if (loop_ == nullptr) return;
  engine().spawn(pop());
  engine().spawn(reap());
}

sim::Task<> GuestDisk::transfer(int vcpu, storage::Request request) {
  const sim::Instant began = engine().now();
  const auto instructions = [](sim::Instructions n) { return static_cast<double>(n.count()); };
  co_await host_.run(vcpu, instructions(profile_.submit), scheduler::kNoCpu);
  if (loop_ == nullptr) {
    const sim::Instant submitted = engine().now();
    co_await below_.serve(request);
    const sim::Instant served = engine().now();
    co_await host_.run(vcpu, instructions(profile_.complete), scheduler::kNoCpu);
    stats_.storage_s += sim::seconds(served - submitted);
    stats_.guest_s += sim::seconds(engine().now() - began - (served - submitted));
    co_return;
  }
  const bool ide = description_.bus == DiskBus::ide;
  std::optional<sim::Server::Held> turn;
  if (ide) turn.emplace(co_await single_.hold());
  if (ide || description_.bus == DiskBus::sata) {
    host_.owe_exits(vcpu, ide ? kIdeAccesses : kAhciAccesses, vmm::ExitKind::pio_user);
    co_await host_.run(vcpu, 1.0, scheduler::kNoCpu);
  }
  Piece piece;
  piece.request = request;
  ring_.push_back(&piece);
  if (!popping_) {
    popping_ = true;
    ++stats_.kicks;
    host_.owe_exits(vcpu, 1, vmm::ExitKind::pio);
    host_.owe_cycles(vcpu, host_.block_costs().kick);
    co_await host_.run(vcpu, 1.0, scheduler::kNoCpu);
    kicked_at_ = engine().now();
    kicked_.fire();
  }
  const sim::Instant submitted = engine().now();
  co_await Answered{piece};
  const sim::Instant answered = engine().now();
  if (piece.interrupts) host_.owe_interrupt(vcpu);
  co_await host_.run(vcpu, instructions(profile_.complete), host_.cpu_of(loop_->worker()));
  --in_guest_;
  stats_.guest_s += sim::seconds(engine().now() - began - (answered - submitted));
  stats_.vmm_s += sim::seconds(answered - submitted);
}

sim::Process GuestDisk::pop() {
  const vmm::BlockCosts& costs = host_.block_costs();
  std::vector<Piece*> writes;
  for (;;) {
    if (ring_.empty()) {
      popping_ = false;
      co_await kicked_;
    }
    co_await loop_->look(kicked_at_, costs.round);
    while (!ring_.empty()) {
      Piece& piece = *ring_.front();
      ring_.pop_front();
      co_await loop_->work(costs.request);
      const bool later = costs.multiwrite && piece.request.operation == storage::Operation::write;
      if (later) {
        writes.push_back(&piece);
      } else {
        if (pool_.empty()) co_await loop_->work(costs.submit);
        engine().spawn(submit(piece));
      }
      const bool enough = static_cast<int>(writes.size()) >= costs.multiwrite_most;
      if (writes.empty() || !(enough || ring_.empty())) continue;
      if (pool_.empty()) {
        for (std::size_t i = 0; i < writes.size(); ++i) co_await loop_->work(costs.submit);
      }
      engine().spawn(submit_together(std::exchange(writes, {})));
    }
  }
}

sim::Process GuestDisk::submit(Piece& piece) {
  co_await below(piece);
  completed(piece);
}

sim::Process GuestDisk::submit_together(std::vector<Piece*> pieces) {
  sim::Join all{engine()};
  for (Piece* piece : pieces) all.add(below(*piece));
  co_await all.all();
  for (Piece* piece : pieces) completed(*piece);
}

sim::Task<> GuestDisk::below(Piece& piece) {
  const sim::Instant began = engine().now();
  if (pool_.empty()) {
    co_await below_.serve(piece.request);
  } else {
    const sim::Server::Held slot = co_await pool_slots_.hold();
    const int worker = pool_.back();
    pool_.pop_back();
    co_await host_.run(worker, host_.thread_work(host_.block_costs().submit), scheduler::kNoCpu);
    co_await below_.serve(piece.request);
    co_await host_.run(worker, host_.thread_work(host_.block_costs().interrupt), scheduler::kNoCpu);
    pool_.push_back(worker);
  }
  const double storage_s = sim::seconds(engine().now() - began);
  stats_.storage_s += storage_s;
  stats_.vmm_s -= storage_s;
}

void GuestDisk::completed(Piece& piece) {
  done_.push_back(&piece);
  if (done_.size() > 1) return;
  completed_at_ = engine().now();
  completed_.fire();
}

sim::Process GuestDisk::reap() {
  const vmm::BlockCosts& costs = host_.block_costs();
  std::vector<Piece*> found;
  for (;;) {
    if (done_.empty()) co_await completed_;
    co_await loop_->work(costs.interrupt);
    co_await loop_->look(completed_at_, costs.round);
    while (!done_.empty()) {
      found.push_back(done_.front());
      done_.pop_front();
      co_await loop_->work(costs.complete);
    }
    if (in_guest_ == 0) {  // else the guest looks again before it goes on
      ++stats_.interrupts;
      co_await loop_->work(costs.notify);
      found.front()->interrupts = true;
    }
    in_guest_ += static_cast<int>(found.size());
    for (Piece* piece : std::exchange(found, {})) {
      piece->answered = true;
      if (piece->waiter) piece->waiter.resume();
    }
  }
}

}  // namespace models
