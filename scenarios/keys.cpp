#include "scenarios/keys.hpp"

#include <algorithm>

#include "scenarios/cpuset.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

template <class T>
void list_keys(const Section<T>& section, const std::string& path, std::vector<KeyInfo>& into) {
  const T standard{};
  for (const Field<T>& field : section) {
    const std::string own = fmt::format("{}.{}", path, field.name);
    if (field.inner) {
      field.inner(own, into);
      continue;
    }
    const Json value = field.write(standard);
    into.push_back(
        {own, field.type, value.is_null() ? "" : value.dump(), std::string{field.meaning}});
  }
}

namespace {

using models::Mechanism;
using models::NumaMode;
using models::PinMode;
using models::VmDescription;
using models::VmmDescription;
namespace topology = models::topology;
namespace workload = models::workload;
namespace compute = models::compute;

constexpr double kHuge = 1e12;

// --- [host] -----------------------------------------------------------------------------------

const Section<topology::Queueing>& queueing_keys() {
  using T = topology::Queueing;
  static const Section<T> section{
      quantity("delay", Unit::time, &T::delay, "d in: added delay = d * u / (1 - u)^exponent"),
      real("exponent", &T::exponent, 0.01, 4.0, "how late and steep the delay rises; 1 is M/M/1"),
  };
  return section;
}

const Section<topology::Cache>& cache_keys() {
  using T = topology::Cache;
  static const Section<T> section{
      quantity("size", Unit::size, &T::size, "capacity of one instance", Zero::refused),
      whole("shared_by", &T::shared_by, 1, 1024, "hardware threads that share one instance"),
      quantity("latency", Unit::time, &T::latency, "load-to-use time of a hit"),
  };
  return section;
}

const Section<topology::MemoryController>& controller_keys() {
  using T = topology::MemoryController;
  static const Section<T> section{
      whole("channels", &T::channels, 1, 64,
            "memory channels of a node (front-side bus: of the hub)"),
      quantity("channel_bandwidth", Unit::rate, &T::channel_bandwidth, "MT/s x 8 B of one channel",
               Zero::refused),
      real("efficiency", &T::efficiency, 0.01, 1.0, "achievable share of the peak"),
      quantity("latency", Unit::time, &T::latency, "idle load-to-use time from the same node"),
      table("queueing", &T::queueing, &queueing_keys, "added delay under load"),
  };
  return section;
}

const Section<topology::Link>& link_keys() {
  using T = topology::Link;
  static const Section<T> section{
      whole("from", &T::from, 0, 1023, "node at one end"),
      whole("to", &T::to, 0, 1023, "node at the other end"),
      text("kind", &T::kind, "qpi, upi, ht"),
      quantity("bandwidth", Unit::rate, &T::bandwidth, "raw, per direction", Zero::refused),
      real("efficiency", &T::efficiency, 0.01, 1.0, "share left for data after protocol"),
      quantity("latency", Unit::time, &T::latency, "what one crossing adds to an access"),
  };
  return section;
}

const std::vector<Word<topology::CpuNumbering>>& numberings() {
  static const std::vector<Word<topology::CpuNumbering>> words{
      {"siblings-last", topology::CpuNumbering::siblings_last},
      {"siblings-adjacent", topology::CpuNumbering::siblings_adjacent}};
  return words;
}

const std::vector<Word<topology::Interconnect>>& interconnects() {
  static const std::vector<Word<topology::Interconnect>> words{
      {"point-to-point", topology::Interconnect::point_to_point},
      {"front-side-bus", topology::Interconnect::front_side_bus}};
  return words;
}

Field<topology::Description> turbo_key() {
  using T = topology::Description;
  return {"turbo",
          "array of frequencies",
          "clock by active cores of a socket; the last repeats",
          [](T& host, const Node& node, const std::string& path, Problems& problems) {
            if (node.array() == nullptr) {
              return expect(problems, node, path, "an array such as [\"3.0 GHz\", \"2.8 GHz\"]");
            }
            host.turbo.clear();
            for (const Node& element : *node.array()) {
              const auto value = read_quantity(Unit::frequency, element, path, problems, false);
              if (value) host.turbo.push_back(sim::Hertz{*value});
            }
          },
          [](const T& host) {
            Json list = Json::array();
            for (const sim::Hertz clock : host.turbo) {
              list.push_back(format_quantity(Unit::frequency, clock.count()));
            }
            return list;
          },
          {}};
}

const Section<topology::Description>& host_keys() {
  using T = topology::Description;
  static const Section<T> section{
      text("name", &T::name, "what the host is called in reports"),
      text("source", &T::source, "where the figures come from"),
      whole("sockets", &T::sockets, 1, 64, "populated sockets"),
      whole("nodes_per_socket", &T::nodes_per_socket, 1, 16,
            "dies or sub-NUMA clusters of a socket"),
      whole("cores_per_node", &T::cores_per_node, 1, 512, "physical cores of a node"),
      whole("threads_per_core", &T::threads_per_core, 1, 8, "hardware threads of a core"),
      choice("cpu_numbering", &T::cpu_numbering, numberings(), "how Linux numbers sibling threads"),
      quantity("frequency", Unit::frequency, &T::frequency, "nominal clock", Zero::refused),
      turbo_key(),
      real("smt_yield", &T::smt_yield, 0.0, 2.0,
           "two busy threads of a core over one; 0: the workload's figure"),
      table("l2", &T::l2, &cache_keys, "private cache"),
      table("llc", &T::llc, &cache_keys, "last-level cache"),
      choice("interconnect", &T::interconnect, interconnects(), "how nodes reach memory"),
      quantity("fsb_bandwidth", Unit::rate, &T::fsb_bandwidth,
               "of one front-side bus, both directions"),
      real("fsb_efficiency", &T::fsb_efficiency, 0.01, 1.0, "share of the bus left for data"),
      table("fsb_queueing", &T::fsb_queueing, &queueing_keys, "added delay of a loaded bus"),
      quantity("memory", Unit::size, &T::memory, "of the whole host, divided equally over nodes",
               Zero::refused),
      table("controller", &T::controller, &controller_keys, "memory controller of a node"),
      table("link_queueing", &T::link_queueing, &queueing_keys, "added delay of a loaded link"),
      tables("link", &T::links, &link_keys, "links between nodes"),
  };
  return section;
}

// --- [vmm] ------------------------------------------------------------------------------------

const Section<models::CfsTunables>& cfs_keys() {
  using T = models::CfsTunables;
  static const Section<T> section{
      quantity("latency", Unit::time, &T::latency, "sched_latency, unscaled", Zero::refused),
      quantity("min_granularity", Unit::time, &T::min_granularity,
               "sched_min_granularity, unscaled", Zero::refused),
      quantity("wakeup_granularity", Unit::time, &T::wakeup_granularity,
               "sched_wakeup_granularity, unscaled"),
      whole("nr_latency", &T::nr_latency, 1, 1000,
            "runnable threads up to which latency is the period"),
      quantity("migration_cost", Unit::time, &T::migration_cost, "sched_migration_cost"),
      whole("tick_hz", &T::tick_hz, 1, 10000, "CONFIG_HZ of the host"),
      whole("busy_factor", &T::busy_factor, 1, 1000, "slows balancing on busy CPUs"),
      whole("nr_migrate", &T::nr_migrate, 1, 1000, "threads moved in one balancing pass"),
      whole("imbalance_pct", &T::imbalance_pct, 100, 1000, "imbalance that calls for a move"),
      truth("autogroup_vms", &T::autogroup_vms, "a cgroup per VM, as libvirt makes"),
  };
  return section;
}

const Section<VmmDescription>& vmm_keys() {
  using T = VmmDescription;
  static const std::vector<Word<models::SchedulerKind>> schedulers{
      {"cfs", models::SchedulerKind::cfs}};
  static const Section<T> section{
      text("name", &T::name, "what the VMM is called in reports"),
      text("source", &T::source, "where the figures come from"),
      choice("scheduler", &T::scheduler, schedulers, "scheduling policy"),
      table("cfs", &T::cfs, &cfs_keys, "Linux CFS tunables"),
      quantity("context_switch", Unit::time, &T::context_switch, "direct cost of a thread switch"),
      quantity("world_switch", Unit::cycles, &T::world_switch, "VM exit and entry around a switch"),
      quantity("wake_latency", Unit::time, &T::wake_latency,
               "wake-up of an idle CPU to first instruction"),
  };
  return section;
}

// --- workloads --------------------------------------------------------------------------------

Field<compute::Profile> miss_curve_key() {
  using T = compute::Profile;
  return {
      "miss_curve",
      "array of [size, ratio]",
      "misses per LLC access by LLC space held",
      [](T& profile, const Node& node, const std::string& path, Problems& problems) {
        const char* need = "points such as [[\"256 KiB\", 0.9], [\"8 MiB\", 0.2]]";
        if (node.array() == nullptr) return expect(problems, node, path, need);
        std::vector<compute::MissPoint> points;
        for (const Node& element : *node.array()) {
          if (element.array() == nullptr || element.array()->size() != 2) {
            return expect(problems, element, path, need);
          }
          compute::MissPoint point;
          const auto space = read_quantity(Unit::size, (*element.array())[0], path, problems, true);
          if (!space || !read_real(point.miss_ratio, (*element.array())[1], path, problems, 0, 1)) {
            return;
          }
          point.space = from_base<sim::Bytes>(*space);
          points.push_back(point);
        }
        try {
          profile.miss_curve = compute::MissCurve{std::move(points)};
        } catch (const sim::ConfigError& error) {
          problems.add(node.at, fmt::format("{}: {}", path, error.what()));
        }
      },
      [](const T& profile) {
        Json list = Json::array();
        for (const compute::MissPoint& point : profile.miss_curve.points()) {
          list.push_back({format_quantity(Unit::size, to_base(point.space)), point.miss_ratio});
        }
        return list;
      },
      {}};
}

const Section<compute::Profile>& profile_keys() {
  using T = compute::Profile;
  static const Section<T> section{
      real("base_cpi", &T::base_cpi, 0.05, 1000, "cycles per instruction with all hits up to L2"),
      real("llc_accesses_per_kilo_instruction", &T::llc_accesses_per_kilo_instruction, 0, 1000,
           "misses of L2 per 1000 instructions"),
      miss_curve_key(),
      real("memory_level_parallelism", &T::memory_level_parallelism, 1, 1024, "misses overlapped"),
      real("write_back_fraction", &T::write_back_fraction, 0, 1, "lines written per line read"),
      quantity("footprint", Unit::size, &T::footprint, "hot working set"),
      real("smt_yield", &T::smt_yield, 1, 2, "two of it on one core over one"),
  };
  return section;
}

const Section<workload::Description>& workload_keys() {
  using T = workload::Description;
  static const std::vector<Word<workload::Distribution>> distributions{
      {"fixed", workload::Distribution::fixed},
      {"exponential", workload::Distribution::exponential}};
  static const std::vector<Word<workload::WakeSource>> sources{
      {"timer", workload::WakeSource::timer}, {"device", workload::WakeSource::device}};
  static const Section<T> section{
      text("name", &T::name, "what the workload is called in reports"),
      text("source", &T::source, "where the figures come from"),
      text("metric", &T::metric, "what the real tool prints"),
      table("profile", &T::profile, &profile_keys, "compute profile"),
      quantity("unit", Unit::instructions, &T::unit, "instructions of one unit of work",
               Zero::refused),
      quantity("burst", Unit::instructions, &T::burst, "mean between two waits; 0: never waits"),
      choice("burst_distribution", &T::burst_distribution, distributions, "of bursts"),
      quantity("block", Unit::time, &T::block, "mean time waited after a burst"),
      choice("block_distribution", &T::block_distribution, distributions, "of waits"),
      choice("wake", &T::wake, sources, "what ends a wait"),
      quantity("emulation", Unit::time, &T::emulation,
               "host CPU time of the emulator thread per wait"),
      truth("idle", &T::idle, "the guest does nothing at all"),
      quantity("resident", Unit::size, &T::resident, "memory ever touched; 0: all of the VM's"),
      quantity("touch_rate", Unit::rate, &T::touch_rate,
               "of new memory while running; 0: all at start"),
  };
  return section;
}

// --- [[vm]] -----------------------------------------------------------------------------------

Field<VmDescription> pin_key() {
  using T = VmDescription;
  return {"pin",
          "\"none\", \"core\", \"node\", or CPU sets by vCPU [\"0-3\", \"4-7\"]",
          "where vCPUs may run; core: one CPU each, cores before siblings; node: one node a VM",
          [](T& vm, const Node& node, const std::string& path, Problems& problems) {
            static const std::vector<Word<PinMode>> modes{
                {"none", PinMode::none}, {"core", PinMode::core}, {"node", PinMode::node}};
            vm.pin.cpus.clear();
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

const Section<VmDescription>& vm_keys() {
  using T = VmDescription;
  static const Section<T> section{
      text("name", &T::name, "class name, used in keys and metrics"),
      whole("count", &T::count, 1, 65536, "guests of the class"),
      whole("vcpus", &T::vcpus, 1, 1024, "virtual CPUs of one guest"),
      quantity("memory", Unit::size, &T::memory, "of one guest", Zero::refused),
      pin_key(),
      numa_key(),
      whole("shares", &T::shares, 2, 262144, "cgroup cpu.shares of one guest"),
      quantity("age", Unit::time, &T::age,
               "how long it has been up, its memory spread as the scheduler moved it"),
      table("workload", &T::workload, &workload_keys,
            "what it runs: a name, or a table with `use`"),
  };
  return section;
}

// --- [study] ----------------------------------------------------------------------------------

Field<StudySettings> warmup_key() {
  using T = StudySettings;
  return {"warmup",
          "\"auto\" or a time",
          "simulated before measuring",
          [](T& study, const Node& node, const std::string& path, Problems& problems) {
            if (node.text() != nullptr && *node.text() == "auto") {
              study.warmup.reset();
              return;
            }
            const auto value = read_quantity(Unit::time, node, path, problems, true);
            if (value) study.warmup = from_base<sim::Duration>(*value);
          },
          [](const T& study) {
            return study.warmup ? Json(format_quantity(Unit::time, to_base(*study.warmup)))
                                : Json("auto");
          },
          {}};
}

const Section<StudySettings>& study_keys() {
  using T = StudySettings;
  static const Section<T> section{
      text("title", &T::title, "the question"),
      quantity("duration", Unit::time, &T::duration, "measured part of each run", Zero::refused),
      warmup_key(),
      whole("replications", &T::replications, 1, 10000, "independent runs of each point"),
      whole("seed", &T::seed, 0, std::numeric_limits<std::int64_t>::max(), "of all random streams"),
      real("confidence", &T::confidence, 0.5, 0.9999, "level of the intervals"),
  };
  return section;
}

struct MechanismName {
  std::string_view name;
  Mechanism mechanism;
};

constexpr MechanismName kMechanisms[] = {
    {"remote-latency", Mechanism::remote_latency},
    {"link-bandwidth", Mechanism::link_bandwidth},
    {"controller-queueing", Mechanism::controller_queueing},
    {"llc-sharing", Mechanism::llc_sharing},
    {"cold-caches", Mechanism::cold_caches},
    {"balancing-migrations", Mechanism::balancing_migrations},
    {"smt", Mechanism::smt},
    {"turbo", Mechanism::turbo},
    {"switch-cost", Mechanism::switch_cost},
    {"emulation", Mechanism::emulation},
};

Json without_json(const std::set<Mechanism>& without) {
  Json list = Json::array();
  for (const Mechanism mechanism : without) list.push_back(name(mechanism));
  return list;
}

}  // namespace

std::string_view name(Mechanism mechanism) {
  for (const MechanismName& known : kMechanisms) {
    if (known.mechanism == mechanism) return known.name;
  }
  return "?";
}

const std::vector<Mechanism>& mechanisms() {
  static const std::vector<Mechanism> all = [] {
    std::vector<Mechanism> list;
    for (const MechanismName& known : kMechanisms) list.push_back(known.mechanism);
    return list;
  }();
  return all;
}

const std::vector<std::string_view>& mechanism_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const MechanismName& known : kMechanisms) all.push_back(known.name);
    return all;
  }();
  return names;
}

void read_study(StudySettings& study, const Node& node, Problems& problems) {
  read_table(study_keys(), study, node, "study", problems);
}

void read_host(models::topology::Description& host, const Node& node, Problems& problems) {
  read_table(host_keys(), host, node, "host", problems);
}

void read_vmm(VmmDescription& vmm, const Node& node, Problems& problems) {
  read_table(vmm_keys(), vmm, node, "vmm", problems);
}

void read_vm(VmDescription& vm, const Node& node, const std::string& path, Problems& problems) {
  read_table(vm_keys(), vm, node, path, problems);
}

void read_model(std::set<Mechanism>& without, const Node& node, Problems& problems) {
  if (node.table() == nullptr) return expect(problems, node, "model", "a table");
  for (const Entry& entry : *node.table()) {
    if (entry.key != "without" || entry.value.array() == nullptr) {
      problems.add(
          entry.key_at,
          fmt::format("model.{}: only `without = [\"cold-caches\", ...]` is known", entry.key));
      continue;
    }
    std::vector<Word<Mechanism>> words;
    for (const MechanismName& known : kMechanisms) words.push_back({known.name, known.mechanism});
    for (const Node& element : *entry.value.array()) {
      if (const auto* word = read_word(words, element, "model.without", problems)) {
        without.insert(word->value);
      }
    }
  }
}

std::vector<KeyInfo> key_infos(std::string_view prefix) {
  std::vector<KeyInfo> all;
  list_keys(study_keys(), "study", all);
  all.push_back({"host.use", "text", "", "preset (`tenancy list hosts`) or path to start from"});
  list_keys(host_keys(), "host", all);
  all.push_back({"vmm.use", "text", "", "preset (`tenancy list vmms`) or path to start from"});
  list_keys(vmm_keys(), "vmm", all);
  list_keys(vm_keys(), "vm.<name>", all);
  all.push_back(
      {"vm.<name>.workload.use", "text", "", "preset (`tenancy list workloads`) or path"});
  std::string mechanisms;
  for (const std::string_view mechanism : mechanism_names()) {
    mechanisms += fmt::format("{}\"{}\"", mechanisms.empty() ? "" : ", ", mechanism);
  }
  all.push_back({"model.without", "array of " + mechanisms, "[]", "mechanisms switched off"});
  all.push_back(
      {"sweep.\"<key>\"", "array of values", "", "values to try; several keys: cross product"});
  all.push_back({"report.baseline", "table of sweep keys", "", "the point others are relative to"});
  all.push_back({"report.show", "array of metric names", "[]",
                 "further columns, see `tenancy keys --metrics`"});
  std::erase_if(all, [&](const KeyInfo& key) { return !key.path.starts_with(prefix); });
  return all;
}

Json resolved(const Scenario& scenario) {
  Json json;
  json["study"] = write_table(study_keys(), scenario.study);
  json["host"] = write_table(host_keys(), scenario.host.hardware);
  json["vmm"] = write_table(vmm_keys(), scenario.host.vmm);
  json["vm"] = Json::array();
  for (const VmDescription& vm : scenario.host.vms)
    json["vm"].push_back(write_table(vm_keys(), vm));
  if (!scenario.host.without.empty())
    json["model"]["without"] = without_json(scenario.host.without);
  return json;
}

}  // namespace scenarios
