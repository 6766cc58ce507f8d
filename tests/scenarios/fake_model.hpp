// A model for tests of the runner: what it answers is a formula of the description and the seed.
//
// With n VMs on the host each does 120 / n * (0.9 .. 1.1) units of work a second; the factor comes
// from the seed alone, so that ratios of paired replications are exact. A unit takes 0.01 s of
// running, and waits for controllers (n - 1) * 0.003 s and links (n - 1) * 0.001 s.
#pragma once

#include <atomic>
#include <string>

#include "scenarios/read.hpp"
#include "scenarios/run.hpp"

namespace scenarios::fake {

inline double jitter(std::uint64_t seed) {
  return 0.9 + 0.2 * static_cast<double>(seed >> 40) / static_cast<double>(1ULL << 24);
}

inline models::Results simulate(const models::HostDescription& host, const models::RunLength&,
                                const models::SimulateOptions& options) {
  int n = 0;
  for (const auto& vm : host.vms) n += vm.count;
  models::Results results;
  for (const auto& vm : host.vms) {
    const std::string object = "vm." + vm.name;
    const double work = vm.workload.idle ? 0.0 : 120.0 / n * jitter(options.seed);
    results.metrics.push_back({object + ".throughput", work});
    results.metrics.push_back({object + ".cpu.steal", 0.25});
    models::TimeShares time;
    time.object = object;
    time.share[0] = 0.75;
    time.share[static_cast<std::size_t>(models::Cause::steal)] = 0.25;
    time.per_unit_s[0] = 0.01;
    time.per_unit_s[static_cast<std::size_t>(models::Cause::controller_queueing)] = (n - 1) * 0.003;
    time.per_unit_s[static_cast<std::size_t>(models::Cause::link_queueing)] = (n - 1) * 0.001;
    results.time.push_back(time);
  }
  results.utilisation.push_back({"node0.cpus", 0.5});
  results.events = 10;
  return results;
}

inline Model model() {
  Model model;
  model.simulate = simulate;
  model.check = [](const models::HostDescription&) {};
  model.automatic_warmup = [](const models::HostDescription&) { return sim::Duration{1}; };
  return model;
}

// So many VMs "guest" and one "other", without turbo.
inline Scenario scenario(int guests) {
  return read_text(
             "[study]\nduration = \"1 s\"\nreplications = 3\n"
             "[host]\nuse = \"nehalem-x5570-2s\"\n"
             "[[vm]]\nname = \"guest\"\ncount = " +
                 std::to_string(guests) +
                 "\nmemory = \"1 GiB\"\nworkload = \"spin\"\n"
                 "[[vm]]\nname = \"other\"\nmemory = \"1 GiB\"\nworkload = \"spin\"\n"
                 "[model]\nwithout = [\"turbo\"]\n",
             "a.toml")
      .points.front()
      .scenario;
}

// One class "guest", swept over its count; the first point is the baseline.
inline Study study(const std::vector<int>& counts, int replications = 4) {
  Study study;
  study.settings.replications = replications;
  for (const int count : counts) {
    Point point;
    point.at = {{"vm.guest.count", std::int64_t{count}}};
    point.scenario.study = study.settings;
    models::VmDescription vm;
    vm.name = "guest";
    vm.count = count;
    point.scenario.host.vms = {vm};
    study.points.push_back(point);
  }
  study.baseline.assign(study.points.size(), 0);
  return study;
}

}  // namespace scenarios::fake
