#include "tools/report/results_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/prediction.hpp"
#include "scenarios/read.hpp"
#include "scenarios/uncertain.hpp"
#include "tools/report/limit_answer.hpp"

namespace tools::report {

namespace {

using Json = nlohmann::ordered_json;

Json at_json(const scenarios::Coordinates& at) {
  Json json = Json::object();
  for (const auto& [key, value] : at)
    json[key] = std::visit([](const auto& v) { return Json(v); }, value);
  return json;
}

Json metrics_json(const std::vector<scenarios::MetricEstimate>& metrics) {
  Json json = Json::object();
  for (const auto& metric : metrics) {
    const auto& estimate = metric.estimate;
    Json& one = json[metric.name];
    one = {{"value", estimate.value}, {"ci", {estimate.lo, estimate.hi}}};
    if (metric.prediction) one["pi"] = {metric.prediction->lo, metric.prediction->hi};
    one["unit"] = models::unit_of(metric.name);
  }
  return json;
}

// To four digits: a deviation derived from bounds has no more.
double rounded(double value) {
  return std::stod(fmt::format("{:.4g}", value));
}

Json time_json(const models::TimeShares& time) {
  Json json = Json::object();
  for (std::size_t c = 0; c < time.share.size(); ++c)
    json[std::string{models::name(static_cast<models::Cause>(c))}] = time.share[c];
  return json;
}

Json reasons_json(const std::vector<scenarios::Reason>& reasons) {
  Json json = Json::object();
  for (const auto& reason : reasons) json[std::string{models::name(reason.cause)}] = reason.share;
  return json;
}

// Metrics of each VM class, as the first point that has it reports them.
using ClassMetrics = std::map<std::string, std::vector<std::string>>;

ClassMetrics class_metrics(const scenarios::StudyResults& results) {
  ClassMetrics all;
  for (const auto& point : results.points) {
    for (const auto& time : point.time) {
      const auto [known, added] = all.try_emplace(time.object);
      if (!added) continue;
      for (const auto& metric : point.metrics) {
        if (metric.name.starts_with(time.object + ".")) known->second.push_back(metric.name);
      }
    }
  }
  return all;
}

// A class that is not there at a point, with a count of 0, has null where it has metrics elsewhere.
void add_absent(Json& metrics, const ClassMetrics& all, const scenarios::PointResults& point) {
  for (const auto& [object, names] : all) {
    const bool there = std::any_of(point.time.begin(), point.time.end(),
                                   [&](const auto& time) { return time.object == object; });
    if (there) continue;
    for (const std::string& name : names) metrics[name] = nullptr;
  }
}

Json point_json(const scenarios::PointResults& point) {
  Json time = Json::object();
  Json reasons = Json::object();
  for (std::size_t v = 0; v < point.time.size(); ++v) {
    time[point.time[v].object] = time_json(point.time[v]);
    reasons[point.time[v].object] = reasons_json(point.reasons[v]);
  }
  Json utilisation = Json::object();
  for (const auto& part : point.utilisation) utilisation[part.object] = part.utilisation;
  Json json{{"at", at_json(point.at)},
            {"metrics", metrics_json(point.metrics)},
            {"time", std::move(time)},
            {"reasons", std::move(reasons)},
            {"utilisation", std::move(utilisation)},
            {"notes", point.notes},
            {"replications", point.replications}};
  if (!point.violations.empty()) json["violations"] = point.violations;
  return json;
}

const scenarios::Scenario& scenario_of(const scenarios::Study& study,
                                       const scenarios::Coordinates& at) {
  return std::find_if(study.points.begin(), study.points.end(),
                      [&](const scenarios::Point& point) { return point.at == at; })
      ->scenario;
}

}  // namespace

nlohmann::ordered_json results_json(const scenarios::Study& study,
                                    const scenarios::StudyResults& results) {
  const Json scenario = scenarios::resolved(study.points.front().scenario);
  const ClassMetrics classes = class_metrics(results);
  Json points = Json::array();
  for (const auto& point : results.points) {
    Json json = point_json(point);
    add_absent(json["metrics"], classes, point);
    json["scenario_patch"] =
        Json::diff(scenario, scenarios::resolved(scenario_of(study, point.at)));
    points.push_back(std::move(json));
  }
  Json left_out = Json::array();
  for (const scenarios::LeftOut& left : study.left_out)
    left_out.push_back({{"at", at_json(left.at)}, {"why", left.why}});
  Json uncertain = Json::array();
  for (const auto& parameter : results.parameters)
    uncertain.push_back({{"preset", parameter.file},
                         {"key", parameter.key},
                         {"value", scenarios::text(parameter, parameter.value)},
                         {"deviation", scenarios::text(parameter, rounded(parameter.deviation))},
                         {"source", parameter.source}});
  Json json{{"tenancy", scenarios::program_version()},
            {"study", study.settings.title},
            {"seed", study.settings.seed},
            {"confidence", study.settings.confidence},
            {"replications", study.settings.replications},
            {"prediction_level", scenarios::kPredictionLevel},
            {"uncertain", std::move(uncertain)},
            {"interrupted", results.interrupted},
            {"notes", study.notes},
            {"scenario", scenario},
            {"points", std::move(points)}};
  if (!left_out.empty()) json["left_out"] = std::move(left_out);
  if (!study.limits.empty()) json["limit"] = limit_json(study, results);
  return json;
}

}  // namespace tools::report
