#include "models/numa_balancing.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "models/guest_placement.hpp"
#include "models/huge_pages.hpp"
#include "models/memory/host_memory.hpp"
#include "models/running_host.hpp"

namespace models {
namespace {

constexpr sim::Duration kLook{250'000'000'000};     // 250 ms
constexpr sim::Duration kShortest{50'000'000'000};  // 50 ms
constexpr double kNoticeable = 1e-3;  // a change of shares that paces are worth computing anew for

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

double sum(const std::vector<double>& all) {
  return std::accumulate(all.begin(), all.end(), 0.0);
}

}  // namespace

struct NumaBalancing::Space {
  int vm = 0;
  bool alone = false;  // one thread has the address space to itself
  memory::NumaSpace pages;
  std::vector<memory::NumaSpace::Ran> ran{};  // [vcpu] since the last look
  std::vector<double> runtime_s{}, seen_s{};  // [vcpu] since the start, and of what is booked
  std::vector<double> traffic_Bps{};          // [node] of copies
  std::vector<double> copied_B{};             // [node] since the last look
  sim::Instant looked{};
  std::vector<double> placed{};        // [node] shares of accesses that paces are for
  double faults = 0.0, moved_B = 0.0;  // since measuring began
  int moves = 0;
  double local_at_start = 1.0;
};

NumaBalancing::NumaBalancing(RunningHost& host) : host_{host} {}

NumaBalancing::~NumaBalancing() = default;

sim::Engine& NumaBalancing::engine() {
  return host_.engine_;
}

// Address spaces of VMs under a memory policy are not scanned, nor are reserved hugepages. What
// scans would make of virtual nodes is not modelled.
void NumaBalancing::start() {
  const HostDescription& d = host_.description_;
  const int nodes = host_.topology_.memories();
  spaces_.resize(host_.vms_.size());
  if (!d.vmm.numa_balancing || d.without.contains(Mechanism::numa_balancing) || nodes < 2) return;
  memory::NodeDistances distances;
  for (int a = 0; a < nodes; ++a) {
    std::vector<int>& row = distances.emplace_back();
    for (int b = 0; b < nodes; ++b) row.push_back(host_.topology_.distance(a, b));
  }
  places_.resize(host_.workers_.size());
  room_B_.assign(at(nodes), 0.0);
  bool any = false;
  for (int index = 0; index < static_cast<int>(host_.vms_.size()); ++index) {
    const RunningVm& vm = host_.vms_[at(index)];
    const VmDescription& own = *vm.description;
    if (own.numa.mode != NumaMode::first_touch || reserves_hugepages(own) || own.virtual_nodes > 1)
      continue;
    const double huge = host_.huge_->coverage(index);
    const auto vcpus = static_cast<int>(vm.vcpus.size());
    spaces_[at(index)] = std::make_unique<Space>(
        Space{.vm = index,
              .alone = d.vmm.architecture == Architecture::container && vcpus == 1,
              .pages = {d.vmm.numa, distances, vcpus, own.workload.content, huge}});
    Space& space = *spaces_[at(index)];
    space.ran.resize(at(vcpus));
    space.runtime_s.assign(at(vcpus), 0.0);
    space.seen_s.assign(at(vcpus), 0.0);
    space.traffic_Bps.assign(at(nodes), 0.0);
    space.copied_B.assign(at(nodes), 0.0);
    space.placed.assign(at(nodes), 0.0);
    for (int i = 0; i < vcpus; ++i) places_[at(vm.vcpus[at(i)])] = {index, i};
    host_.engine_.spawn(balance(index));
    any = true;
  }
  if (any) host_.scheduler_->watch(this);
}

bool NumaBalancing::balances(const RunningVm& vm) const {
  return std::any_of(spaces_.begin(), spaces_.end(), [&](const auto& space) {
    return space != nullptr && &host_.vms_[at(space->vm)] == &vm;
  });
}

sim::Process NumaBalancing::balance(int index) {
  Space& space = *spaces_[at(index)];
  co_await host_.engine_.delay(host_.description_.vmm.numa.scan_delay);
  for (;;) {
    const double before_s = sum(space.runtime_s);
    look(space);
    const sim::Duration due = sim::from_seconds(space.pages.next_scan_s() -
                                                sim::seconds(host_.engine_.now() - sim::kStart));
    // With nothing to be used, the next scan is the next event; a scan that is due waits for
    // running time.
    const sim::Duration most = space.pages.waiting() ? kLook : 4 * kLook;
    const bool idle = sum(space.runtime_s) <= before_s;
    co_await host_.engine_.delay(idle ? most : std::clamp(due, kShortest, most));
  }
}

// Running time of the vCPUs since the last look.
void NumaBalancing::sample(Space& space) {
  const RunningVm& vm = host_.vms_[at(space.vm)];
  for (std::size_t i = 0; i < vm.vcpus.size(); ++i) {
    Worker& worker = host_.workers_[at(vm.vcpus[i])];
    host_.book(worker);
    const double busy_s = guest::busy_s(worker.progress.seconds());
    const double more_s = busy_s - std::exchange(space.seen_s[i], busy_s);
    space.ran[i].node = host_.topology_.cpu(host_.scheduler_->cpu_of(worker.thread)).node;
    space.ran[i].time_s += more_s;
    space.runtime_s[i] += more_s;
  }
}

void NumaBalancing::look(Space& space) {
  RunningVm& vm = host_.vms_[at(space.vm)];
  host_.placement_->touch(vm);
  sample(space);
  const sim::Instant now = host_.engine_.now();
  const double over_s = sim::seconds(now - std::exchange(space.looked, now));
  std::vector<double> pages;
  for (int node = 0; node < host_.topology_.memories(); ++node)
    pages.push_back(static_cast<double>(vm.placement.on(node).count()) / memory::kPage_B);
  space.pages.hold(pages);
  const auto& tolls = space.pages.use_for(space.ran, [&](int from, int to, double wanted) {
    return make_room(space, from, to, wanted);
  });
  for (auto& ran : space.ran) ran.time_s = 0.0;
  const double clock_Hz = host_.topology_.description().frequency.count();
  const memory::NumaTunables& costs = host_.description_.vmm.numa;
  const double fault =
      host_.cycles_of(vmm::ExitKind::hypercall) + static_cast<double>(costs.hint_fault.count());
  for (std::size_t i = 0; i < tolls.size(); ++i) {
    const memory::NumaSpace::Toll& toll = tolls[i];
    if (toll.faults <= 0) continue;
    space.faults += toll.faults;
    charge(space, static_cast<int>(i),
           toll.faults * fault + toll.moves * static_cast<double>(costs.migrate_page.count()) +
               toll.moved * memory::kPage_B / costs.copy_rate.count() * clock_Hz);
  }
  load(space, over_s);
  follow(space, tolls);
  scan(space);
  std::vector<double> use = space.pages.use();
  double change = 0.0;
  for (std::size_t n = 0; n < use.size(); ++n)
    change = std::max(change, std::abs(use[n] - space.placed[n]));
  vm.placement.use(use);
  if (change < kNoticeable) return;
  space.placed = std::move(use);
  host_.placement_->place(vm);
}

void NumaBalancing::scan(Space& space) {
  const RunningVm& vm = host_.vms_[at(space.vm)];
  const double now_s = sim::seconds(host_.engine_.now() - sim::kStart);
  for (std::size_t i = 0; i < vm.vcpus.size(); ++i) {
    if (host_.workers_[at(vm.vcpus[i])].dead) continue;
    const double entries = space.pages.scan(static_cast<int>(i), space.runtime_s[i], now_s,
                                            space.alone, space.ran[i].node);
    if (entries <= 0) continue;
    charge(space, static_cast<int>(i),
           entries * static_cast<double>(host_.description_.vmm.numa.scan_entry.count()));
    return;
  }
}

// Threads that would rather be elsewhere, now that they have learnt where their memory is.
void NumaBalancing::follow(Space& space, const std::vector<memory::NumaSpace::Toll>& tolls) {
  const RunningVm& vm = host_.vms_[at(space.vm)];
  const double now_s = sim::seconds(host_.engine_.now() - sim::kStart);
  for (std::size_t i = 0; i < tolls.size(); ++i) {
    if (tolls[i].faults <= 0) continue;
    const auto thread = static_cast<int>(i);
    const scheduler::ThreadId id = host_.thread_of(vm.vcpus[i]);
    const bool restless =
        space.pages.wants_to_move(thread, space.runtime_s[i], now_s, space.ran[i].node);
    const int node = space.pages.preferred(thread);
    if (node >= host_.topology_.nodes()) continue;  // no CPUs to run on
    host_.scheduler_->prefer(id, node);
    if (!restless || host_.workers_[at(vm.vcpus[i])].dead) continue;
    const scheduler::NumaMove move = host_.scheduler_->move_near(id, node, space.pages.spread());
    if (move.node != node) space.pages.prefer(thread, move.node);
    space.moves += move.moved;
  }
}

double NumaBalancing::make_room(Space& space, int from, int to, double pages) {
  const double limit_Bps = host_.description_.vmm.numa.migrate_limit.count();
  double wanted_B = pages * memory::kPage_B;
  if (limit_Bps > 0) {
    const sim::Instant now = host_.engine_.now();
    const double more_B = limit_Bps * sim::seconds(now - std::exchange(refilled_, now));
    for (double& room_B : room_B_)
      room_B = std::min(room_B + more_B, limit_Bps * sim::seconds(kLook));
    wanted_B = std::min(wanted_B, room_B_[at(to)]);
  }
  RunningVm& vm = host_.vms_[at(space.vm)];
  const sim::Bytes moved =
      vm.placement.move(from, to, sim::Bytes{static_cast<std::int64_t>(std::llround(wanted_B))});
  const auto moved_B = static_cast<double>(moved.count());
  if (limit_Bps > 0) room_B_[at(to)] -= moved_B;
  space.copied_B[at(from)] += moved_B;
  space.copied_B[at(to)] += moved_B;
  space.moved_B += moved_B;
  return std::min(pages, moved_B / memory::kPage_B);
}

void NumaBalancing::charge(Space& space, int index, double cycles) {
  Worker& worker = host_.workers_[at(host_.vms_[at(space.vm)].vcpus[at(index)])];
  if (worker.dead || cycles <= 0) return;
  worker.progress.owe_balancing(
      sim::from_seconds(cycles / host_.topology_.description().frequency.count()));
  if (!worker.polling) host_.arm(worker);
}

// Copies load the controllers of both nodes, until the next look.
void NumaBalancing::load(Space& space, double over_s) {
  bool changed = false;
  for (std::size_t n = 0; n < space.copied_B.size(); ++n) {
    const double now_Bps = over_s > 0 ? space.copied_B[n] / over_s : 0.0;
    space.copied_B[n] = 0.0;
    const double change_Bps = now_Bps - std::exchange(space.traffic_Bps[n], now_Bps);
    if (change_Bps == 0.0) continue;
    host_.contention_.add_traffic(static_cast<int>(n), change_Bps, host_.engine_.now());
    changed = true;
  }
  if (changed) host_.settle_later();
}

// --- what the scheduler asks --------------------------------------------------------------------

void NumaBalancing::moved(int worker, scheduler::CpuId from, scheduler::CpuId to) {
  if (at(worker) >= places_.size() || places_[at(worker)].vm < 0) return;
  const Place& place = places_[at(worker)];
  spaces_[at(place.vm)]->pages.moved(place.index, host_.topology_.cpu(from).node,
                                     host_.topology_.cpu(to).node);
}

const NumaBalancing::Place* NumaBalancing::place_of(scheduler::ThreadId thread) const {
  const int worker = host_.worker_of_thread_[at(thread)];
  return at(worker) < places_.size() && places_[at(worker)].vm >= 0 ? &places_[at(worker)]
                                                                    : nullptr;
}

int NumaBalancing::group(scheduler::ThreadId thread) const {
  const Place* place = place_of(thread);
  return place != nullptr && spaces_[at(place->vm)]->pages.grouped() ? place->vm : -1;
}

double NumaBalancing::weight(scheduler::ThreadId thread, int node) const {
  const Place* place = place_of(thread);
  return place != nullptr ? spaces_[at(place->vm)]->pages.weight(place->index, node) : 0.0;
}

double NumaBalancing::group_weight(scheduler::ThreadId thread, int node) const {
  const Place* place = place_of(thread);
  return place != nullptr ? spaces_[at(place->vm)]->pages.group_weight(node) : 0.0;
}

// --- figures ------------------------------------------------------------------------------------

double NumaBalancing::local(const Space& space) const {
  const RunningVm& vm = host_.vms_[at(space.vm)];
  double share = 0.0;
  for (const int id : vm.vcpus)
    share += vm.placement.shares()[at(host_.topology_.cpu(host_.cpu_of(id)).node)];
  return share / static_cast<double>(vm.vcpus.size());
}

// Before progress is reset.
void NumaBalancing::begin_measuring() {
  for (const auto& space : spaces_) {
    if (!space) continue;
    sample(*space);
    std::fill(space->seen_s.begin(), space->seen_s.end(), 0.0);
    space->faults = space->moved_B = 0.0;
    space->moves = 0;
    space->local_at_start = local(*space);
  }
}

void NumaBalancing::report(const RunLength& length, Results& results) {
  if (spaces_.empty()) return;  // the run ended while guests touched their memory
  const double measured_s = sim::seconds(length.duration);
  for (const VmKind& kind : host_.kinds_) {
    double faults = 0, moved_B = 0, moves = 0, start = 0, end = 0;
    bool any = false;
    for (const int index : kind.vms) {
      const auto& space = spaces_[at(index)];
      if (!space) continue;
      any = true;
      faults += space->faults;
      moved_B += space->moved_B;
      moves += space->moves;
      start += space->local_at_start;
      end += local(*space);
    }
    if (!any) continue;
    const auto vms = static_cast<double>(kind.vms.size());
    const std::string object = "vm." + kind.description->name + ".numa.";
    results.metrics.push_back({object + "hint_faults", faults / measured_s / vms});
    results.metrics.push_back({object + "migrated", moved_B / measured_s / vms});
    results.metrics.push_back({object + "moves", moves / measured_s / vms});
    results.metrics.push_back({object + "local.start", start / vms});
    results.metrics.push_back({object + "local.end", end / vms});
  }
}

}  // namespace models
