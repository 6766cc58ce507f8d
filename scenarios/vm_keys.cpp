#include "scenarios/vm_keys.hpp"

#include <algorithm>

#include "scenarios/cpuset_key.hpp"
#include "scenarios/fields.hpp"
#include "scenarios/network_keys.hpp"
#include "scenarios/storage_keys.hpp"
#include "scenarios/workload_keys.hpp"

namespace scenarios {
namespace {

using models::NumaMode;
using models::PinMode;
using models::VmDescription;

Field<VmDescription> pin_key() {
  using T = VmDescription;
  return {"pin",
          "\"none\", \"core\", \"node\", or CPU sets by vCPU [\"0-3\", \"4-7\"], one alone for all",
          "where vCPUs may run; core: one CPU each, cores of every node before siblings; node: one "
          "node a VM",
          [](T& vm, const Node& node, const std::string& path, Problems& problems) {
            static const std::vector<Word<PinMode>> modes{
                {"none", PinMode::none}, {"core", PinMode::core}, {"node", PinMode::node}};
            vm.pin.cpus.clear();
            if (node.text() != nullptr && parse_cpuset(*node.text())) {
              return expect(
                  problems, node, path,
                  fmt::format("CPU sets in an array, one a vCPU: [\"{}\"]", *node.text()));
            }
            if (node.array() == nullptr) {
              if (const auto* word = read_word(modes, node, path, problems))
                vm.pin.mode = word->value;
              return;
            }
            vm.pin.mode = PinMode::cpus;
            for (const Node& element : *node.array()) {
              const auto cpus =
                  element.text() != nullptr ? parse_cpuset(*element.text()) : std::nullopt;
              if (!cpus) {
                expect(problems, element, path, "a CPU set such as \"0-3,^2,8\"");
              } else {
                vm.pin.cpus.push_back(*cpus);
              }
            }
            if (vm.pin.cpus.empty() && node.array()->empty()) {
              expect(problems, node, path, "at least one CPU set");
            }
          },
          [](const T& vm) {
            switch (vm.pin.mode) {
              case PinMode::none:
                return Json("none");
              case PinMode::core:
                return Json("core");
              case PinMode::node:
                return Json("node");
              case PinMode::cpus:
                break;
            }
            Json list = Json::array();
            for (const auto& cpus : vm.pin.cpus) list.push_back(format_cpuset(cpus));
            return list;
          },
          {}};
}

bool without_gap(const std::vector<int>& ways) {
  return ways.back() - ways.front() + 1 == static_cast<int>(ways.size());
}

Field<VmDescription> dirty_logging_key() {
  using models::DirtyLogging;
  static const std::vector<Word<DirtyLogging>> modes{
      {"off", DirtyLogging::off}, {"on", DirtyLogging::on}, {"anew", DirtyLogging::anew}};
  return choice("dirty_log", &VmDescription::dirty_logging, modes,
                "pages written are logged; anew: switched on at each barrier of the workload");
}

Field<VmDescription> numa_key() {
  using T = VmDescription;
  static const std::vector<Word<NumaMode>> modes{{"first-touch", NumaMode::first_touch},
                                                 {"strict", NumaMode::strict},
                                                 {"interleave", NumaMode::interleave},
                                                 {"preferred", NumaMode::preferred}};
  return {"numa",
          "one of " + words_of(modes) + ", with nodes as in \"strict:0-1\"",
          "where guest memory is placed",
          [](T& vm, const Node& node, const std::string& path, Problems& problems) {
            if (node.text() == nullptr) return expect(problems, node, path, "a policy in quotes");
            const auto colon = node.text()->find(':');
            const Node mode{node.at, node.text()->substr(0, colon)};
            if (const auto* word = read_word(modes, mode, path, problems))
              vm.numa.mode = word->value;
            vm.numa.nodes.clear();
            if (colon == std::string::npos) return;
            const auto nodes = parse_cpuset(node.text()->substr(colon + 1));
            if (!nodes || vm.numa.mode == NumaMode::first_touch) {
              return expect(problems, node, path, "a node set such as \"strict:0-1\"");
            }
            vm.numa.nodes = *nodes;
          },
          [](const T& vm) {
            std::string word{word_for(modes, vm.numa.mode)};
            if (!vm.numa.nodes.empty()) word += ":" + format_cpuset(vm.numa.nodes);
            return Json(word);
          },
          {}};
}

const Section<models::MemoryTune>& memory_tune_keys() {
  using T = models::MemoryTune;
  static const Section<T> section{
      whole("shares", &T::shares, 0, 1000000,
            "of memory when it is short; 0: no preference, the least used pages go"),
      quantity("reservation", Unit::size, &T::reservation, "never taken from it"),
      quantity("limit", Unit::size, &T::limit, "hard_limit, never exceeded; 0 B: none"),
      truth("locked", &T::locked, "never swapped, merged or ballooned"),
      truth("nosharepages", &T::nosharepages, "never merged"),
      truth("mergeable", &T::mergeable,
            "a container's processes ask for merging (madvise, prctl); VMs do by themselves"),
      whole("oom_score_adj", &T::oom_score_adj, -1000, 1000,
            "thousandths of all memory by which it is killed sooner; -1000: never"),
  };
  return section;
}

const Section<models::BalloonDescription>& balloon_keys() {
  using T = models::BalloonDescription;
  static const std::vector<Word<models::BalloonMode>> modes{
      {"none", models::BalloonMode::none},
      {"target", models::BalloonMode::target},
      {"auto", models::BalloonMode::automatic}};
  static const Section<T> section{
      choice("mode", &T::mode, modes, "auto: MOM's policy"),
      quantity("target", Unit::size, &T::target, "what the guest keeps"),
      truth("deflate_on_oom", &T::deflate_on_oom,
            "the guest takes back what its kernel cannot do without"),
      truth("reporting", &T::reporting, "the guest reports its free pages, the host takes them"),
  };
  return section;
}

const Section<models::KvmFeatures>& kvm_feature_keys() {
  using T = models::KvmFeatures;
  static const Section<T> section{
      truth("fair_locks", &T::fair_locks,
            "spinlocks go in turn, as ticket locks of Linux to 4.1; false: to the first who tries "
            "while it has a CPU, as in guests since 4.2"),
      truth("pv_unhalt", &T::pv_unhalt, "paravirtual spinlocks: a waiter sleeps after a while"),
      truth("pv_wait_preempted", &T::pv_wait_preempted,
            "a waiter sleeps at once behind one without a CPU, as in guests of Linux 4.10 to 5.3"),
      truth("pv_tlb_flush", &T::pv_tlb_flush, "vCPUs without a CPU are not waited for"),
      truth("pv_sched_yield", &T::pv_sched_yield,
            "who interrupts vCPUs without a CPU yields to the first of them"),
      truth("async_pf", &T::async_pf,
            "while a task waits for a page on swap, the guest runs another (workload.tasks)"),
  };
  return section;
}

const Section<models::vmm::GuestClock>& clock_keys() {
  using T = models::vmm::GuestClock;
  using Device = models::vmm::TimerDevice;
  using Idle = models::vmm::IdleTicks;
  using Policy = models::vmm::LostTicks;
  static const std::vector<Word<Device>> devices{{"tsc-deadline", Device::tsc_deadline},
                                                 {"lapic", Device::lapic},
                                                 {"pit", Device::pit},
                                                 {"hpet", Device::hpet},
                                                 {"rtc", Device::rtc},
                                                 {"host", Device::host}};
  static const std::vector<Word<Idle>> idles{{"tickless", Idle::tickless},
                                             {"periodic", Idle::periodic}};
  static const std::vector<Word<Policy>> policies{{"delay", Policy::delay},
                                                  {"catchup", Policy::catchup},
                                                  {"merge", Policy::merge},
                                                  {"discard", Policy::discard}};
  static const Section<T> section{
      whole("tick_hz", &T::tick_hz, 1, 10000, "CONFIG_HZ of the guest"),
      choice("timer", &T::timer, devices,
             "what ticks; host: nothing, the host's ticks are handed on (paratick)"),
      choice("idle", &T::idle, idles, "whether an idle guest ticks"),
      choice("tickpolicy", &T::policy, policies,
             "what becomes of ticks that fell due without a CPU"),
      whole(
          "idle_writes", &T::idle_writes, 0, 100,
          "timer registers that a tickless guest writes around a wait; 0: within the wait's cost"),
      truth("paravirtual", &T::paravirtual, "time is read from kvm-clock or the TSC, not counted"),
      quantity("handler", Unit::cycles, &T::handler, "of the guest's kernel, a tick"),
  };
  return section;
}

const Section<models::translation::PageUse>& page_keys() {
  using T = models::translation::PageUse;
  using Size = models::translation::PageSize;
  static const std::vector<Word<Size>> sizes{
      {"4 KiB", Size::small}, {"2 MiB", Size::large}, {"1 GiB", Size::huge}};
  static const Section<T> section{
      choice("size", &T::size, sizes, "of the large pages"),
      real("coverage", &T::coverage, 0, 1,
           "share of memory that they cover, the rest has 4 KiB; 1: reserved hugepages, less: "
           "transparent ones"),
  };
  return section;
}

const Section<models::CpuTune>& cputune_keys() {
  using T = models::CpuTune;
  static const Section<T> section{
      quantity("global_quota", Unit::time, &T::global_quota,
               "CPU time of the VM in a period, all CPUs together; 0 s: no limit"),
      quantity("global_period", Unit::time, &T::global_period, "of the quota", Zero::refused),
      quantity("quota", Unit::time, &T::quota,
               "CPU time of each vCPU in a period (libvirt's <quota>, OpenStack's cpu_quota); 0 s: "
               "no limit"),
      quantity("period", Unit::time, &T::period, "of the quota", Zero::refused),
      quantity("emulator_quota", Unit::time, &T::emulator_quota,
               "CPU time of QEMU's main loop, its helpers and vhost threads in a period, together; "
               "0 s: no limit"),
      quantity("emulator_period", Unit::time, &T::emulator_period, "of the quota", Zero::refused),
      quantity("iothread_quota", Unit::time, &T::iothread_quota,
               "CPU time of each I/O thread in a period; 0 s: no limit"),
      quantity("iothread_period", Unit::time, &T::iothread_period, "of the quota", Zero::refused),
  };
  return section;
}

}  // namespace

const Section<VmDescription>& vm_keys() {
  using T = VmDescription;
  static const Section<T> section{
      text("name", &T::name, "class name, used in keys and metrics"),
      whole("count", &T::count, 0, 65536, "guests of the class; 0: it is not there"),
      whole("vcpus", &T::vcpus, 1, 1024, "virtual CPUs of one guest"),
      whole(
          "virtual_nodes", &T::virtual_nodes, 1, 64,
          "NUMA nodes that the guest sees, vCPUs and memory in even parts; each goes to a node of "
          "the host by pin and numa; of a container, parts whose threads touch memory of their "
          "own"),
      quantity("memory", Unit::size, &T::memory, "of one guest", Zero::refused),
      pin_key(),
      numa_key(),
      whole("shares", &T::shares, 2, 262144, "cgroup cpu.shares of one guest"),
      quantity("reservation", Unit::frequency, &T::reservation,
               "of CPUs x clock, for each guest, kept under contention; 0 Hz: none"),
      quantity("limit", Unit::frequency, &T::limit,
               "of CPUs x clock, for each guest, never exceeded; 0 Hz: none"),
      cpuset(
          "emulatorpin", &T::emulator_pin, "pin", "a set of CPUs such as \"0-1\"",
          "where its VMM's threads may run: emulator, event loops of disks, vhost; pin: where the "
          "vCPUs of a VM with pin = \"node\", else anywhere"),
      cpuset("llc_ways", &T::llc_ways, "all", "a set of ways without a gap such as \"0-3\"",
             "ways of the last-level cache that its lines may be put into (CAT)", without_gap),
      table("cputune", &T::cputune, &cputune_keys, "libvirt's limits on CPU time"),
      quantity("age", Unit::time, &T::age,
               "how long it has been up, its memory spread as the scheduler moved it"),
      quantity("start", Unit::time, &T::start,
               "after measuring has begun; of a guest that boots: its VMM"),
      quantity("stagger", Unit::time, &T::stagger, "between the starts of two guests of the class"),
      table("clock", &T::clock, &clock_keys, "the guest's ticks and what it reads the time from"),
      table("kvm_features", &T::kvm_features, &kvm_feature_keys,
            "what the guest's kernel leaves to KVM"),
      text("reads_from", &T::reads_from,
           "VM whose vCPUs modify the lines that it reads (ivshmem); empty: its own vCPUs"),
      text("image", &T::image,
           "VMs of one image hold the same pages of it; empty: the workload's name"),
      table("memory_tune", &T::memory_tune, &memory_tune_keys, "claims on the host's memory"),
      table("balloon", &T::balloon, &balloon_keys, "memory that the guest gives back"),
      table("guest_pages", &T::guest_pages, &page_keys, "what the guest maps its memory with"),
      table("host_pages", &T::host_pages, &page_keys,
            "what the host maps the guest's memory with (memoryBacking, transparent hugepages)"),
      text("on", &T::on, "host of the cluster that it runs on; empty: [host]"),
      dirty_logging_key(),
      quantity("dirty_log_interval", Unit::time, &T::dirty_log_interval,
               "between two readings of the log of dirty pages", Zero::refused),
      tables("disk", &T::disks, &disk_keys, "virtual disks"),
      tables("nic", &T::nics, &guest_nic_keys, "virtual network interfaces"),
      preset_or_table("workload", &T::workload, &workload_keys,
                      "what it runs (`tenancy list workloads`)"),
  };
  return section;
}

}  // namespace scenarios
