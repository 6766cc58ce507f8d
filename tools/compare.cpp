// tenancy compare: two scenarios under the same random numbers, and where they differ.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "models/results.hpp"
#include "scenarios/compare.hpp"
#include "scenarios/read.hpp"
#include "scenarios/report.hpp"
#include "scenarios/sweep.hpp"
#include "sim/error.hpp"
#include "tools/commands.hpp"
#include "tools/interrupt.hpp"
#include "tools/report/grid.hpp"
#include "tools/report/wording.hpp"
#include "tools/study_options.hpp"
#include "tools/terminal.hpp"

namespace tools {

namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
  StudyOptions first;
  std::string second;
  std::vector<std::string> changes;
  std::vector<std::string> metrics;  // empty: those that people ask for first
  bool all = false;
  bool json = false;
};

// The second study: another file, or the first with changes.
scenarios::Study read_second(const Arguments& arguments, const scenarios::Study& first) {
  if (arguments.second.empty() && arguments.changes.empty())
    throw sim::ConfigError{
        "compare needs a second scenario, or changes to the first: --change vm.guest.pin=core"};
  scenarios::Study base = first;
  if (!arguments.second.empty()) {
    StudyOptions options = arguments.first;
    options.file = arguments.second;
    base = read_study(options);
  }
  if (arguments.changes.empty()) return base;
  scenarios::ReadOptions options = base.options;
  for (const std::string& change : arguments.changes) {
    const scenarios::Override& given = options.overrides.emplace_back(setting("--change", change));
    for (const auto& coordinate : base.points.front().at) {
      if (coordinate.first == given.key)
        throw sim::ConfigError{fmt::format(
            "--change {}: {} sweeps this key; compare two points of the sweep with tenancy run",
            change, base.file)};
    }
  }
  return scenarios::read_text(base.text, base.file, options);
}

bool wanted(const Arguments& arguments, const std::string& metric) {
  if (arguments.all) return true;
  if (arguments.metrics.empty())
    return metric.ends_with(".throughput") || metric.find(".latency.") != std::string::npos;
  return std::any_of(arguments.metrics.begin(), arguments.metrics.end(),
                     [&](const std::string& end) { return metric.ends_with(end); });
}

// Throws sim::ConfigError for a metric that there is not, before anything is simulated.
void check_metrics(const Arguments& arguments) {
  const auto& all = models::metric_catalogue();
  for (const std::string& metric : arguments.metrics) {
    const bool known =
        scenarios::is_metric(metric) || std::any_of(all.begin(), all.end(), [&](const auto& kind) {
          return std::string_view{kind.name}.ends_with(metric);
        });
    if (!known)
      throw sim::ConfigError{
          fmt::format("--metric {}: no metric ends so{}; `tenancy keys --metrics` lists them",
                      metric, scenarios::nearest_metric(metric))};
  }
}

// One that has not completed lasts as long as the run.
bool completed(const scenarios::ComparedPoint& point, const std::string& metric,
               scenarios::Estimate scenarios::Difference::*which) {
  const std::string completion = report::completion_of(metric);
  return std::none_of(point.metrics.begin(), point.metrics.end(), [&](const auto& other) {
    return other.metric == completion && (other.*which).value == 0.0;
  });
}

std::string point_text(const scenarios::ComparedPoint& point, const Arguments& arguments,
                       const report::Layout& layout) {
  report::Grid grid{{{"metric"}, {"first", true}, {"second", true}, {"second against first"}}, {}};
  for (const auto& d : point.metrics) {
    const bool nothing = d.first.value == 0.0 && d.second.value == 0.0 && !arguments.all;
    if (!wanted(arguments, d.metric) || nothing) continue;
    const std::string_view unit = models::unit_of(d.metric);
    const bool first = completed(point, d.metric, &scenarios::Difference::first);
    const bool second = completed(point, d.metric, &scenarios::Difference::second);
    grid.rows.push_back({{d.metric},
                         {first ? report::quantity(d.first.value, unit) : "-"},
                         {second ? report::quantity(d.second.value, unit) : "-"},
                         {first && second ? report::verdict(d) : "-",
                          d.none() ? report::Colour::none : report::Colour::bold}});
  }
  std::string out;
  if (!point.at.empty())
    out +=
        report::coloured(scenarios::text(point.at), report::Colour::bold, layout.colours) + "\n\n";
  out += grid.rows.empty() ? "No metric in common.\n" : report::markdown(grid, layout.colours);
  for (const auto& [list, which] :
       {std::pair{&point.only_first, "first"}, {&point.only_second, "second"}}) {
    std::string names;
    for (const std::string& metric : *list) {
      if (wanted(arguments, metric))
        names += fmt::format("{}{}", names.empty() ? "" : ", ", metric);
    }
    if (!names.empty()) out += fmt::format("Only in the {}: {}.\n", which, names);
  }
  return out + "\n";
}

Json estimate_json(const scenarios::Estimate& estimate) {
  return {{"value", estimate.value}, {"ci", {estimate.lo, estimate.hi}}};
}

Json as_json(const scenarios::Comparison& comparison) {
  Json points = Json::array();
  for (const auto& point : comparison.points) {
    Json at = Json::object();
    for (const auto& [key, value] : point.at)
      at[key] = std::visit([](const auto& v) { return Json(v); }, value);
    Json metrics = Json::object();
    for (const auto& d : point.metrics)
      metrics[d.metric] = {{"first", estimate_json(d.first)},
                           {"second", estimate_json(d.second)},
                           {"difference", estimate_json(d.difference)},
                           {"differs", !d.none()},
                           {"unit", models::unit_of(d.metric)}};
    points.push_back({{"at", std::move(at)}, {"metrics", std::move(metrics)}});
  }
  return {{"points", std::move(points)}};
}

int compare(const Arguments& arguments) {
  check_metrics(arguments);
  const scenarios::Study first = read_study(arguments.first);
  const scenarios::Study second = read_second(arguments, first);
  const Interrupt interrupt;
  ProgressBar progress{true};
  const scenarios::Comparison comparison =
      scenarios::compare(first, second, run_options(arguments.first, interrupt, progress));
  progress.clear();
  if (comparison.interrupted) {
    fmt::print(stderr, "tenancy: interrupted before both had run\n");
    return kInterrupted;
  }
  std::string text;
  if (arguments.json) {
    text = as_json(comparison).dump(2) + "\n";
  } else {
    for (const auto& point : comparison.points)
      text += point_text(point, arguments, output_layout());
    text += fmt::format(
        "Paired replications under the same random numbers: {} of each, {:g} % interval of the "
        "difference, seed {}.\n",
        first.settings.replications, 100.0 * first.settings.confidence, first.settings.seed);
    for (const std::string& note : first.notes) text += fmt::format("Note: {}.\n", note);
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kDone;
}

}  // namespace

void add_compare(CLI::App& app, int& status) {
  CLI::App* command =
      app.add_subcommand("compare", "Simulate two scenarios alike and say where they differ");
  auto arguments = std::make_shared<Arguments>();
  add_study_options(*command, arguments->first);
  command->add_option("second", arguments->second, "The scenario to compare with")
      ->type_name("FILE|STUDY");
  command
      ->add_option(
          "--change", arguments->changes,
          "Give a key of the second scenario another value (repeatable); alone, the second "
          "is the first so changed")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  command
      ->add_option("--metric", arguments->metrics,
                   "Metrics to show, by the end of their name (repeatable); else throughput and "
                   "latency")
      ->type_name("NAME")
      ->expected(1)
      ->take_all();
  command->add_flag("--all", arguments->all, "Show every metric");
  command->add_flag("--json", arguments->json, "As JSON, with every metric");
  command->footer(
      "Options such as --set and --seed go to both.\n"
      "\n"
      "Examples:\n"
      "  tenancy compare before.toml after.toml\n"
      "  tenancy compare overcommit --change vm.guest.pin=core --metric throughput");
  command->callback([arguments, &status] { status = compare(*arguments); });
}

}  // namespace tools
