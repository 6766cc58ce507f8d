#include "models/boots.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/guest_placement.hpp"
#include "models/io_paths.hpp"
#include "models/running_host.hpp"

namespace models {
namespace {

constexpr int kSteps = 16;  // of the kernel's part, each with its share of everything
constexpr double kPage_B = 4096.0;

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

double pages(sim::Bytes bytes) {
  return static_cast<double>(bytes.count()) / kPage_B;
}

}  // namespace

Boots::Boots(RunningHost& host, const HostDescription& description)
    : host_{host},
      description_{description},
      rcu_{description.vmm.host_tick_hz},
      start_lock_{host.engine()},
      times_(description.vms.size()),
      touching_(at(host.topology_.nodes()), 0) {}

sim::Engine& Boots::engine() {
  return host_.engine();
}

void Boots::begin_measuring() {
  for (std::size_t k = 0; k < host_.kinds_.size(); ++k) {
    const VmKind& kind = host_.kinds_[k];
    const VmDescription& vm = *kind.description;
    if (!vm.starts_later() || vm.arrives) continue;
    for (std::size_t i = 0; i < kind.vms.size(); ++i)
      engine().spawn(start(kind.vms[i], vm.start + vm.stagger * static_cast<std::int64_t>(i)));
  }
}

sim::Process Boots::start(int vm, sim::Duration after) {
  co_await engine().delay(after);
  if (host_.vms_[at(vm)].description->workload.boot.any()) {
    engine().spawn(boot(vm));
  } else {
    go_on(vm);
  }
}

// The guest is up: its vCPUs do what the workload says.
void Boots::go_on(int vm) {
  for (const int id : host_.vms_[at(vm)].vcpus) engine().spawn(host_.live(id));
  host_.io_->begin_jobs(vm);
}

sim::Process Boots::boot(int index) {
  RunningVm& vm = host_.vms_[at(index)];
  const workload::BootProfile& profile = vm.description->workload.boot;
  Times& times = times_[at(vm.kind)];
  const int member = index - host_.kinds_[at(vm.kind)].vms.front();
  sim::Random random = engine().stream(fmt::format("vm.{}.{}.boot", vm.description->name, member));
  for (;;) {
    const sim::Instant began = engine().now();
    co_await process(index);
    times.process_s.record(sim::seconds(engine().now() - began));
    co_await guest(index, times, random);
    if (profile.ends) {
      const sim::Instant ready = engine().now();
      co_await end(index);
      times.end_s.record(sim::seconds(engine().now() - ready));
    }
    const double took_s = sim::seconds(engine().now() - began);
    times.whole.record(took_s);
    times.whole_s.record(took_s);
    if (!profile.ends) break;
    if (!profile.again) co_return;
    co_await host_.emulate(vm.emulator, profile.between, -1);
  }
  go_on(index);
}

sim::Task<> Boots::grace_periods(int number) {
  for (int i = 0; i < number; ++i) {
    const sim::Instant over = rcu_.after(engine().now());
    co_await engine().delay(over - engine().now());
  }
}

sim::Task<> Boots::process(int index) {
  RunningVm& vm = host_.vms_[at(index)];
  const vmm::BootCosts& costs = description_.vmm.boot;
  if (costs.exclusive > sim::Duration::zero()) {
    const sim::Server::Held lock = co_await start_lock_.hold();
    co_await host_.emulate(vm.emulator, costs.exclusive, -1);
  }
  const double file = pages(vm.description->workload.boot.file);
  const auto load =
      sim::Cycles{static_cast<std::int64_t>(file * static_cast<double>(costs.load_page.count()))};
  const double clock_Hz = host_.topology_.description().frequency.count();
  co_await host_.emulate(vm.emulator, costs.process + load / sim::Hertz{clock_Hz}, -1);
  co_await grace_periods(costs.start_grace_periods);
}

sim::Task<> Boots::guest(int index, Times& times, sim::Random& random) {
  RunningVm& vm = host_.vms_[at(index)];
  const VmDescription& description = *vm.description;
  const workload::BootProfile& profile = description.workload.boot;
  const vmm::BootCosts& costs = description_.vmm.boot;
  const sim::Instant entered = engine().now();
  const double cpi = std::max(0.05, description.workload.profile.base_cpi);
  co_await step(index, {.instructions = static_cast<double>(costs.firmware.count()) / cpi,
                        .probes = static_cast<double>(costs.firmware_probes),
                        .touched = {}});
  co_await engine().delay(costs.firmware_wait);
  const sim::Instant loaded = engine().now();
  times.firmware_s.record(sim::seconds(loaded - entered));

  if (!costs.unpacks && profile.decompress.count() > 0)
    co_await step(index, {.instructions = static_cast<double>(profile.decompress.count()),
                          .probes = 0.0,
                          .touched = {}});
  const sim::Bytes of_kernel = std::min(
      description.memory, guest::kernel_touches(profile.kernel_memory, description.memory));
  for (int i = 0; i < kSteps; ++i) {
    co_await step(index, {.instructions = static_cast<double>(profile.kernel.count()) / kSteps,
                          .probes = static_cast<double>(profile.probes) / kSteps,
                          .touched = of_kernel / kSteps});
    co_await engine().delay(profile.wait / kSteps);
  }
  const sim::Instant up = engine().now();
  times.kernel_s.record(sim::seconds(up - loaded));

  const std::int64_t blocks =
      description.disks.empty()
          ? 0
          : (profile.read.count() + profile.read_block.count() - 1) / profile.read_block.count();
  const std::int64_t parts = std::max<std::int64_t>(blocks, kSteps);
  const sim::Bytes of_processes = profile.memory + profile.freed;
  for (std::int64_t i = 0; i < parts; ++i) {
    if (i < blocks) co_await host_.io_->read(index, profile.read_block, random);
    co_await step(
        index,
        {.instructions = static_cast<double>(profile.init.count()) / static_cast<double>(parts),
         .probes = 0.0,
         .touched = i + 1 == parts ? vm.placement.untouched() : of_processes / parts});
  }
  times.init_s.record(sim::seconds(engine().now() - up));
}

// What the vCPU owes for memory that it touches first, on the node where it runs.
void Boots::fault(int index, sim::Bytes touched) {
  RunningVm& vm = host_.vms_[at(index)];
  const int id = vm.vcpus.front();
  const int node = host_.topology_.cpu(host_.cpu_of(id)).node;
  Worker& worker = host_.workers_[at(id)];
  const sim::Bytes placed = host_.placement_->touch(worker, touched, node);
  host_.placement_->place(vm);
  host_.placement_->owe_first_touch(worker, placed, touching_[at(node)]);
}

sim::Task<> Boots::step(int index, Step step) {
  const int id = host_.vms_[at(index)].vcpus.front();
  const int node = host_.topology_.cpu(host_.cpu_of(id)).node;
  const bool touches = step.touched.count() > 0;
  touching_[at(node)] += touches;
  if (touches) fault(index, step.touched);
  if (step.probes > 0) {
    Worker& worker = host_.workers_[at(id)];
    host_.owe_exit(worker, step.probes * host_.cycles_of(vmm::ExitKind::pio_user));
  }
  co_await host_.run(id, std::max(1.0, step.instructions), scheduler::kNoCpu);
  touching_[at(node)] -= touches;
}

sim::Task<> Boots::end(int index) {
  RunningVm& vm = host_.vms_[at(index)];
  const vmm::BootCosts& costs = description_.vmm.boot;
  const double clock_Hz = host_.topology_.description().frequency.count();
  const sim::Bytes touched = resident(*vm.description) - vm.placement.untouched();
  const double cycles = pages(touched) * static_cast<double>(costs.release_page.count());
  co_await host_.emulate(vm.emulator, sim::from_seconds(cycles / clock_Hz), -1);
  co_await grace_periods(costs.end_grace_periods);
  vm.placement.forget();
  for (memory::VirtualNode& own : vm.virtual_nodes) own.forget();
}

void Boots::report(Results& results) const {
  for (std::size_t k = 0; k < times_.size(); ++k) {
    const VmDescription& vm = *host_.kinds_[k].description;
    if (!vm.workload.boot.any()) continue;
    const Times& times = times_[k];
    const auto put = [&](const char* quantity, double value) {
      results.metrics.push_back({"vm." + vm.name + ".boot." + quantity, value});
    };
    const auto mean = [](const sim::Tally& tally) {
      return tally.count() > 0 ? tally.mean() : 0.0;
    };
    put("completed", static_cast<double>(times.whole_s.count()));
    if (times.whole_s.count() == 0) continue;  // none has come up yet
    put("time.mean", mean(times.whole_s));
    put("time.p50", times.whole.percentile(0.50));
    put("time.p99", times.whole.percentile(0.99));
    put("process", mean(times.process_s));
    put("firmware", mean(times.firmware_s));
    put("kernel", mean(times.kernel_s));
    put("init", mean(times.init_s));
    put("end", mean(times.end_s));
  }
}

}  // namespace models
