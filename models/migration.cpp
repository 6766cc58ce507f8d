#include "models/migration.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "models/cluster/outside.hpp"
#include "models/dirty_logs.hpp"
#include "models/huge_pages.hpp"
#include "models/io_paths.hpp"
#include "models/running_host.hpp"
#include "sim/join.hpp"

namespace models {
namespace {

constexpr double kPage_B = 4096.0;
constexpr double kHeader_B = 8.0;     // of a page sent
constexpr double kZeroPage_B = 9.0;   // header and a byte
constexpr double kPiece_s = 0.010;    // sent while the next one is prepared
constexpr double kLeastPiece = 64.0;  // pages
// Each byte is read, written to the socket's buffers and read again, or the other way round
// [recall].
constexpr double kMemoryPasses = 3.0;
constexpr double kTrafficDrift = 0.1;
// QEMU migration/qemu-file.c: a vector of 64 entries is written at once, a header and a page by
// turns; what comes is read by 32 KiB (IO_BUF_SIZE) [recall].
constexpr double kPagesWritten = 32.0;
constexpr double kPagesRead = 8.0;

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

double pages(sim::Bytes bytes) {
  return static_cast<double>(bytes.count()) / kPage_B;
}

// What the kernel takes of a page that goes out by a socket, and of one that has come.
double written_cycles(const NetworkCosts& costs) {
  const double KiB = (kPage_B + kHeader_B) / 1024.0;
  const double bursts = (kPage_B + kHeader_B) / static_cast<double>(network::kLargestBurst.count());
  const sim::Cycles burst = costs.stack.send.per_buffer + costs.driver.transmit.per_buffer;
  return static_cast<double>(costs.stack.call.count()) / kPagesWritten +
         static_cast<double>(burst.count()) * bursts +
         static_cast<double>(costs.stack.send.per_KiB.count()) * KiB;
}

double read_cycles(const NetworkCosts& costs) {
  const double KiB = (kPage_B + kHeader_B) / 1024.0;
  return static_cast<double>(costs.stack.call.count()) / kPagesRead +
         static_cast<double>(costs.stack.read_per_KiB.count()) * KiB;
}

network::MemoryDistance distance_on(const HostDescription& host,
                                    const topology::Topology& topology) {
  return network::MemoryDistance{topology, !host.without.contains(Mechanism::remote_latency)};
}

}  // namespace

Migration::Migration(sim::Engine& engine, cluster::Outside& outside,
                     const MigrationDescription& description, End from, End to)
    : engine_{engine},
      outside_{outside},
      description_{description},
      from_{from},
      to_{to},
      sender_{from.host.add_kernel_thread()},
      receiver_{to.host.add_kernel_thread()},
      distance_here_{distance_on(from.host.description_, from.host.topology_)},
      distance_there_{distance_on(to.host.description_, to.host.topology_)},
      disks_{from.host.io_->moving(from.vm)},
      disks_there_{to.host.io_->moving(to.vm)},
      pace_{engine},
      still_{engine} {}

double Migration::executed() const {
  double all = 0.0;
  for (const int id : from_.host.vms_[at(from_.vm)].vcpus) {
    auto& worker = from_.host.workers_[at(id)];
    from_.host.book(worker);
    all += worker.progress.executed();
  }
  return all;
}

// Pages to send when `unsent` are still and the log is read: those that are both go once. Of `all`
// pages, what is written is unsent as often as any; 0: what is unsent was written, each kind of
// page as often as it is now.
double Migration::with_written(double unsent, double all) {
  DirtyLogs& logs = *from_.host.dirty_logs_;
  const double again = logs.again(from_.vm);
  const double written = logs.take(from_.vm);
  return unsent + written - unsent * (all > 0.0 ? std::min(1.0, written / all) : again);
}

bool Migration::late() const {
  return description_.timeout > sim::Duration::zero() &&
         engine_.now() - outcome_.began >= description_.timeout;
}

sim::Task<> Migration::run() {
  RunningHost& host = from_.host;
  const VmDescription& vm = *host.vms_[at(from_.vm)].description;
  const memory::DirtyLogCosts& log = host.description_.vmm.dirty_log;
  outcome_.state = MigrationOutcome::State::copying;
  outcome_.began = engine_.now();
  executed_before_ = executed();
  if (!disks_.empty()) {
    co_await copy_disks();
    if (marked_B() > 0) {  // too late
      give_up();
      co_return;
    }
  }
  host.dirty_logs_->begin(from_.vm);
  const double resident = pages(models::resident(vm));
  // Hugepages that are reserved are there, touched or not.
  const double there = reserves_hugepages(vm) ? pages(vm.memory) : resident;
  const double untouched = pages(vm.memory) - there;
  const double touched_zero =
      there - resident + resident * vm.workload.content[memory::Content::zero].share;
  const double zero = untouched + touched_zero;
  if (log.eager_split && vm.host_pages.size != translation::PageSize::small) {
    const double large = pages(vm.memory) / 512.0 * host.huge_->coverage(from_.vm);
    co_await send_work(sim::Cycles{static_cast<std::int64_t>(memory::split_cycles(log))}, large);
  }
  sim::Join zeros{engine_};
  zeros.add(look_at_zeros(from_, sender_, touched_zero, untouched));
  zeros.add(look_at_zeros(to_, receiver_, 0.0, zero));
  co_await zeros.all();
  outcome_.transferred_B += zero * kZeroPage_B;
  double left = pages(vm.memory) - zero;
  for (;;) {
    const sim::Instant round = engine_.now();
    ++outcome_.rounds;
    const double asked = unsent_ = left;
    co_await copy(left, true);
    const double took_s = sim::seconds(engine_.now() - round);
    const double copied = asked - unsent_;
    left = with_written(unsent_, outcome_.rounds == 1 ? asked : 0.0);
    outcome_.left_B = left * kPage_B;
    co_await send_work(host.description_.vmm.migration.sync_page, left);
    const double allowed = copied / took_s * sim::seconds(description_.max_downtime);
    if (left <= 0.0 || left <= allowed) break;  // nothing at all takes no time
    if (!late()) continue;
    if (description_.on_timeout == MigrationDescription::OnTimeout::suspend) break;
    host.dirty_logs_->end(from_.vm);
    give_up();
    co_return;
  }
  stop();
  co_await host.io_->drained(from_.vm);
  if (!disks_.empty()) co_await finish_disks();
  co_await copy(with_written(left, 0.0), false);
  co_await engine_.delay(host.description_.vmm.migration.switch_over);
  host.dirty_logs_->end(from_.vm);
  to_.host.arrive(to_.vm);
  to_.host.io_->arrive(to_.vm, *host.io_, from_.vm);
  outcome_.ended = engine_.now();
  outcome_.downtime = outcome_.ended - stopped_;
  outcome_.left_B = 0.0;
  outcome_.state = MigrationOutcome::State::done;
}

void Migration::give_up() {
  outcome_.executed = executed() - executed_before_;
  outcome_.ended = stopped_ = engine_.now();
  outcome_.state = MigrationOutcome::State::cancelled;
  mirroring_ = false;
  for (TrackedPart* disk : disks_) disk->forget();
}

void Migration::stop() {
  outcome_.executed = executed() - executed_before_;
  stopped_ = engine_.now();
  mirroring_ = false;
  from_.host.io_->stop(from_.vm);
  from_.host.silence(from_.vm);
}

MigrationOutcome Migration::outcome() {
  MigrationOutcome now = outcome_;
  const bool running = now.state == MigrationOutcome::State::copying && stopped_ == sim::Instant{};
  if (running) now.executed = executed() - executed_before_;
  if (now.state == MigrationOutcome::State::copying) now.ended = engine_.now();
  now.ran = (running ? engine_.now() : stopped_) - now.began;
  return now;
}

// On the sending thread.
sim::Task<> Migration::send_work(sim::Cycles each, double count) {
  const double clock_Hz = from_.host.topology_.description().frequency.count();
  const double work_s = static_cast<double>(each.count()) * count / clock_Hz;
  if (work_s > 0) co_await from_.host.emulate(sender_, sim::from_seconds(work_s), -1);
}

// With the kernel's part.
sim::Task<> Migration::send_pages(double count) {
  const VmmDescription& vmm = from_.host.description_.vmm;
  const double cycles =
      static_cast<double>(vmm.migration.send_page.count()) + written_cycles(vmm.network);
  const double clock_Hz = from_.host.topology_.description().frequency.count();
  const double page_s = cycles / clock_Hz + from_memory_s(from_, sender_);
  co_await from_.host.emulate(sender_, sim::from_seconds(page_s * count), -1);
}

// Pages of zeros: those that are there are read, all of them, the others are mapped first; at the
// other end nothing is there yet.
sim::Task<> Migration::look_at_zeros(const End& end, int worker, double read, double mapped) {
  const MigrationCosts& costs = end.host.description_.vmm.migration;
  const double clock_Hz = end.host.topology_.description().frequency.count();
  const double small = 1.0 - end.host.huge_->coverage(end.vm);  // others share 2 MiB of zeros
  const double cycles = static_cast<double>(costs.zero_page.count()) * (read + mapped) +
                        static_cast<double>(costs.zero_fault.count()) * mapped * small;
  co_await end.host.emulate(
      worker, sim::from_seconds(cycles / clock_Hz + from_memory_s(end, worker) * read), -1);
}

// A guest's page is in no cache of the thread's: it copies it out of memory, or into it.
double Migration::from_memory_s(const End& end, int worker) const {
  const bool here = &end.host == &from_.host;
  const network::MemoryDistance& distance = here ? distance_here_ : distance_there_;
  const auto& shares = end.host.vms_[at(end.vm)].placement.shares();
  double page_s = 0.0;
  for (std::size_t memory = 0; memory < shares.size(); ++memory) {
    const network::Where where{.memory = static_cast<int>(memory)};
    const sim::Duration one =
        distance.copy_from(end.host.cpu_of(worker), where, sim::Bytes{1 << 12});
    page_s += shares[memory] * sim::seconds(one);
  }
  return page_s;
}

// What sender and receiver do to their hosts' memory.
void Migration::load_memory(double Bps) {
  const double change = (Bps - std::exchange(traffic_Bps_, Bps)) * kMemoryPasses;
  if (change == 0.0) return;
  for (const End& end : {from_, to_}) {
    const auto& shares = end.host.vms_[at(end.vm)].placement.shares();
    for (std::size_t memory = 0; memory < shares.size(); ++memory)
      end.host.contention_.add_traffic(static_cast<int>(memory), change * shares[memory],
                                       end.host.engine_.now());
    end.host.settle_later();
  }
}

// Piece by piece: while one is under way the next is prepared. A round ends when the time is over.
sim::Task<> Migration::copy(double left, bool round) {
  const double port_Bps = outside_.network().bandwidth.count();
  const double limit_Bps = description_.bandwidth.count();
  const double rate_Bps = limit_Bps > 0 ? std::min(limit_Bps, port_Bps) : port_Bps;
  const double piece = std::max(kLeastPiece, std::ceil(rate_Bps * kPiece_s / kPage_B));
  std::unique_ptr<sim::Join> flying;
  sim::Join loads{engine_};
  delivered_ = engine_.now();
  while (left > 0 && !(round && late())) {
    const double now = std::min(left, piece);
    left -= now;
    unsent_ = left;
    outcome_.left_B = left * kPage_B;
    co_await send_pages(now);
    if (flying) co_await flying->all();
    flying = std::make_unique<sim::Join>(engine_);
    flying->add(deliver(now, loads));
  }
  if (flying) co_await flying->all();
  co_await loads.all();
  load_memory(0.0);
}

sim::Task<> Migration::deliver(double count, sim::Join& loads) {
  const double bytes = count * (kPage_B + kHeader_B);
  const sim::Instant began = engine_.now();
  outcome_.transferred_B += bytes;
  co_await outside_.send(from_.number, to_.number,
                         sim::Bytes{static_cast<std::int64_t>(std::ceil(bytes))});
  // A limit is kept as QEMU keeps it: by sleeping when the time's share is used up.
  const double limit_Bps = description_.bandwidth.count();
  const double sent_s = sim::seconds(engine_.now() - began);
  if (limit_Bps > 0 && bytes / limit_Bps > sent_s)
    co_await engine_.delay(sim::from_seconds(bytes / limit_Bps - sent_s));
  const double Bps = bytes / sim::seconds(engine_.now() - std::exchange(delivered_, engine_.now()));
  if (std::abs(Bps - traffic_Bps_) > kTrafficDrift * traffic_Bps_) load_memory(Bps);
  loads.add(load(count));
}

sim::Task<> Migration::load(double count) {
  const double clock_Hz = to_.host.topology_.description().frequency.count();
  const VmmDescription& vmm = to_.host.description_.vmm;
  const double cycles =
      static_cast<double>(vmm.migration.load_page.count()) + read_cycles(vmm.network);
  const double page_s = cycles / clock_Hz + from_memory_s(to_, receiver_);
  co_await to_.host.emulate(receiver_, sim::from_seconds(page_s * count), -1);
}

}  // namespace models
