#include "validation/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <set>
#include <utility>

#include "scenarios/prediction.hpp"
#include "scenarios/read.hpp"
#include "scenarios/run.hpp"
#include "validation/baselines.hpp"
#include "validation/plan.hpp"
#include "validation/prediction.hpp"
#include "validation/summary.hpp"
#include "validation/usable.hpp"

namespace validation {

namespace {

std::vector<TextFile> files(const std::vector<std::string>& folders,
                            const std::vector<TextFile>& embedded) {
  if (folders.empty()) return embedded;
  std::vector<TextFile> all;
  for (const std::string& folder : folders) {
    std::vector<TextFile> some = read_folder(folder);
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  return all;
}

bool belongs(const std::string& subsystem, const std::string& wanted) {
  return wanted.empty() || subsystem == wanted || subsystem.starts_with(wanted + ".");
}

std::vector<Point> only(std::vector<Point> points, const std::string& subsystem) {
  std::set<std::string> known;
  for (const Point& point : points) known.insert(point.subsystem);
  std::erase_if(points, [&](const Point& point) { return !belongs(point.subsystem, subsystem); });
  if (points.empty())
    throw sim::ConfigError{
        fmt::format("no subsystem \"{}\", recorded are {}", subsystem, fmt::join(known, ", "))};
  return points;
}

struct Run {
  scenarios::Study study;
  scenarios::StudyResults results;
};

struct Runs {
  std::map<std::size_t, Run> of_case;
  std::map<std::size_t, std::string> failed;  // why
  bool interrupted = false;
};

Run run_case(const Case& of, const ValidateOptions& options) {
  Run run{scenarios::read_text(of.file.text, of.file.name, {{}, {"check", "values"}, {}}), {}};
  scenarios::RunOptions run_options;
  run_options.jobs = options.jobs;
  run_options.cancel = options.cancel;
  run.results = scenarios::run_and_predict(run.study, run_options);
  return run;
}

// A message names its case, once.
std::string failure_of(const Case& of, const std::exception& error) {
  const std::string text = error.what();
  return text.find(of.file.name) != std::string::npos ? text
                                                      : fmt::format("{}: {}", of.file.name, text);
}

// Runs the cases that the chosen points need.
Runs run_cases(const std::vector<Case>& cases, const std::set<std::size_t>& needed,
               const ValidateOptions& options) {
  Runs runs;
  for (std::size_t i : needed) {
    try {
      Run run = run_case(cases[i], options);
      if (run.results.interrupted) {
        runs.interrupted = true;
        return runs;
      }
      runs.of_case.emplace(i, std::move(run));
    } catch (const std::exception& error) {  // one case's mistake loses no other's results
      runs.failed.emplace(i, failure_of(cases[i], error));
    }
    if (options.progress) options.progress(runs.of_case.size() + runs.failed.size(), needed.size());
  }
  return runs;
}

using Baseline = std::optional<double> (*)(const Check&, const scenarios::Study&);

std::optional<BaselinePrediction> baseline_of(Baseline baseline, const Point& point,
                                              const std::vector<Source>& sources,
                                              const Runs& runs) {
  std::vector<Prediction> predictions;
  for (const Source& source : sources) {
    const auto value = baseline(*source.check, runs.of_case.at(source.of_case).study);
    if (!value) return std::nullopt;
    predictions.push_back({*value, *value, *value});
  }
  const Record record = compare(point, predictions);
  return BaselinePrediction{record.predicted->value, record.relative_error};
}

std::string failed(const std::string& file) {
  return fmt::format("its case {} failed", file);
}

Record record_of(const Point& point, const std::vector<Source>& sources,
                 const std::vector<Case>& cases, Runs& runs) {
  std::vector<Prediction> predictions;
  for (const Source& source : sources) {
    const Case& of = cases[source.of_case];
    if (runs.failed.contains(source.of_case)) return uncovered(point, failed(of.file.name));
    const auto run = runs.of_case.find(source.of_case);
    if (run == runs.of_case.end()) return uncovered(point, "interrupted before its case had run");
    try {
      predictions.push_back(predict(*source.check, of, run->second.study, run->second.results));
    } catch (const sim::ConfigError& error) {
      runs.failed.emplace(source.of_case, failure_of(of, error));
      return uncovered(point, failed(of.file.name));
    }
  }
  Record record = compare(point, predictions);
  record.scenario = cases[sources.front().of_case].file.name;
  record.fluid_cpu = baseline_of(fluid_cpu, point, sources, runs);
  record.rule_of_thumb = baseline_of(rule_of_thumb, point, sources, runs);
  return record;
}

std::string reason_for(const Point& point, const UsableCases& cases) {
  if (const std::string* file = cases.lost(point.id)) return failed(*file);
  const std::vector<UncoveredRule>& rules = cases.library.uncovered;
  const auto rule = std::find_if(rules.begin(), rules.end(),
                                 [&](const UncoveredRule& r) { return r.fits(point); });
  return rule != rules.end() ? rule->reason : "no case reproduces its conditions yet";
}

}  // namespace

Report validate(const ValidateOptions& options) {
  std::vector<Point> all = read_points(files(options.data, embedded_data()));
  // Our own cases are not wrong about points that someone else's data does not have.
  const bool tolerate_unknown = options.cases.empty() && !options.data.empty();
  const UsableCases usable =
      usable_cases(files(options.cases, embedded_cases()), all, tolerate_unknown);
  const std::vector<Case>& cases = usable.library.cases;
  const Plan& plan = usable.plan;
  const std::vector<Point> chosen = only(all, options.subsystem);

  std::set<std::size_t> needed;
  for (const Point& point : chosen) {
    const auto sources = plan.find(point.id);
    if (sources == plan.end()) continue;
    for (const Source& source : sources->second) needed.insert(source.of_case);
  }
  Runs runs = run_cases(cases, needed, options);

  Report report;
  for (const Point& point : chosen) {
    const auto sources = plan.find(point.id);
    report.points.push_back(sources == plan.end() ? uncovered(point, reason_for(point, usable))
                                                  : record_of(point, sources->second, cases, runs));
  }
  report.summary = summarise(report.points);
  report.baselines = summarise_baselines(report.points);
  report.interrupted = runs.interrupted;
  for (const auto& [file, aside] : usable.rest) {
    const bool of_chosen = std::any_of(chosen.begin(), chosen.end(), [&](const Point& point) {
      return aside.points.contains(point.id);
    });
    if (of_chosen || options.subsystem.empty()) report.failures.push_back(aside.why);
  }
  for (const auto& [of_case, why] : runs.failed) report.failures.push_back(why);
  return report;
}

}  // namespace validation
