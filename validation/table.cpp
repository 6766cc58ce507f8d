#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "scenarios/general.hpp"
#include "validation/report.hpp"
#include "validation/summary.hpp"

namespace validation {

namespace {

constexpr std::size_t kEnough = 10;  // calibrate points, to speak for all

using Out = std::back_insert_iterator<std::string>;

std::string percent(const std::optional<double>& value, bool with_sign = false) {
  if (!value) return "-";
  return with_sign ? fmt::format("{:+.1f} %", 100.0 * *value)
                   : fmt::format("{:.1f} %", 100.0 * *value);
}

std::size_t id_width(const std::vector<Record>& records) {
  std::size_t width = 5;
  for (const Record& record : records) {
    if (record.status != Status::uncovered) width = std::max(width, record.id.size());
  }
  return width;
}

void covered_points(Out out, const std::vector<Record>& records) {
  const std::size_t width = id_width(records);
  fmt::format_to(out, "{:<{}}  {:>10}  {:>10}  {:>21}  {:>8}  {:<9}  {:<9}  {}\n", "point", width,
                 "recorded", "predicted", "90 % interval", "error", "role", "unit", "status");
  for (const Record& record : records) {
    if (record.status == Status::uncovered) continue;
    const Prediction& predicted = *record.predicted;
    fmt::format_to(out, "{:<{}}  {:>10.4g}  {:>10.4g}  {:>21}  {:>8}  {:<9}  {:<9}  {}\n",
                   record.id, width, *record.recorded, predicted.value,
                   fmt::format("{:.4g} .. {:.4g}", predicted.lo, predicted.hi),
                   percent(record.relative_error, true), name(record.role), record.unit,
                   name(record.status));
  }
}

void uncovered_points(Out out, const std::vector<Record>& records) {
  std::map<std::string, std::map<std::string, std::size_t>> by_reason;
  for (const Record& record : records) {
    if (record.status == Status::uncovered) ++by_reason[record.reason][record.subsystem];
  }
  if (by_reason.empty()) return;
  fmt::format_to(out, "\nuncovered points\n");
  for (const auto& [reason, subsystems] : by_reason) {
    std::vector<std::string> counts;
    for (const auto& [subsystem, count] : subsystems)
      counts.push_back(fmt::format("{} {}", count, subsystem));
    fmt::format_to(out, "  {}: {}\n", fmt::join(counts, ", "), reason);
  }
}

void summary_row(Out out, const std::string& key, const Report& report) {
  const Summary& summary = report.summary.at(key);
  const BaselineSummary& baselines = report.baselines.at(key);
  fmt::format_to(out, "{:<18}  {:>7}  {:>9}  {:>12}  {:>10}  {:>8}  {:>11}  {:>9}  {:>9}  {:>6}\n",
                 key, summary.covered, summary.uncovered, percent(summary.median_abs_error),
                 percent(summary.p90_abs_error), percent(summary.bias, true),
                 percent(summary.pi_coverage), percent(baselines.fluid_cpu),
                 percent(baselines.rule_of_thumb),
                 baselines.skill ? fmt::format("{:.2f}", *baselines.skill) : "-");
}

void summaries(Out out, const Report& report) {
  fmt::format_to(out,
                 "\n{:<18}  {:>7}  {:>9}  {:>12}  {:>10}  {:>8}  {:>11}  {:>9}  {:>9}  {:>6}\n",
                 "subsystem", "covered", "uncovered", "median |err|", "p90 |err|", "bias",
                 "in interval", "fluid CPU", "thumb", "skill");
  for (const auto& [key, summary] : report.summary) {
    if (key != "all") summary_row(out, key, report);
  }
  summary_row(out, "all", report);
}

}  // namespace

std::string table(const Report& report) {
  std::string text;
  const Out out{text};
  const bool any_covered =
      std::any_of(report.points.begin(), report.points.end(),
                  [](const Record& record) { return record.status != Status::uncovered; });
  if (any_covered) covered_points(out, report.points);
  uncovered_points(out, report.points);
  summaries(out, report);
  const Summary& all = report.summary.at("all");
  fmt::format_to(out, "\n{} points: {} covered, {} uncovered; bounds {} kept, {} broken.\n",
                 report.points.size(), all.covered, all.uncovered, all.bounds_kept,
                 all.bounds_broken);
  for (int i = 0; i < models::kSubjects; ++i) {
    const auto subject = static_cast<models::Subject>(i);
    if (const auto fitted = fitted_discrepancy(report.points, subject);
        fitted && fitted->points >= kEnough)
      fmt::format_to(
          out,
          "Intervals of times and rates of {} allow {:.1f} % for what models leave out; {} "
          "calibrate points ask for {:.1f} %.\n",
          models::name(subject),
          100.0 * scenarios::general().errors.discrepancy[static_cast<std::size_t>(i)],
          fitted->points, 100.0 * fitted->value);
  }
  return text;
}

}  // namespace validation
