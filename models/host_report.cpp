// What a run answers: RunningHost's results, statistics and invariants.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "models/barrier.hpp"
#include "models/boots.hpp"
#include "models/co_scheduling.hpp"
#include "models/dirty_logs.hpp"
#include "models/guest_locks.hpp"
#include "models/huge_pages.hpp"
#include "models/io_paths.hpp"
#include "models/memory_pressure.hpp"
#include "models/network_paths.hpp"
#include "models/numa_balancing.hpp"
#include "models/numa_daemon.hpp"
#include "models/open_requests.hpp"
#include "models/pcie_cards.hpp"
#include "models/pinning.hpp"
#include "models/running_host.hpp"

namespace models {
namespace {

// Near saturation contention solves again after far smaller drifts of load than this; a host that
// carries 1 % more than its capacity has lost traffic somewhere.
constexpr double kOverloadAllowed = 0.01;
constexpr double kTimeTolerance = 1e-9;  // of the time measured

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}
std::size_t at(Cause cause) {
  return static_cast<std::size_t>(cause);
}

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : 0.0;
}

// Guests fill their memory with caches sooner or later, whatever their work touches: what they are
// given beyond the host's memory is a debt. Empty: nothing is. Containers share the host's caches.
std::string promised_memory(const HostDescription& host) {
  constexpr double kGibi_B = 1024.0 * 1024 * 1024;
  double given_B = static_cast<double>(host.vmm.host_memory.count());
  double touched_B = given_B;
  for (const VmDescription& vm : host.vms) {
    given_B += vm.count * static_cast<double>(vm.memory.count());
    touched_B += vm.count * static_cast<double>(resident(vm).count());
  }
  const auto host_B = static_cast<double>(topology::all_memory(host.hardware).count());
  if (host.vmm.architecture == Architecture::container || given_B <= host_B || touched_B > host_B)
    return {};
  return fmt::format(
      "the VMs are given {:.1f} GiB of memory with what the host uses, the host has {:.1f} GiB; "
      "they fit while they touch no more than their work does, {:.1f} GiB (workload.resident)",
      given_B / kGibi_B, host_B / kGibi_B, touched_B / kGibi_B);
}

// Who polls waits, for what those of its guest wait for that sleep meanwhile.
void spread_polling(guest::Causes& causes) {
  const double polled_s = std::exchange(causes[at(Cause::halt_polling)], 0.0);
  constexpr std::array kWaits{Cause::io_threads, Cause::io_limits, Cause::image_metadata,
                              Cause::redundancy, Cause::storage,   Cause::network,
                              Cause::idle};
  double waited_s = 0.0;
  for (const Cause cause : kWaits) waited_s += causes[at(cause)];
  if (waited_s <= 0.0) causes[at(Cause::idle)] += polled_s;
  if (waited_s <= 0.0) return;
  for (const Cause cause : kWaits) causes[at(cause)] *= 1.0 + polled_s / waited_s;
}

}  // namespace

void RunningHost::begin_measuring() {
  contention_.carry(engine_.now()).clear();
  contention_.allow_no_drift();
  settle_later();
  dirty_logs_->begin_measuring();
  if (gangs_) gangs_->begin_measuring();
  barriers_->begin_measuring();
  locks_->begin_measuring();
  numa_->begin_measuring();
  numad_->begin_measuring();
  for (Worker& worker : workers_) {
    book(worker);
    worker.progress.reset();
    worker.misses = worker.remote_misses = worker.miss_wait_s = 0.0;
    worker.lost_ticks = worker.clock_behind_s = 0.0;
    worker.faults = 0;
    worker.pause_exits = 0;
    worker.exits = worker.asleep_s = 0.0;
  }
  for (Kind& kind : kinds_) {
    kind.latency.clear();
    kind.wakeup = {};
  }
  std::fill(node_busy_s_.begin(), node_busy_s_.end(), 0.0);
  std::fill(cpu_busy_s_.begin(), cpu_busy_s_.end(), 0.0);
  for (int cpu = 0; cpu < topology_.cpus(); ++cpu) {
    sim::Instant& since = cpu_since_[at(cpu)];
    if (since > engine_.now()) {  // it wakes, for whom it runs
      workers_[at(worker_of_thread_[at(scheduler_->running(cpu))])].asleep_s =
          sim::seconds(since - engine_.now());
    }
    since = std::max(since, engine_.now());
  }
  io_->begin_measuring();
  network_->begin_measuring();
  cards_->begin_measuring();
  stats_before_ = scheduler_->stats();
  measured_from_ = engine_.now();
  boots_->begin_measuring();
  for (const Vm& vm : vms_) {
    if (vm.requests) vm.requests->begin_measuring();
  }
}

bool RunningHost::tests_ended() const {
  return io_->tests_ended();
}

Results RunningHost::results(const RunLength& length, bool check) {
  contention_.carry(engine_.now());
  for (Worker& worker : workers_) book(worker);
  for (int cpu = 0; cpu < topology_.cpus(); ++cpu) {
    const scheduler::ThreadId thread = scheduler_->running(cpu);
    if (thread == scheduler::kNoThread) continue;
    book_cpu(cpu, workers_[at(worker_of_thread_[at(thread)])]);
    cpu_since_[at(cpu)] = engine_.now();
  }
  Results results;
  for (const Kind& kind : kinds_) {
    report_kind(kind, length, results);
    if (std::string sets = unlike_sets(*kind.description); !sets.empty())
      results.notes.push_back(std::move(sets));
  }
  if (std::string promised = promised_memory(description_); !promised.empty())
    results.notes.push_back(std::move(promised));
  report_host(length, results);
  if (pressure_) pressure_->report(length, results);
  for (const Kind& kind : kinds_) report_own_memory(kind, results);
  results.metrics.push_back({"host.memory.vmm", static_cast<double>(vmm_memory().count())});
  dirty_logs_->report(length, results);
  barriers_->report(results);
  numa_->report(length, results);
  numad_->report(length, results);
  huge_->report(results);
  boots_->report(results);
  cards_->report(results);
  if (check) check_time(length, results);
  results.events = engine_.events_executed();
  return results;
}

void RunningHost::report_kind(const Kind& kind, const RunLength& length, Results& results) const {
  const double measured_s = sim::seconds(length.duration);
  const VmDescription& description = *kind.description;
  guest::Causes causes{};
  double instructions = 0, misses = 0, remote = 0, wait_s = 0;
  double slowest = 0, fastest = 0;
  double lost_ticks = 0, behind_s = 0, pause_exits = 0, exits = 0, sleeps = 0, asleep_s = 0;
  double unused_s = 0;  // of vCPUs that have nothing to do
  for (const int index : kind.vms) {
    double own = 0;
    for (const int id : vms_[at(index)].vcpus) {
      const Worker& worker = workers_[at(id)];
      own += worker.progress.executed();
      misses += worker.misses;
      lost_ticks += worker.lost_ticks;
      pause_exits += static_cast<double>(worker.pause_exits);
      exits += exits_of(worker);
      asleep_s += worker.asleep_s;
      sleeps += static_cast<double>(locks_->sleeps(id));
      remote += worker.remote_misses;
      wait_s += worker.miss_wait_s;
      const guest::Causes where = worker.progress.seconds();
      for (std::size_t c = 0; c < causes.size(); ++c) causes[c] += where[c];
      if (guest::busy_s(where) <= 0 && where[at(Cause::storage)] <= 0)
        unused_s += where[at(Cause::idle)];
    }
    instructions += own;
    behind_s += workers_[at(vms_[at(index)].vcpus.front())].clock_behind_s;  // it keeps the time
    slowest = index == kind.vms.front() ? own : std::min(slowest, own);
    fastest = std::max(fastest, own);
  }
  double total_s = 0, everybody_s = 0;
  for (const double s : causes) total_s += s;
  for (const Worker& worker : workers_) {
    if (worker.stream < 0) continue;
    everybody_s += guest::busy_s(worker.progress.seconds());
  }
  const workload::Description& work = description.workload;
  const int index_of_kind = vms_[at(kind.vms.front())].kind;
  // Of a guest that does nothing but I/O, a transaction is the unit; of one that does nothing but
  // tests, by the time that they took.
  const double tests_s = work.idle && !work.io.any() ? io_->in_tests_s(index_of_kind) : 0.0;
  const double units = tests_s > 0 ? io_->transactions(index_of_kind) * measured_s / tests_s
                       : work.idle && work.io.any()  ? io_->transactions(index_of_kind)
                       : work.idle && work.net.any() ? network_->units(index_of_kind)
                       : work.idle                   ? 0.0
                                   : instructions / static_cast<double>(work.unit.count());
  const double vms = static_cast<double>(kind.vms.size());
  const std::string object = "vm." + description.name;
  const auto put = [&](const std::string& quantity, double value) {
    results.metrics.push_back({fmt::format("{}.{}", object, quantity), value});
  };
  const double awaited_s = causes[at(Cause::storage)];
  const double idle_s = causes[at(Cause::idle)] + awaited_s;
  const double steal_s = causes[at(Cause::steal)];
  put("throughput", units / measured_s / vms);
  put("throughput.total", units / measured_s);
  put("throughput.spread", fastest > 0 ? slowest / fastest : 1.0);
  put("instructions", instructions / measured_s / vms);
  put("cpu.utilisation", ratio(std::max(0.0, total_s - idle_s - asleep_s), total_s));
  put("cpu.share", ratio(guest::busy_s(causes), everybody_s));
  put("cpu.steal", ratio(steal_s, total_s));
  put("memory.remote", ratio(remote, misses));
  put("memory.latency", ratio(wait_s, misses));
  put("memory.bandwidth", misses * 64.0 / measured_s / vms);
  if (!work.idle && work.burst.count() > 0) {  // else it never ends one
    put("latency.p50", kind.latency.percentile(0.50));
    put("latency.p95", kind.latency.percentile(0.95));
    put("latency.p99", kind.latency.percentile(0.99));
  }
  OpenRequests::report(*this, kind, results);
  put("wakeup.mean", kind.wakeup.mean.mean());
  for (const auto& [name, share] : {std::pair{"p50", 0.50}, {"p90", 0.90}, {"p99", 0.99}})
    put(fmt::format("wakeup.{}", name), kind.wakeup.spread.percentile(share));
  put("pause_exits", pause_exits / measured_s / vms);
  put("lock_sleeps", sleeps / measured_s / vms);
  put("exits", exits / measured_s / vms);
  put("clock.lost", lost_ticks / measured_s / vms);
  put("clock.error", behind_s / measured_s / vms);
  io_->report(index_of_kind, measured_s, results);
  network_->report(index_of_kind, measured_s, results);
  const IoPaths::Waiting waiting = io_->waiting(index_of_kind);
  causes[at(Cause::storage)] = 0.0;
  const auto await_io = [&](double time_s) {
    causes[at(Cause::io_threads)] += time_s * waiting.threads;
    causes[at(Cause::io_limits)] += time_s * waiting.limits;
    causes[at(Cause::image_metadata)] += time_s * waiting.image;
    causes[at(Cause::redundancy)] += time_s * waiting.redundancy;
    causes[at(Cause::storage)] += time_s * waiting.storage;
  };
  await_io(awaited_s);
  const double talking = network_->waiting(index_of_kind);
  causes[at(Cause::network)] = causes[at(Cause::idle)] * talking;
  causes[at(Cause::idle)] -= causes[at(Cause::network)];
  if (talking > 0) unused_s = causes[at(Cause::idle)];
  TimeShares& time = results.time.emplace_back();
  time.object = object;
  for (std::size_t c = 0; c < causes.size(); ++c) time.share[c] = ratio(causes[c], total_s);
  // That vCPUs without anything to do last longer beside slower ones is no reason, and that guests
  // which do nothing but I/O do less meanwhile is none, either, unless they pause of themselves.
  const bool pauses =
      work.tests.empty() && (work.io.think > sim::Duration::zero() || work.io.arrivals.count() > 0);
  const bool disk_only = work.idle && !work.net.any() && (work.io.any() || !work.tests.empty());
  causes[at(Cause::idle)] -= work.idle && !pauses ? causes[at(Cause::idle)] : unused_s;
  if (disk_only && !pauses) await_io(std::exchange(causes[at(Cause::halt_polling)], 0.0));
  spread_polling(causes);
  for (std::size_t c = 0; c < causes.size(); ++c) time.per_unit_s[c] = ratio(causes[c], units);
}

void RunningHost::report_host(const RunLength& length, Results& results) const {
  const double measured_s = sim::seconds(length.duration);
  const scheduler::SchedulerStats stats = scheduler_->stats();
  double busy_s = 0;
  for (const double s : cpu_busy_s_) busy_s += s;
  const auto per_second = [&](std::uint64_t now, std::uint64_t before) {
    return static_cast<double>(now - before) / measured_s;
  };
  double controller = 0, link = 0;
  int r = 0;
  for (const topology::Resource& resource : topology_.resources()) {
    const double u = contention_.carried().carried_B(r++) / measured_s / resource.capacity_Bps;
    double& most = resource.kind == topology::ResourceKind::controller ? controller : link;
    most = std::max(most, u);
    results.utilisation.push_back({resource.name, u});
  }
  for (int node = 0; node < topology_.nodes(); ++node) {
    const double cpus = static_cast<double>(topology_.cpus_of_node(node).size());
    results.utilisation.push_back(
        {fmt::format("node{}.cpus", node), node_busy_s_[at(node)] / measured_s / cpus});
  }
  const auto put = [&](const std::string& name, double value) {
    results.metrics.push_back({name, value});
  };
  put("host.cpu.utilisation", busy_s / measured_s / topology_.cpus());
  put("host.switches", per_second(stats.switches, stats_before_.switches));
  put("host.migrations", per_second(stats.migrations, stats_before_.migrations));
  put("host.migrations.node", per_second(stats.node_migrations, stats_before_.node_migrations));
  put("host.controller.utilisation.max", controller);
  put("host.link.utilisation.max", link);
  io_->report_host(measured_s, results);
  network_->report_host(measured_s, results);
}

void RunningHost::check_time(const RunLength& length, Results& results) const {
  const double measured_s = sim::seconds(length.duration);
  const auto broken = [&](std::string text) { results.violations.push_back(std::move(text)); };
  double threads_s = 0, cpus_s = 0;
  for (const Worker& worker : workers_) {
    const guest::Causes causes = worker.progress.seconds();
    double sum_s = 0;
    for (const double s : causes) sum_s += s;
    if (std::abs(sum_s - measured_s) > kTimeTolerance * measured_s) {
      broken(fmt::format("thread {} of VM {}: its causes sum to {} s of {} s", worker.thread,
                         worker.vm, sum_s, measured_s));
    }
    threads_s += guest::busy_s(causes) - worker.asleep_s;
  }
  for (const double s : cpu_busy_s_) cpus_s += s;
  if (std::abs(threads_s - cpus_s) > kTimeTolerance * measured_s * topology_.cpus()) {
    broken(fmt::format("CPUs handed out {} s, threads ran {} s", cpus_s, threads_s));
  }
  const bool bounded = !description_.without.contains(Mechanism::link_bandwidth) &&
                       !description_.without.contains(Mechanism::controller_queueing);
  const compute::CarriedLoads::Overload& worst = contention_.carried().worst();
  if (bounded && worst.excess > kOverloadAllowed) {
    broken(fmt::format("{} carried {:.2f} % more than its capacity",
                       topology_.resources()[at(worst.resource)].name, worst.excess * 100));
  }
  if (pressure_) {
    if (std::string fault = pressure_->memory().broken(); !fault.empty()) broken(std::move(fault));
  }
  for (const TimeShares& time : results.time) {
    double sum = 0;
    for (const double share : time.share) sum += share;
    if (std::abs(sum - 1.0) > 1e-9) broken(fmt::format("{}: shares sum to {}", time.object, sum));
  }
}

}  // namespace models
