#include "models/guest_disk.hpp"

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

GuestDisk::GuestDisk(RunningHost& host, const DiskDescription& description,
                     const workload::IoProfile& profile, storage::BlockDevice& below,
                     EventLoop* loop, std::vector<int> vcpus)
    : host_{host},
      description_{description},
      profile_{profile},
      below_{below},
      loop_{loop},
      vcpus_{std::move(vcpus)},
      single_{host.engine()},
      kicked_{host.engine()},
      completed_{host.engine()} {}

sim::Engine& GuestDisk::engine() {
  return host_.engine();
}

void GuestDisk::start() {
  if (loop_ == nullptr) return;
  engine().spawn(pop());
  engine().spawn(notify());
}

sim::Task<> GuestDisk::serve(storage::Request request) {
  const int vcpu = vcpus_[static_cast<std::size_t>(request.stream) % vcpus_.size()];
  const sim::Instant began = engine().now();
  const auto instructions = [](sim::Instructions n) { return static_cast<double>(n.count()); };
  co_await host_.run(vcpu, instructions(profile_.submit), scheduler::kNoCpu);
  if (loop_ == nullptr) {
    const sim::Instant submitted = engine().now();
    co_await below_.serve(request);
    const sim::Instant served = engine().now();
    co_await host_.run(vcpu, instructions(profile_.complete), scheduler::kNoCpu);
    stats_.vmm_s += sim::seconds(served - submitted);
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
        engine().spawn(submit(piece));
      }
      const bool enough = static_cast<int>(writes.size()) >= costs.multiwrite_most;
      if (writes.empty() || !(enough || ring_.empty())) continue;
      engine().spawn(submit_together(std::exchange(writes, {})));
    }
  }
}

sim::Process GuestDisk::submit(Piece& piece) {
  co_await below_.serve(piece.request);
  complete(piece);
}

sim::Process GuestDisk::submit_together(std::vector<Piece*> pieces) {
  sim::Join all{engine()};
  for (Piece* piece : pieces) all.add(below_.serve(piece->request));
  co_await all.all();
  for (Piece* piece : pieces) complete(*piece);
}

void GuestDisk::complete(Piece& piece) {
  done_.push_back(&piece);
  if (done_.size() == 1) completed_.fire();
}

sim::Process GuestDisk::notify() {
  std::vector<Piece*> found;
  for (;;) {
    if (done_.empty()) co_await completed_;
    if (in_guest_ == 0) {  // else the guest looks again before it goes on
      ++stats_.interrupts;
      done_.front()->interrupts = true;
      co_await loop_->work(host_.block_costs().notify);
    }
    found.assign(done_.begin(), done_.end());
    done_.clear();
    in_guest_ += static_cast<int>(found.size());
    for (Piece* piece : found) {
      piece->answered = true;
      if (piece->waiter) piece->waiter.resume();
    }
  }
}

}  // namespace models
