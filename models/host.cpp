#include "models/host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "models/host_storage.hpp"
#include "models/network_paths.hpp"
#include "models/pcie_cards.hpp"
#include "models/pinning.hpp"
#include "models/running_cluster.hpp"
#include "models/storage_network.hpp"
#include "sim/error.hpp"

namespace models {
namespace {

constexpr double kMebi_B = 1024.0 * 1024.0;
constexpr sim::Duration kSlice{50'000'000'000};  // 50 ms simulated between looks at `cancel`

// Looked at between slices: whether to stop before `end`.
template <class Done>
void run_until(sim::Engine& engine, sim::Instant end, const std::atomic<bool>* cancel,
               const Done& done) {
  while (engine.now() < end && !done()) {
    if (cancel != nullptr && cancel->load(std::memory_order_relaxed)) throw Cancelled{};
    engine.run_until(std::min(end, engine.now() + kSlice));
  }
}

void run_until(sim::Engine& engine, sim::Instant end, const std::atomic<bool>* cancel) {
  run_until(engine, end, cancel, [] { return false; });
}

void check_vm(const VmDescription& vm, sim::Complaints& complaints) {
  const auto need = [&](bool holds, std::string_view text) {
    complaints.need(holds, fmt::format("vm.{}.{}", vm.name, text));
  };
  const workload::Description& work = vm.workload;
  need(vm.count >= 1, fmt::format("count: got {}, need at least 1", vm.count));
  need(vm.vcpus >= 1, fmt::format("vcpus: got {}, need at least 1", vm.vcpus));
  need(vm.memory.count() > 0, "memory: need a size, e.g. \"2 GiB\"");
  need(vm.limit.count() <= 0 || vm.reservation <= vm.limit,
       "reservation: above the VM's limit; lower it or raise the limit");
  const CpuTune& limit = vm.cputune;
  // What the kernel takes: semantics.md 1.5.
  for (const auto& [name, quota, period] :
       {std::tuple{"global_", limit.global_quota, limit.global_period},
        {"", limit.quota, limit.period},
        {"emulator_", limit.emulator_quota, limit.emulator_period},
        {"iothread_", limit.iothread_quota, limit.iothread_period}}) {
    need(quota == sim::Duration::zero() || quota >= sim::Duration{1'000'000'000},
         fmt::format("cputune.{}quota: need at least 1 ms, or 0 s for no limit", name));
    need(period >= sim::Duration{1'000'000'000} && period <= sim::Duration{1'000'000'000'000},
         fmt::format("cputune.{}period: need 1 ms to 1 s", name));
  }
  need(work.unit.count() > 0, "workload.unit: need instructions, e.g. \"1 Ginstr\"");
  need(work.profile.base_cpi > 0, "workload.profile.base_cpi: need more than 0");
  need(work.profile.memory_level_parallelism >= 1,
       "workload.profile.memory_level_parallelism: need at least 1");
  need(work.profile.smt_yield >= 1 && work.profile.smt_yield <= 2,
       "workload.profile.smt_yield: need 1 to 2");
  for (const auto& [name, pages] :
       {std::pair{"guest_pages", vm.guest_pages}, std::pair{"host_pages", vm.host_pages}}) {
    need(pages.coverage >= 0 && pages.coverage <= 1, fmt::format("{}.coverage: need 0 to 1", name));
  }
  const MemoryTune& tune = vm.memory_tune;
  need(tune.limit.count() == 0 || tune.reservation <= tune.limit,
       "memory_tune.reservation: above memory_tune.limit");
  need(tune.reservation <= vm.memory, "memory_tune.reservation: more than the VM's memory");
  need(vm.balloon.mode == BalloonMode::none || !(reserves_hugepages(vm) || tune.locked),
       "balloon: reserved hugepages and locked memory cannot be ballooned; lower "
       "host_pages.coverage, or leave the balloon out");
  need(vm.balloon.mode != BalloonMode::target ||
           (vm.balloon.target.count() > 0 && vm.balloon.target <= vm.memory),
       "balloon.target: need more than 0, at most the VM's memory");
  double content = 0.0;
  for (const memory::Content c :
       {memory::Content::zero, memory::Content::image, memory::Content::cold})
    content += work.content[c].share;
  need(content <= 1.0 + 1e-9, "workload.content: the shares sum to more than 1");
  need(!vm.starts_later() || !work.net.any(),
       "workload.net: of a VM that boots or starts later; traffic is there from the beginning");
  need(!vm.starts_later() || !work.sync.barrier,
       "workload.sync.barrier: of a VM that boots or starts later");
  if (work.arrivals.count() > 0) {
    need(work.burst.count() > 0 && !work.idle,
         "workload.arrivals: needs workload.burst, what a request asks for");
    need(!work.sync.barrier, "workload.arrivals: with workload.sync.barrier, nobody would meet");
    need(work.wake != workload::WakeSource::deadline,
         "workload.arrivals: with workload.wake = \"deadline\", which ends no wait for requests");
  }
  need(!work.boot.again || work.boot.ends,
       "workload.boot.again: needs workload.boot.ends, else the first one goes on");
  workload::check(work.tests, vm.name, complaints);
  workload::check(work.io, fmt::format("vm.{}.workload.io", vm.name), complaints);
  need(work.boot.read_block.count() > 0, "workload.boot.read_block: need more than 0 B");
  need(work.resident <= vm.memory,
       fmt::format(
           "workload.resident: {:.0f} MiB, more than the VM's memory of {:.0f} MiB; give the "
           "VM more or lower resident",
           static_cast<double>(work.resident.count()) / kMebi_B,
           static_cast<double>(vm.memory.count()) / kMebi_B));
}

// Taken from the host's memory as VMs start, whatever their guests touch (hugetlbfs).
double reserved_hugepages_B(const HostDescription& host) {
  double all_B = 0.0;
  for (const VmDescription& vm : host.vms) {
    if (reserves_hugepages(vm)) all_B += vm.count * static_cast<double>(vm.memory.count());
  }
  return all_B;
}

// Memory that must be on certain nodes, against what those nodes have.
void check_memory(const HostDescription& host, const topology::Topology& topology,
                  const std::vector<VmPlace>& places, sim::Complaints& complaints) {
  std::vector<double> wanted_B(static_cast<std::size_t>(topology.memories()), 0.0);
  double all_B = static_cast<double>(host.vmm.host_memory.count());
  std::size_t index = 0;
  const std::string* strict_vm = nullptr;
  for (const VmDescription& vm : host.vms) {
    const double each_B = static_cast<double>(resident(vm).count());
    const vmm::OwnMemory own = own_memory(host.vmm, vm, resident(vm));
    all_B += static_cast<double>(own.code.count());
    for (int i = 0; i < vm.count; ++i, ++index) {
      all_B += each_B + static_cast<double>(own.each().count());
      if (vm.numa.mode != NumaMode::strict) continue;
      strict_vm = &vm.name;
      const std::vector<int>& nodes = places[index].nodes;
      for (const int node : nodes) {
        wanted_B[static_cast<std::size_t>(node)] += each_B / static_cast<double>(nodes.size());
      }
    }
  }
  const double gib = 1024.0 * 1024 * 1024;
  for (std::size_t node = 0; node < wanted_B.size(); ++node) {
    const auto node_B =
        static_cast<double>(topology.memory_of_node(static_cast<int>(node)).count());
    complaints.need(wanted_B[node] <= node_B,
                    fmt::format("vm.{}.numa: strict needs {:.1f} GiB on node {}, which has {:.1f} "
                                "GiB",
                                strict_vm != nullptr ? *strict_vm : "", wanted_B[node] / gib, node,
                                node_B / gib));
  }
  const auto host_B = static_cast<double>(topology::all_memory(host.hardware).count());
  const double reserved_B = reserved_hugepages_B(host);
  complaints.need(
      reserved_B + static_cast<double>(host.vmm.host_memory.count()) <= host_B,
      fmt::format("host_pages.coverage: {:.1f} GiB of hugepages are reserved for "
                  "guests, the host has {:.1f} GiB, {:.1f} GiB of which it uses itself; "
                  "hugepages are neither swapped nor merged: lower the coverage, or "
                  "have fewer or smaller VMs",
                  reserved_B / gib, host_B / gib,
                  static_cast<double>(host.vmm.host_memory.count()) / gib));
  if (memory_may_run_short(host)) return;
  complaints.need(
      all_B <= host_B,
      fmt::format("host.memory: the guests and their VMM use {:.1f} GiB, the host has {:.1f} GiB; "
                  "for overcommit give it swap space (host.swap.size), page merging "
                  "(vmm.ksm.run) or the guests balloons",
                  all_B / gib, host_B / gib));
}

void check_merging(const memory::KsmTunables& ksm, sim::Complaints& complaints) {
  complaints.need(!ksm.tuned || !ksm.advisor.run,
                  "vmm.ksm: both ksmtuned (tuned) and the kernel's advisor set pages_to_scan, need "
                  "one of them at most");
  complaints.need(ksm.advisor.min_pages <= ksm.advisor.max_pages,
                  fmt::format("vmm.ksm.advisor: min_pages {} is more than max_pages {}",
                              ksm.advisor.min_pages, ksm.advisor.max_pages));
}

// CPU time that is promised, against what there is.
void check_reservations(const HostDescription& host, const topology::Topology& topology,
                        sim::Complaints& complaints) {
  const double clock_Hz = host.hardware.frequency.count();
  double reserved_Hz = 0.0;
  const VmDescription* last = nullptr;
  for (const VmDescription& vm : host.vms) {
    if (vm.reservation.count() <= 0) continue;
    last = &vm;
    reserved_Hz += vm.count * vm.reservation.count();
    complaints.need(
        vm.reservation.count() <= vm.vcpus * clock_Hz,
        fmt::format("vm.{}.reservation: {:.4g} GHz, its {} vCPUs of {:.4g} GHz cannot use it",
                    vm.name, vm.reservation.count() / 1e9, vm.vcpus, clock_Hz / 1e9));
  }
  const double capacity_Hz = topology.cpus() * clock_Hz;
  if (last == nullptr) return;
  complaints.need(reserved_Hz <= capacity_Hz,
                  fmt::format("vm.{}.reservation: {:.4g} GHz are reserved in all, the host has "
                              "{:.4g} GHz",
                              last->name, reserved_Hz / 1e9, capacity_Hz / 1e9));
}

void check_host(const HostDescription& host, HostStorage::Remote& remote) {
  const topology::Topology topology{host.hardware};
  sim::Complaints complaints;
  complaints.need(host.vmm.paging != PagingKind::nested || host.hardware.tlb.nested_paging,
                  "vmm.paging: nested, but host.tlb.nested_paging says that the CPU has no EPT or "
                  "NPT; use \"shadow\" or \"automatic\"");
  for (const VmDescription& vm : host.vms) {
    check_vm(vm, complaints);
    const CpuTune& tune = vm.cputune;
    complaints.need(
        host.vmm.architecture != Architecture::xen ||
            tune.quota + tune.emulator_quota + tune.iothread_quota == sim::Duration::zero(),
        fmt::format("vm.{}.cputune: Xen caps whole domains; use global_quota", vm.name));
    complaints.need(
        vm.llc_ways.empty() || vm.llc_ways.back() < host.hardware.llc_ways,
        fmt::format("vm.{}.llc_ways: up to way {}, the host has {} (host.llc_ways)", vm.name,
                    vm.llc_ways.empty() ? 0 : vm.llc_ways.back(), host.hardware.llc_ways));
  }
  const std::string network = network_complaints(host);
  complaints.need(network.empty(), network);
  const std::string cards = pcie_complaints(host);
  complaints.need(cards.empty(), cards);
  check_storage(host, complaints);
  check_merging(host.vmm.ksm, complaints);
  complaints.raise();
  sim::Complaints room;
  check_storage_fits(host, remote, room);
  check_memory(host, topology, place_vms(host.vms, topology), room);
  check_reservations(host, topology, room);
  room.raise<TooSmall>();
}

}  // namespace

void check(const HostDescription& host) {
  bool any = !host.vms.empty();
  for (const HostDescription& other : host.others) any = any || !other.vms.empty();
  sim::Complaints complaints;
  complaints.need(any, "vm: no guest at all; add a [[vm]] table");
  complaints.need(host.network.bandwidth.count() > 0 || !host.leaves_the_box(),
                  "cluster.network.bandwidth: need more than 0");
  complaints.raise();
  const std::vector<HostDescription> hosts = hosts_of(host);
  check_peers(hosts, complaints);
  complaints.raise();
  sim::Engine engine;
  StorageNetwork storage{engine, hosts, nullptr};
  std::string room;  // of hosts that are too small, where nothing else is wrong
  for (std::size_t number = 0; number < hosts.size(); ++number) {
    const HostDescription& one = hosts[number];
    const std::string where =
        one.name == host.name ? "" : fmt::format("cluster.host.{}: ", one.name);
    try {
      check_host(one, storage.from(number));
    } catch (const TooSmall& error) {
      room += fmt::format("{}{}{}", room.empty() ? "" : "\n", where, error.what());
    } catch (const sim::ConfigError& error) {
      throw sim::ConfigError{where + error.what()};
    }
  }
  if (!room.empty()) throw TooSmall{room};
}

sim::Duration automatic_warmup(const HostDescription& host) {
  constexpr double kFillingMargin = 1.3;  // guests also wait while they fill
  constexpr double kLeast_s = 0.5;        // twenty scheduling periods of a big host
  double longest_s = 0;
  for (const VmDescription& vm : host.vms) {
    const workload::Description& work = vm.workload;
    if (work.touch_rate.count() <= 0 || work.idle) continue;
    const sim::Bytes resident = work.resident.count() > 0 ? work.resident : vm.memory;
    longest_s = std::max(
        longest_s, static_cast<double>(resident.count()) / work.touch_rate.count() / vm.vcpus);
  }
  // Moves between nodes are rare; what age_memory() makes of them needs a few to be counted.
  constexpr double kWatching_s = 10.0;
  const bool aged = std::any_of(host.vms.begin(), host.vms.end(), [](const VmDescription& vm) {
    return vm.age > sim::Duration::zero() && vm.pin.mode != PinMode::core &&
           vm.pin.mode != PinMode::node;
  });
  return sim::from_seconds(kFillingMargin * longest_s + kLeast_s + (aged ? kWatching_s : 0.0));
}

namespace {

// Mechanisms that are a matter of what is described.
HostDescription without_described(HostDescription host) {
  const auto off = [&](Mechanism mechanism) { return host.without.contains(mechanism); };
  for (VmDescription& vm : host.vms) {
    for (DiskDescription& disk : vm.disks) {
      if (off(Mechanism::image_metadata)) {
        disk.image.format = storage::image::Format::raw;
        disk.image.preallocation = storage::image::Preallocation::full;
        disk.backing.clear();
      }
      if (off(Mechanism::io_limits)) disk.iotune = {};
      if (off(Mechanism::io_scheduling)) disk.queue.scheduler = storage::queue::Scheduler::noop;
    }
  }
  const auto plain = [&](StorageDescription& storage) {
    for (HostArray& array : storage.arrays) {
      if (off(Mechanism::raid_redundancy)) array.raid.redundant = false;
    }
    for (HostDisk& disk : storage.disks) {
      if (off(Mechanism::io_scheduling)) disk.queue.scheduler = storage::queue::Scheduler::noop;
    }
  };
  plain(host.storage);
  for (StorageServer& server : host.servers) plain(server.storage);
  if (off(Mechanism::interrupt_moderation)) {
    for (NicDescription& nic : host.nics) nic.nic.moderation.kind = network::ModerationKind::none;
  }
  for (HostDescription& other : host.others) {
    other.without = host.without;
    other = without_described(std::move(other));
  }
  return host;
}

}  // namespace

Results simulate(const HostDescription& given, const RunLength& length,
                 const SimulateOptions& options) {
  check(given);
  const HostDescription host = without_described(given);
  sim::Engine engine{options.seed};
  RunningCluster running{engine, host};
  running.start(length.warmup);
  // The first half fills memory and lets the scheduler settle; the second shows how it moves
  // guests.
  run_until(engine, sim::kStart + length.warmup / 2, options.cancel);
  running.watch_moves();
  run_until(engine, sim::kStart + length.warmup, options.cancel);
  if (length.warmup > sim::Duration::zero()) running.age_memory();
  running.begin_measuring();
  const sim::Instant begun = engine.now();
  run_until(engine, begun + length.duration, options.cancel,
            [&] { return length.until_tests_end && running.tests_ended(); });
  RunLength measured = length;
  measured.duration = engine.now() - begun;
  return running.results(measured, options.check);
}

}  // namespace models
