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
constexpr sim::Bytes kPage{4'096};
constexpr sim::Bytes kMaxSectors{512 << 10};  // max_sectors_kb, to Linux 4.2
constexpr sim::Bytes kIdeLargest{128 << 10};  // 256 sectors
// Instructions of the vCPU that takes the one interrupt of a disk [recall]: entry, the driver's
// handler and return; of each completion, taking it off the ring and queueing it for another vCPU.
constexpr double kHandler = 1'500;
constexpr double kHandedOn = 500;

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
      completed_{host.engine()},
      idle_{host.engine()} {
  // Which vCPU it is tells nothing; what counts is whether a job runs there, and jobs take vCPUs
  // from the first on.
  const bool virtio =
      description.bus == DiskBus::virtio_blk || description.bus == DiskBus::virtio_scsi;
  const bool queue_per_vcpu = virtio && host.block_costs().queue_per_vcpu;
  if (loop != nullptr && vcpus_.size() > 1 && !queue_per_vcpu) interrupted_ = vcpus_.back();
  for (std::size_t i = 0; i < (queue_per_vcpu ? vcpus_.size() : 1); ++i)
    flushes_.emplace_back(host.engine());
  if (loop != nullptr && description.queue.scheduler != storage::queue::Scheduler::noop)
    scheduler_ = std::make_unique<storage::queue::Queue>(driver_, own_queue());
}

// As its bus takes requests: one of IDE, 31 of AHCI's slots (one is kept for errors).
storage::queue::QueueConfig GuestDisk::own_queue() const {
  storage::queue::QueueConfig config = description_.queue;
  if (description_.bus == DiskBus::ide) config.depth = 1;
  if (description_.bus == DiskBus::sata) config.depth = std::min(config.depth, 31);
  config.max_size = std::min(config.max_size, largest_piece());
  return config;
}

std::int64_t GuestDisk::pages(sim::Bytes size) {
  return (size.count() + kPage.count() - 1) / kPage.count();
}

bool GuestDisk::has_data(const storage::Request& request) {
  return request.operation != storage::Operation::flush;  // a flush's size is a range
}

sim::Engine& GuestDisk::engine() {
  return host_.engine();
}

void GuestDisk::start() {
  if (loop_ == nullptr) return;
  engine().spawn(pop());
  engine().spawn(notify());
}

sim::Task<> GuestDisk::serve(storage::Request request) {
  // A disk without a write cache, as the guest sees it, is sent no flushes.
  const bool cacheless = loop_ != nullptr && storage::cache::write_through(description_.cache.mode);
  if (cacheless && request.operation == storage::Operation::flush) co_return;
  request.waits = &stats_.waits;
  const std::size_t queue = static_cast<std::size_t>(request.stream) % vcpus_.size();
  const int vcpu = vcpus_[queue];
  const sim::Instant began = engine().now();
  const std::int64_t moved = has_data(request) ? pages(request.size) : 0;
  co_await host_.run(vcpu,
                     static_cast<double>(profile_.submit.count() + profile_.page.count() * moved),
                     scheduler::kNoCpu);
  stats_.guest_s += sim::seconds(engine().now() - began);
  if (loop_ == nullptr) {
    const sim::Instant submitted = engine().now();
    ++below_guest_;
    co_await below_.serve(request);
    leave();
    const sim::Instant served = engine().now();
    co_await host_.run(vcpu, static_cast<double>(profile_.complete.count()), scheduler::kNoCpu);
    stats_.vmm_s += sim::seconds(served - submitted);
    stats_.guest_s += sim::seconds(engine().now() - served);
    co_return;
  }
  if (!has_data(request)) {
    request.size = {};  // the device is told of no range
    storage::Round& flush = flushes_[queue % flushes_.size()];
    co_await flush.run([&] { return send(vcpu, request, 1.0); });
    co_return;
  }
  if (scheduler_) {
    co_await scheduler_->serve(request);
  } else {
    co_await drive(request);
  }
}

sim::Task<> GuestDisk::drive(storage::Request request) {
  const int vcpu = vcpus_[static_cast<std::size_t>(request.stream) % vcpus_.size()];
  const sim::Bytes most = largest_piece();
  if (request.size <= most) {
    co_await send(vcpu, request, 1.0);
    co_return;
  }
  sim::Join pieces{engine()};
  const double share =
      static_cast<double>(most.count()) / static_cast<double>(request.size.count());
  for (sim::Bytes sent{}; sent < request.size; sent += most) {
    storage::Request part = request;
    part.offset = request.offset + sent;
    part.size = std::min(most, request.size - sent);
    pieces.add(send(vcpu, part, share));
  }
  co_await pieces.all();
}

// A request of the guest's driver takes a descriptor a page, and the block layer makes none above
// max_sectors_kb.
sim::Bytes GuestDisk::largest_piece() const {
  if (description_.bus == DiskBus::ide) return kIdeLargest;
  return std::min(kMaxSectors, kPage * (host_.block_costs().queue_size - 2));
}

// `share` of the request that it is a piece of.
sim::Task<> GuestDisk::send(int vcpu, storage::Request request, double share) {
  const sim::Instant began = engine().now();
  const bool ide = description_.bus == DiskBus::ide;
  std::optional<sim::Server::Held> turn;
  if (ide) turn.emplace(co_await single_.hold());
  if (ide || description_.bus == DiskBus::sata) {
    const sim::Server::Held in_device = co_await loop_->handler();
    host_.owe_exits(vcpu, ide ? kIdeAccesses : kAhciAccesses, vmm::ExitKind::pio_user);
    co_await host_.run(vcpu, 1.0, scheduler::kNoCpu);
  }
  Piece piece;
  piece.request = request;
  piece.vcpu = vcpu;
  ring_.push_back(&piece);
  ++below_guest_;
  if (!popping_) {
    popping_ = true;
    if (!loop_->polls()) {  // else it has switched notifications off
      ++stats_.kicks;
      host_.owe_exits(vcpu, 1,
                      host_.block_costs().ioeventfd ? vmm::ExitKind::pio : vmm::ExitKind::pio_user);
      host_.owe_cycles(vcpu, host_.block_costs().kick);
      // In the system call that submits, before what other jobs have begun.
      RunningHost::Run kick = host_.run(vcpu, 1.0, scheduler::kNoCpu);
      kick.before_all = true;
      co_await kick;
    }
    kicked_at_ = engine().now();
    kicked_.fire();
  }
  const sim::Instant submitted = engine().now();
  co_await Answered{piece};
  const sim::Instant answered = engine().now();
  if (piece.interrupts) host_.owe_interrupt(vcpu);
  const int waker = interrupted_ >= 0 ? interrupted_ : loop_->worker();
  co_await host_.run(vcpu, static_cast<double>(profile_.complete.count()), host_.cpu_of(waker));
  --in_guest_;
  stats_.guest_s += share * sim::seconds(engine().now() - began - (answered - submitted));
  stats_.vmm_s += share * sim::seconds(answered - submitted);
}

sim::Process GuestDisk::pop() {
  const vmm::BlockCosts& costs = host_.block_costs();
  const sim::Cycles scsi = description_.bus == DiskBus::virtio_scsi ? costs.scsi : sim::Cycles{};
  std::vector<Piece*> round;
  for (;;) {
    if (ring_.empty()) {
      popping_ = false;
      co_await kicked_;
    }
    const sim::Server::Held turn = co_await loop_->handler();
    loop_->look(kicked_at_, costs.round);
    while (!ring_.empty()) {
      Piece& piece = *ring_.front();
      ring_.pop_front();
      co_await loop_->work(costs.request + scsi + costs.page * pages(piece.request.size));
      if (ends(round, piece)) submit_round(std::exchange(round, {}));
      if (collects(piece)) {
        round.push_back(&piece);
      } else {
        engine().spawn(submit(piece));
      }
      const bool enough = static_cast<int>(round.size()) >= costs.multiwrite_most;
      if (enough || (ring_.empty() && !round.empty())) submit_round(std::exchange(round, {}));
    }
  }
}

void GuestDisk::leave() {
  if (--below_guest_ == 0) idle_.fire();
}

sim::Task<> GuestDisk::drained() {
  if (!ring_.empty()) kicked_.fire();  // a vCPU that stopped at its kick leaves it to the VMM
  while (below_guest_ > 0) co_await idle_;
}

void GuestDisk::complete(Piece& piece) {
  done_.push_back(&piece);
  if (done_.size() == 1) completed_.fire();
}

sim::Process GuestDisk::notify() {
  std::vector<Piece*> found;
  for (;;) {
    if (done_.empty()) co_await completed_;
    // Else the guest looks again before it goes on.
    const bool looks = interrupted_ >= 0 ? !used_.empty() : in_guest_ > 0;
    if (!looks) {
      ++stats_.interrupts;
      done_.front()->interrupts = interrupted_ < 0;
      co_await loop_->work(host_.block_costs().notify);
    }
    const auto end = host_.block_costs().batch_notify ? done_.end() : done_.begin() + 1;
    found.assign(done_.begin(), end);
    done_.erase(done_.begin(), end);
    for (std::size_t i = 0; i < found.size(); ++i) leave();
    if (interrupted_ >= 0) {
      const bool takes_more = !used_.empty();
      used_.insert(used_.end(), found.begin(), found.end());
      if (!takes_more) engine().spawn(handle());
      continue;
    }
    in_guest_ += static_cast<int>(found.size());
    for (Piece* piece : found) answer(*piece);
  }
}

// Takes all that has been completed by the time that it runs. A vCPU that has yet to look at what
// it was told before is not interrupted again.
sim::Process GuestDisk::handle() {
  host_.owe_interrupt(interrupted_);
  RunningHost::Run handler = host_.run(interrupted_, kHandler, host_.cpu_of(loop_->worker()));
  handler.before_all = true;
  co_await handler;
  std::vector<int> told;
  while (!used_.empty()) {
    Piece& piece = *used_.front();
    handler.work = kHandedOn;
    co_await handler;
    used_.pop_front();
    const bool elsewhere = piece.vcpu != interrupted_;
    piece.interrupts = elsewhere && std::find(told.begin(), told.end(), piece.vcpu) == told.end();
    if (piece.interrupts) {
      told.push_back(piece.vcpu);
      host_.owe_exits(interrupted_, 1, vmm::ExitKind::ipi);
    }
    ++in_guest_;
    answer(piece);
  }
}

void GuestDisk::answer(Piece& piece) {
  piece.answered = true;
  if (piece.waiter) piece.waiter.resume();
}

}  // namespace models
