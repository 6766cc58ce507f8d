#include "models/dirty_logs.hpp"

#include <algorithm>
#include <cmath>

#include "models/huge_pages.hpp"
#include "models/running_host.hpp"

namespace models {
namespace {

constexpr sim::Duration kStep{5'000'000'000};  // 5 ms between looks at paces
constexpr double kPage_B = 4096.0;
// A modified line from another core of the LLC comes through its snoop: twice the LLC's latency
// [recall]; from another socket it takes what memory there does.
constexpr double kSnoop = 2.0;

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

// Class 0 is visited by instructions, the others by time.
struct DirtyLogs::Log {
  memory::DirtyLog pages;
  std::vector<double> timed_per_s;  // [class] writes of a VM that runs all the time; 0 for class 0
  double visits_per_instruction = 0.0;
  bool on = false;
  int turn = 0;           // of switching on: ends the process of an earlier one
  double executed = 0.0;  // when last booked
  double busy_s = 0.0;    // of all vCPUs, when last booked
  double found = 0.0;     // pages, by readings since measuring began
  double faults = 0.0;    // since measuring began
  double splits = 0.0;
};

DirtyLogs::DirtyLogs(RunningHost& host) : host_{host} {}
DirtyLogs::~DirtyLogs() = default;

sim::Engine& DirtyLogs::engine() {
  return host_.engine_;
}

DirtyLogs::Log DirtyLogs::make(int index) const {
  const VmDescription& vm = *host_.vms_[at(index)].description;
  const memory::WriteProfile& writes = vm.workload.writes;
  const double all = static_cast<double>(resident(vm).count()) / kPage_B;
  double visited = 0.0;
  if (writes.any())
    visited = writes.span.count() > 0
                  ? std::min(all, static_cast<double>(writes.span.count()) / kPage_B)
                  : all;
  std::vector<memory::WrittenPages> classes{
      {.pages = visited, .share = writes.share, .order = writes.order}};
  std::vector<double> timed{0.0};
  double named = 0.0;
  for (const memory::Content c :
       {memory::Content::zero, memory::Content::image, memory::Content::cold})
    named += vm.workload.content[c].share;
  for (int kind = 0; kind < memory::kContents; ++kind) {
    const auto content = static_cast<memory::Content>(kind);
    const memory::ContentClass& c = vm.workload.content[content];
    const bool hot = content == memory::Content::hot;
    double pages = all * (hot ? std::max(0.0, 1.0 - named) : c.share);
    if (hot && writes.any()) pages = 0.0;  // the profile's visits are its writes
    classes.push_back({.pages = pages});
    timed.push_back(pages / c.rewrite_s);
  }
  return {.pages = {std::move(classes), host_.topology_.description().page_modification_log},
          .timed_per_s = std::move(timed),
          .visits_per_instruction = writes.pages_per_kilo_instruction / 1000.0};
}

void DirtyLogs::start() {
  logs_.resize(host_.vms_.size());
  for (std::size_t i = 0; i < host_.vms_.size(); ++i) {
    if (host_.vms_[i].description->dirty_logging == DirtyLogging::off) continue;
    begin(static_cast<int>(i));
    if (host_.vms_[i].description->dirty_logging == DirtyLogging::on)
      engine().spawn(read_regularly(static_cast<int>(i)));
  }
}

void DirtyLogs::begin(int vm) {
  if (!logs_[at(vm)]) logs_[at(vm)] = std::make_unique<Log>(make(vm));
  Log& log = *logs_[at(vm)];
  book(log, vm);
  const translation::PageUse& use = host_.vms_[at(vm)].description->host_pages;
  const bool large =
      use.size != translation::PageSize::small && !host_.description_.vmm.dirty_log.eager_split;
  log.pages.begin(large ? host_.huge_->coverage(vm) : 0.0);
  charge(log, vm);
  if (log.on) return;
  log.on = true;
  engine().spawn(follow(vm, ++log.turn));
}

double DirtyLogs::take(int vm) {
  Log& log = *logs_[at(vm)];
  book(log, vm);
  const double found = log.pages.take();
  log.found += found;
  charge(log, vm);
  return found;
}

double DirtyLogs::dirty(int vm) {
  Log& log = *logs_[at(vm)];
  book(log, vm);
  return log.pages.dirty();
}

double DirtyLogs::again(int vm) {
  Log& log = *logs_[at(vm)];
  book(log, vm);
  return log.pages.again();
}

void DirtyLogs::end(int vm) {
  Log& log = *logs_[at(vm)];
  book(log, vm);
  log.on = false;
  for (const int id : host_.vms_[at(vm)].vcpus)
    host_.contention_.extra_exits(host_.workers_[at(id)].stream, 0.0);
  host_.settle_later();
}

void DirtyLogs::met(int vm) {
  if (host_.vms_[at(vm)].description->dirty_logging != DirtyLogging::anew) return;
  take(vm);
  begin(vm);
}

sim::Process DirtyLogs::follow(int vm, int turn) {
  for (;;) {
    co_await engine().delay(kStep);
    Log& log = *logs_[at(vm)];
    if (!log.on || log.turn != turn) co_return;
    book(log, vm);
    charge(log, vm);
  }
}

sim::Process DirtyLogs::read_regularly(int vm) {
  for (;;) {
    co_await engine().delay(host_.vms_[at(vm)].description->dirty_log_interval);
    take(vm);
  }
}

// What the vCPUs have written since the last call.
void DirtyLogs::book(Log& log, int index) {
  const auto& vm = host_.vms_[at(index)];
  double executed = 0.0, busy_s = 0.0;
  for (const int id : vm.vcpus) {
    auto& worker = host_.workers_[at(id)];
    host_.book(worker);
    executed += worker.progress.executed();
    busy_s += guest::busy_s(worker.progress.seconds());
  }
  const double instructions = executed - std::exchange(log.executed, executed);
  const double ran_s =
      (busy_s - std::exchange(log.busy_s, busy_s)) / static_cast<double>(vm.vcpus.size());
  if (!log.on) return;
  const double visits = instructions * log.visits_per_instruction;
  const memory::WriteToll toll = log.pages.toll(0);
  log.faults += visits * toll.faults;
  log.splits += visits * toll.splits;
  log.pages.visit(0, visits);
  double owed_cycles = 0.0;
  for (std::size_t kind = 1; kind < log.timed_per_s.size(); ++kind) {
    const double written = log.timed_per_s[kind] * ran_s;
    if (written <= 0) continue;
    const memory::WriteToll now = log.pages.toll(kind);
    owed_cycles += written * event_cycles(log, index, now, log.timed_per_s[kind]);
    log.faults += written * now.faults;
    log.splits += written * now.splits;
    log.pages.visit(kind, written);
  }
  if (owed_cycles <= 0) return;
  for (const int id : vm.vcpus) {
    auto& worker = host_.workers_[at(id)];
    const auto state = worker.progress.state();
    if (worker.dead || worker.polling || state == guest::Progress::State::halted) continue;
    host_.owe_exit(worker, owed_cycles / static_cast<double>(vm.vcpus.size()));
  }
}

// The pace of vCPUs whose visits go with their instructions.
void DirtyLogs::charge(Log& log, int index) {
  if (log.visits_per_instruction <= 0) return;
  const auto& vm = host_.vms_[at(index)];
  for (const int id : vm.vcpus) {
    const auto& worker = host_.workers_[at(id)];
    const double instruction_s = worker.state.pace.instruction_s;
    const double per_s = instruction_s > 0 ? log.visits_per_instruction / instruction_s : 0.0;
    host_.contention_.extra_exits(
        worker.stream,
        log.visits_per_instruction * event_cycles(log, index, log.pages.toll(0), per_s));
  }
  host_.settle_later();
}

// Cycles of a visit, which a vCPU makes so often.
double DirtyLogs::event_cycles(const Log&, int index, const memory::WriteToll& toll,
                               double visits_per_s) {
  const memory::DirtyLogCosts& costs = host_.description_.vmm.dirty_log;
  const double light = host_.cycles_of(vmm::ExitKind::hypercall);
  if (light <= 0) return 0.0;  // exits cost nothing
  double cycles = toll.faults * (memory::fault_cycles(costs, light) + alone_cycles(index)) +
                  toll.logged * memory::logged_cycles(costs, light);
  if (toll.splits <= 0) return cycles;
  int running = 0;
  const double line_s = transfer_s(index, running);
  const double splits_per_s = visits_per_s * toll.splits;
  const double lock_s =
      splits_per_s > 0 && running > 1 ? memory::lock_s(running, 1.0 / splits_per_s, line_s) : 0.0;
  cycles += toll.splits * (memory::split_cycles(costs) +
                           lock_s * host_.topology_.description().frequency.count());
  return cycles;
}

// What a page's line takes longer to come when nothing overlaps it: a fault waits for all that went
// before, and nothing comes after it until the guest goes on.
double DirtyLogs::alone_cycles(int index) const {
  const compute::Profile& profile = host_.vms_[at(index)].description->workload.profile;
  if (!host_.vms_[at(index)].description->workload.writes.any()) return 0.0;
  const topology::Description& hardware = host_.topology_.description();
  return sim::seconds(hardware.controller.latency) * hardware.frequency.count() *
         (1.0 - 1.0 / std::max(1.0, profile.memory_level_parallelism));
}

// How long a modified line takes from the vCPU that had it to another, on average.
double DirtyLogs::transfer_s(int index, int& running) const {
  const topology::Topology& topology = host_.topology_;
  const double near_s = kSnoop * sim::seconds(topology.description().llc.latency);
  // Of nodes, or of bus segments, which reach one another through the hub.
  const bool uniform = topology.memories() == 1;
  std::vector<double> on(at(uniform ? topology.agents() : topology.nodes()), 0.0);
  running = 0;
  for (const int id : host_.vms_[at(index)].vcpus) {
    const auto& worker = host_.workers_[at(id)];
    if (worker.spinning || worker.progress.state() != guest::Progress::State::running) continue;
    ++running;
    const topology::Cpu& cpu = topology.cpu(host_.scheduler_->cpu_of(worker.thread));
    on[at(uniform ? cpu.agent : cpu.node)] += 1.0;
  }
  if (running == 0) return near_s;
  double all_s = 0.0;
  const auto places = static_cast<int>(on.size());
  for (int from = 0; from < places; ++from) {
    for (int to = 0; to < places; ++to) {
      const double pairs = on[at(from)] * on[at(to)] / running / running;
      const int memory = uniform ? 0 : from;
      all_s += pairs * (from == to ? near_s : topology.route_of_node(to, memory).idle_latency_s);
    }
  }
  return all_s;
}

double DirtyLogs::rate(int index) {
  Log fresh = make(index);
  const auto& vm = host_.vms_[at(index)];
  double visits_per_s = 0.0;
  for (const int id : vm.vcpus) {
    const auto& worker = host_.workers_[at(id)];
    const double instruction_s = worker.state.pace.instruction_s;
    if (worker.progress.state() == guest::Progress::State::running && instruction_s > 0)
      visits_per_s += fresh.visits_per_instruction / instruction_s;
  }
  double all = visits_per_s * vm.description->workload.writes.share;
  for (const double timed : fresh.timed_per_s) all += timed;
  return all;
}

// Counters of progress start again.
void DirtyLogs::begin_measuring() {
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    if (!logs_[i]) continue;
    book(*logs_[i], static_cast<int>(i));
    logs_[i]->executed = logs_[i]->busy_s = 0.0;
    logs_[i]->found = logs_[i]->faults = logs_[i]->splits = 0.0;
  }
}

void DirtyLogs::report(const RunLength& length, Results& results) {
  const double measured_s = sim::seconds(length.duration);
  for (const auto& kind : host_.kinds_) {
    double found = 0.0, faults = 0.0, splits = 0.0;
    if (kind.description->dirty_logging == DirtyLogging::off) continue;
    for (const int index : kind.vms) {
      Log& log = *logs_[at(index)];
      book(log, index);
      found += log.found;
      faults += log.faults;
      splits += log.splits;
    }
    const double per_s = 1.0 / measured_s / static_cast<double>(kind.vms.size());
    const std::string object = "vm." + kind.description->name;
    results.metrics.push_back({object + ".dirty_log.rate", found * kPage_B * per_s});
    results.metrics.push_back({object + ".dirty_log.faults", faults * per_s});
    results.metrics.push_back({object + ".dirty_log.splits", splits * per_s});
  }
}

}  // namespace models
