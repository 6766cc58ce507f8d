// tenancy explain: why the worst VM of a scenario is slow, and what would help.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "scenarios/read.hpp"
#include "scenarios/run.hpp"
#include "scenarios/what_if.hpp"
#include "sim/error.hpp"
#include "tools/commands.hpp"
#include "tools/interrupt.hpp"
#include "tools/report/answer.hpp"
#include "tools/report/grid.hpp"
#include "tools/report/wording.hpp"
#include "tools/study_options.hpp"
#include "tools/terminal.hpp"

namespace tools {

namespace {

using Json = nlohmann::ordered_json;

// Paired differences need few replications: a dozen changes are simulated.
constexpr int kReplications = 3;

struct Arguments {
  StudyOptions study;
  bool json = false;
};

struct Explanation {
  scenarios::Scenario scenario;  // of the worst point
  std::string vm;
  std::string answer;
  scenarios::Coordinates at;
  scenarios::Estimate relative;
  std::vector<scenarios::Reason> reasons;
  scenarios::Gains causes;
  scenarios::Gains remedies;
};

std::string shown(const scenarios::Estimate& gain) {
  return fmt::format("{:+.1f} % ± {:.1f}", 100.0 * gain.value, 50.0 * (gain.hi - gain.lo));
}

// Those that the simulation is sure of as a table, the others in a line.
std::string gains_text(const scenarios::Gains& gains, bool colours) {
  report::Grid grid{{{"gain", true}, {"change"}, {"key"}}, {}};
  std::string none;
  for (const auto& gain : gains.list) {
    if (gain.certain()) {
      grid.rows.push_back({{shown(gain.gain)}, {gain.words}, {gain.name}});
    } else {
      none += fmt::format("{}{}", none.empty() ? "" : ", ", gain.name);
    }
  }
  std::string out = grid.rows.empty() ? "" : report::markdown(grid, colours);
  if (!none.empty()) out += fmt::format("Not distinguishable from no difference: {}.\n", none);
  return out;
}

std::string as_text(const Explanation& e, const report::Layout& layout) {
  std::string out = e.answer + "\n";
  out += fmt::format("\nWhat {} would gain with one mechanism switched off:\n\n{}", e.vm,
                     gains_text(e.causes, layout.colours));
  out += fmt::format("\nWhat {} would gain from a change to the scenario:\n\n{}", e.vm,
                     gains_text(e.remedies, layout.colours));
  const auto& settings = e.scenario.study;
  out += fmt::format(
      "\nThroughput with the change against without, simulated under the same random numbers: "
      "{} paired replications, {:g} % interval, seed {}.\nGains do not add up: mechanisms "
      "hide and feed each other.\n",
      settings.replications, 100.0 * settings.confidence, settings.seed);
  return out;
}

Json gains_json(const scenarios::Gains& gains) {
  Json list = Json::array();
  for (const auto& gain : gains.list)
    list.push_back({{"change", gain.name},
                    {"words", gain.words},
                    {"gain", gain.gain.value},
                    {"ci", {gain.gain.lo, gain.gain.hi}},
                    {"certain", gain.certain()}});
  return list;
}

Json as_json(const Explanation& e) {
  Json at = Json::object();
  for (const auto& [key, value] : e.at)
    at[key] = std::visit([](const auto& v) { return Json(v); }, value);
  Json reasons = Json::object();
  for (const auto& reason : e.reasons)
    reasons[std::string{models::name(reason.cause)}] = reason.share;
  return {{"vm", e.vm},
          {"at", std::move(at)},
          {"relative", {{"value", e.relative.value}, {"ci", {e.relative.lo, e.relative.hi}}}},
          {"reasons", std::move(reasons)},
          {"causes", gains_json(e.causes)},
          {"remedies", gains_json(e.remedies)},
          {"scenario", scenarios::resolved(e.scenario)}};
}

int explain(const Arguments& arguments) {
  const scenarios::Study study = read_study(arguments.study);
  const Interrupt interrupt;
  ProgressBar progress{true};
  const scenarios::RunOptions options = run_options(arguments.study, interrupt, progress);
  const scenarios::StudyResults results = scenarios::run(study, options);
  const report::Slowest worst = report::slowest(study, results);
  const auto interrupted = [&] {
    progress.clear();
    fmt::print(stderr, "tenancy: interrupted before the explanation was complete\n");
    return kInterrupted;
  };
  if (results.interrupted) return interrupted();
  if (worst.point == nullptr)
    throw sim::ConfigError{fmt::format(
        "{}: no VM does work, so there is nothing to explain; needs a workload other than idle",
        study.file)};

  Explanation e;
  e.vm = report::class_name(worst.point->time[worst.vm_class].object);
  e.at = worst.point->at;
  e.relative = *worst.relative;
  e.reasons = worst.point->reasons[worst.vm_class];
  e.answer = report::answer(study, results);
  e.scenario =
      std::find_if(study.points.begin(), study.points.end(), [&](const scenarios::Point& p) {
        return p.at == worst.point->at;
      })->scenario;
  e.scenario.study.replications = std::clamp(e.scenario.study.replications, 2, kReplications);
  e.causes = scenarios::gains(e.scenario, scenarios::mechanisms_off(e.scenario), e.vm, options);
  if (e.causes.interrupted) return interrupted();
  e.remedies = scenarios::gains(e.scenario, scenarios::remedies(e.scenario, e.vm), e.vm, options);
  if (e.remedies.interrupted) return interrupted();
  progress.clear();
  const std::string text = arguments.json ? as_json(e).dump(2) + "\n" : as_text(e, output_layout());
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kDone;
}

}  // namespace

void add_explain(CLI::App& app, int& status) {
  CLI::App* command =
      app.add_subcommand("explain", "Say why the worst VM of a scenario is slow, and what helps");
  auto arguments = std::make_shared<Arguments>();
  add_study_options(*command, arguments->study);
  command->add_flag("--json", arguments->json, "As JSON");
  command->footer(
      "The worst VM is the one furthest below its baseline, at the worst point of the sweep.\n"
      "Each mechanism is switched off in turn, and each remedy is simulated.\n"
      "\n"
      "Examples:\n"
      "  tenancy explain                     the study numa-consolidation\n"
      "  tenancy explain my.toml --set vm.guest.count=32");
  command->callback([arguments, &status] { status = explain(*arguments); });
}

}  // namespace tools
