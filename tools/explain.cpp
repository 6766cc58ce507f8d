// tenancy explain: why the worst VM of a scenario, or one that is named, is slow, and what would
// help.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "models/metric_kind.hpp"
#include "scenarios/nearest.hpp"
#include "scenarios/read.hpp"
#include "scenarios/report.hpp"
#include "scenarios/run.hpp"
#include "scenarios/select.hpp"
#include "scenarios/sweep.hpp"
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
  report::Question question;
  std::vector<std::string> at;  // "key=value"
  bool json = false;
};

struct Explanation {
  scenarios::Scenario scenario;  // of the worst point
  scenarios::Criterion criterion;
  std::string answer;
  std::vector<std::string> notes;
  scenarios::Coordinates at;
  scenarios::Estimate judged;
  bool relative = true;
  std::vector<scenarios::Reason> reasons;
  scenarios::Gains causes;
  scenarios::Gains remedies;
};

std::string shown(const scenarios::Estimate& gain) {
  return fmt::format("{:+.1f} % ± {:.1f}", 100.0 * gain.value, 50.0 * (gain.hi - gain.lo));
}

constexpr double kShown = 0.0005;  // is printed as more than 0.0 %

// Those that the simulation is sure of as a table, the others in a line.
std::string gains_text(const scenarios::Gains& gains, const char* heading, bool colours) {
  report::Grid grid{{{heading, true}, {"change"}, {"key"}}, {}};
  std::string none;
  for (const auto& gain : gains.list) {
    if (gain.certain() && std::abs(gain.gain.value) >= kShown) {
      grid.rows.push_back({{shown(gain.gain)}, {gain.words}, {gain.name}});
    } else {
      none += (none.empty() ? "" : ", ") + report::undecided(gain);
    }
  }
  if (gains.list.empty()) return "There is none to try.\n";
  std::string out = grid.rows.empty() ? "" : report::markdown(grid, colours);
  if (!none.empty()) out += fmt::format("Not distinguishable from no difference: {}.\n", none);
  return out;
}

bool is_throughput(const Explanation& e) {
  return e.criterion.metric == "throughput";
}

// "What guest would gain with ...", "What latency.p99 of guest would be with ...".
std::string heading(const Explanation& e, const char* with) {
  if (is_throughput(e)) return fmt::format("What {} would gain {}:", e.criterion.vm, with);
  return fmt::format("How {} of {} would change {}, best first:", e.criterion.metric,
                     e.criterion.vm, with);
}

std::string answer_text(const Explanation& e) {
  std::string out = e.answer + "\n";
  const std::string at = report::phrase(e.at);
  if (e.answer.find(at) == std::string::npos)
    out += fmt::format("What follows is with {}, where {} fares worst.\n", at, e.criterion.vm);
  return out;
}

std::string gains_text(const Explanation& e, const scenarios::Gains& gains, const char* with,
                       const report::Layout& layout) {
  return fmt::format("\n{}\n\n{}", heading(e, with),
                     gains_text(gains, is_throughput(e) ? "gain" : "difference", layout.colours));
}

std::string end_text(const Explanation& e) {
  const auto& settings = e.scenario.study;
  std::string out = fmt::format(
      "\n{} with the change against without, simulated under the same random numbers: "
      "{} paired replications, {:g} % interval, seed {}.\nGains do not add up: mechanisms "
      "hide and feed each other.\n",
      is_throughput(e) ? "Throughput" : e.criterion.metric, settings.replications,
      100.0 * settings.confidence, settings.seed);
  for (const std::string& note : e.notes) out += fmt::format("Note: {}.\n", note);
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
  const std::string metric = fmt::format("vm.{}.{}", e.criterion.vm, e.criterion.metric);
  const Json judged{{"value", e.judged.value}, {"ci", {e.judged.lo, e.judged.hi}}};
  return {{"vm", e.criterion.vm},
          {"metric", e.criterion.metric},
          {"less_is_better", models::better(metric) == models::Better::less},
          {"at", std::move(at)},
          {e.relative ? "relative" : "value", judged},
          {"reasons", std::move(reasons)},
          {"causes", gains_json(e.causes)},
          {"remedies", gains_json(e.remedies)},
          {"notes", e.notes},
          {"scenario", scenarios::resolved(e.scenario)}};
}

// `--metric vm.web.latency.p99` names the VM, too.
report::Question question_of(const Arguments& arguments, const scenarios::Study& study) {
  report::Question question = arguments.question;
  const auto names = scenarios::vm_names(study);
  for (const std::string_view name : names) {
    const std::string object = fmt::format("vm.{}.", name);
    if (!question.metric.starts_with(object)) continue;
    if (question.vm.empty()) question.vm = name;
    if (question.vm == name) question.metric.erase(0, object.size());
  }
  if (const auto absolute = models::relative_of(question.metric); !absolute.empty())
    question.metric = std::string{absolute};
  if (!question.vm.empty() && std::find(names.begin(), names.end(), question.vm) == names.end())
    throw sim::ConfigError{fmt::format("--vm {}: {} has the VM classes {}{}", question.vm,
                                       study.file, fmt::join(names, ", "),
                                       scenarios::did_you_mean(question.vm, names))};
  if (question.metric.empty()) return question;
  const std::string metric = fmt::format("vm.any.{}", question.metric);
  if (models::kind_of(metric) == nullptr)
    throw sim::ConfigError{
        fmt::format("--metric {}: no such metric of a VM{}; `tenancy keys "
                    "--metrics vm` lists them",
                    question.metric, scenarios::nearest_metric(question.metric))};
  if (models::better(metric) == models::Better::neither)
    throw sim::ConfigError{fmt::format(
        "--metric {}: neither more nor less of it is better; `tenancy keys --metrics vm` says of "
        "which one is",
        question.metric)};
  return question;
}

// What was asked for is not among the results.
[[noreturn]] void nothing_found(const scenarios::Study& study,
                                const scenarios::StudyResults& results,
                                const report::Question& question) {
  const bool any_work = question.metric.empty() || question.metric == "throughput";
  if (any_work && !question.vm.empty())
    throw sim::ConfigError{
        fmt::format("--vm {}: it does no work at the points that were asked for, so there is "
                    "nothing to explain",
                    question.vm)};
  if (any_work)
    throw sim::ConfigError{fmt::format(
        "{}: no VM does work, so there is nothing to explain; needs a workload other than idle",
        study.file)};
  std::set<std::string_view> known;
  for (const auto& point : results.points) {
    for (const auto& metric : point.metrics) {
      for (const auto& time : point.time) {
        if (metric.name.starts_with(time.object + ".") &&
            models::better(metric.name) != models::Better::neither &&
            models::relative_of(metric.name).empty())
          known.insert(std::string_view{metric.name}.substr(time.object.size() + 1));
      }
    }
  }
  throw sim::ConfigError{fmt::format("--metric {}: {} of {} has it here; there are {}",
                                     question.metric, question.vm.empty() ? "no VM" : question.vm,
                                     study.file, fmt::join(known, ", "))};
}

int explain(const Arguments& arguments) {
  scenarios::Study study = read_study(arguments.study);
  const report::Question question = question_of(arguments, study);
  std::vector<scenarios::Override> at;
  for (const std::string& text : arguments.at) at.push_back(setting("--at", text));
  const std::set<std::size_t> asked =
      scenarios::keep_points(study, scenarios::points_at(study, at));
  if (!question.metric.empty()) study.relative.push_back(question.metric);
  const Interrupt interrupt;
  ProgressBar progress{true};
  const scenarios::RunOptions options = run_options(arguments.study, interrupt, progress);
  scenarios::StudyResults results = scenarios::run(study, options);
  const auto interrupted = [&] {
    progress.clear();
    fmt::print(stderr, "tenancy: interrupted before the explanation was complete\n");
    return kInterrupted;
  };
  if (results.interrupted) return interrupted();
  // A baseline that was not asked for is there to be compared with.
  for (std::size_t i = study.points.size(); i-- > 0;) {
    if (!asked.contains(i))
      results.points.erase(results.points.begin() + static_cast<std::ptrdiff_t>(i));
  }
  const report::Slowest worst = report::slowest(study, results, question);
  if (worst.point == nullptr) nothing_found(study, results, question);

  Explanation e;
  e.criterion = {std::string{report::class_name(worst.point->time[worst.vm_class].object)},
                 worst.metric};
  e.notes = study.notes;
  e.notes.insert(e.notes.end(), worst.point->notes.begin(), worst.point->notes.end());
  e.at = worst.point->at;
  e.judged = *worst.judged;
  e.relative = worst.relative;
  e.reasons = worst.point->reasons[worst.vm_class];
  const bool chosen = !question.vm.empty() || !arguments.at.empty() || !question.metric.empty();
  e.answer =
      chosen || worst.certain ? report::answer(study, worst) : report::answer(study, results);
  e.scenario =
      std::find_if(study.points.begin(), study.points.end(), [&](const scenarios::Point& p) {
        return p.at == worst.point->at;
      })->scenario;
  e.scenario.study.replications = std::clamp(e.scenario.study.replications, 2, kReplications);
  // Each part is told as soon as it is known.
  const report::Layout layout = output_layout();
  const auto tell = [&](const std::string& text) {
    progress.clear();
    if (!arguments.json) std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
  };
  tell(answer_text(e));
  e.causes =
      scenarios::gains(e.scenario, scenarios::mechanisms_off(e.scenario), e.criterion, options);
  if (e.causes.interrupted) return interrupted();
  tell(gains_text(e, e.causes, "with one mechanism switched off", layout));
  e.remedies = scenarios::gains(e.scenario, scenarios::remedies(e.scenario, e.criterion.vm),
                                e.criterion, options);
  if (e.remedies.interrupted) return interrupted();
  tell(gains_text(e, e.remedies, "with a change to the scenario", layout));
  for (const scenarios::Gains* gains : {&e.causes, &e.remedies})
    e.notes.insert(e.notes.end(), gains->notes.begin(), gains->notes.end());
  tell(end_text(e));
  if (arguments.json) fmt::print("{}\n", as_json(e).dump(2));
  return kDone;
}

}  // namespace

void add_explain(CLI::App& app, int& status) {
  CLI::App* command =
      app.add_subcommand("explain", "Say why a VM of a scenario is slow, and what helps");
  auto arguments = std::make_shared<Arguments>();
  add_study_options(*command, arguments->study);
  command->add_option("--vm", arguments->question.vm, "This VM class, not the worst one")
      ->type_name("NAME");
  command
      ->add_option("--at", arguments->at,
                   "At this point of the sweep, not at the worst one, as in vm.guest.count=24 "
                   "(repeatable)")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  command
      ->add_option("--metric", arguments->question.metric,
                   "What \"slow\" and \"helps\" are judged by; throughput unless it is said, "
                   "latency.p99 of a class whose requests come by themselves")
      ->type_name("NAME");
  command->add_flag("--json", arguments->json, "As JSON");
  command->footer(
      "The worst VM is the one furthest below its baseline (or above, of a metric of which less "
      "is\n"
      "better), at the worst point of the sweep, unless --vm and --at say which.\n"
      "Each mechanism is switched off in turn, and each remedy is simulated.\n"
      "\n"
      "Examples:\n"
      "  tenancy explain                     the study numa-consolidation\n"
      "  tenancy explain my.toml --set vm.guest.count=32\n"
      "  tenancy explain my.toml --vm web --at vm.web.count=8 --metric latency.p99");
  command->callback([arguments, &status] { status = explain(*arguments); });
}

}  // namespace tools
