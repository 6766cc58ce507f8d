#include "scenarios/keys.hpp"

#include <algorithm>

#include "scenarios/cluster_keys.hpp"
#include "scenarios/fields.hpp"
#include "scenarios/host_keys.hpp"
#include "scenarios/smt.hpp"
#include "scenarios/storage_keys.hpp"
#include "scenarios/vm_keys.hpp"
#include "scenarios/vmm_keys.hpp"

namespace scenarios {

namespace {

using models::Mechanism;
using models::VmDescription;
using models::VmmDescription;

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
      truth(
          "until_tests_end", &T::until_tests_end,
          "a run ends once all tests of guests (workload.test) have, after `duration` at most; if "
          "there are any and neither is said: after an hour at most"),
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
    {"frequency-scaling", Mechanism::frequency_scaling},
    {"turbo", Mechanism::turbo},
    {"switch-cost", Mechanism::switch_cost},
    {"emulation", Mechanism::emulation},
    {"page-walks", Mechanism::page_walks},
    {"nested-walks", Mechanism::nested_walks},
    {"exits", Mechanism::exits},
    {"ticks", Mechanism::ticks},
    {"ksm", Mechanism::ksm},
    {"swap-in", Mechanism::swap_in},
    {"async-page-faults", Mechanism::async_page_faults},
    {"locks", Mechanism::locks},
    {"co-scheduling", Mechanism::co_scheduling},
    {"paravirtual-locks", Mechanism::paravirtual_locks},
    {"pause-loop-exits", Mechanism::pause_loop_exits},
    {"halt-polling", Mechanism::halt_polling},
    {"numa-balancing", Mechanism::numa_balancing},
    {"first-touch", Mechanism::first_touch},
    {"cache-allocation", Mechanism::cache_allocation},
    {"pcie", Mechanism::pcie},
    {"image-metadata", Mechanism::image_metadata},
    {"raid-redundancy", Mechanism::raid_redundancy},
    {"io-scheduling", Mechanism::io_scheduling},
    {"io-limits", Mechanism::io_limits},
    {"interrupt-moderation", Mechanism::interrupt_moderation},
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

// Of a host that says nothing about sleep states. C1 of intel_idle.c: 1 us on Ivy Bridge, Ice Lake
// and Sapphire Rapids, 2 us from Sandy Bridge to Skylake else, 3 us on Nehalem; ACPI's 1 us
// [recall].
const models::topology::IdleState kShallow{
    .name = "C1", .exit_latency = sim::Duration{2'000'000}, .residency = sim::Duration{2'000'000}};

void read_study(StudySettings& study, const Node& node, Problems& problems) {
  read_table(study_keys(), study, node, "study", problems);
}

void read_host(models::HostDescription& host, const Node& node, Problems& problems) {
  host.hardware.idle_states = {kShallow};
  read_table(host_keys(), host, node, "host", problems);
  apply_smt(node, host.hardware);
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
  list_keys(study_keys(), {}, "study", all);
  all.push_back({"host.use", "text", "", "preset (`tenancy list hosts`) or path to start from"});
  list_keys(host_keys(), {}, "host", all);
  all.push_back({"host.disk.device.use", "text", "", "preset (`tenancy list devices`) or path"});
  all.push_back({"vmm.use", "text", "", "preset (`tenancy list vmms`) or path to start from"});
  list_keys(vmm_keys(), {}, "vmm", all);
  list_keys(vm_keys(), {}, "vm.<name>", all);
  all.push_back(
      {"vm.<name>.workload.use", "text", "", "preset (`tenancy list workloads`) or path"});
  all.push_back({"vm.<name>.workload.fio", "text", "",
                 "fio job file whose sections become tests, relative to the file that says it"});
  list_cluster_keys(all);
  std::string mechanisms;
  for (const std::string_view mechanism : mechanism_names()) {
    mechanisms += fmt::format("{}\"{}\"", mechanisms.empty() ? "" : ", ", mechanism);
  }
  all.push_back({"model.without", "array of " + mechanisms, "[]", "mechanisms switched off"});
  all.push_back(
      {"sweep.\"<key>\"", "array of values", "", "values to try; several keys: cross product"});
  all.push_back({"report.baseline", "table of sweep keys", "",
                 "the point others are relative to; keys that it leaves out are as at each point"});
  all.push_back({"report.show", "array of metric names", "[]",
                 "further columns, see `tenancy keys --metrics`; with .relative behind it, over "
                 "that of the baseline"});
  all.push_back({"report.limit", "text such as \"latency.p99 <= 2 x baseline\", or several", "[]",
                 "what each point is to keep; the answer says up to which count (or other number) "
                 "of the sweep it does"});
  std::erase_if(all, [&](const KeyInfo& key) { return !key.path.starts_with(prefix); });
  return all;
}

std::string run_bytes(const Scenario& scenario) {
  const StudySettings none;
  StudySettings study = scenario.study;
  study.title = none.title;
  study.replications = none.replications;
  study.confidence = none.confidence;
  study.seed = none.seed;
  std::string bytes;
  add_table_bytes(study_keys(), study, bytes);
  add_table_bytes(host_keys(), scenario.host, bytes);
  add_table_bytes(vmm_keys(), scenario.host.vmm, bytes);
  std::size_t classes = scenario.host.vms.size();
  for (const auto& other : scenario.host.others) classes += other.vms.size();
  add_bytes(classes, bytes);
  for (const VmDescription& vm : scenario.host.vms) add_table_bytes(vm_keys(), vm, bytes);
  for (const auto& other : scenario.host.others) {
    for (const VmDescription& vm : other.vms) add_table_bytes(vm_keys(), vm, bytes);
  }
  Json rest;
  write_cluster(rest, scenario.host);
  rest["model"] = without_json(scenario.host.without);
  return bytes + rest.dump();
}

Json resolved(const Scenario& scenario) {
  Json json;
  json["study"] = write_table(study_keys(), scenario.study);
  json["host"] = write_table(host_keys(), scenario.host);
  json["vmm"] = write_table(vmm_keys(), scenario.host.vmm);
  json["vm"] = Json::array();
  for (const VmDescription& vm : scenario.host.vms)
    json["vm"].push_back(write_table(vm_keys(), vm));
  for (const auto& other : scenario.host.others) {
    for (const VmDescription& vm : other.vms) json["vm"].push_back(write_table(vm_keys(), vm));
  }
  write_cluster(json, scenario.host);
  if (!scenario.host.without.empty())
    json["model"]["without"] = without_json(scenario.host.without);
  return json;
}

}  // namespace scenarios
