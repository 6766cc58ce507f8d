#include "validation/report.hpp"

#include <nlohmann/json.hpp>

#include "scenarios/general.hpp"
#include "validation/summary.hpp"

namespace validation {

namespace {

using Json = nlohmann::ordered_json;

Json number(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json interval(const Prediction& predicted) {
  return Json::array({predicted.lo, predicted.hi});
}

Json value_json(const ValueRecord& value) {
  return {{"value", value.value},
          {"recorded", value.recorded},
          {"predicted", value.predicted.value},
          {"pi", interval(value.predicted)},
          {"relative_error", number(value.relative_error)}};
}

Json point_json(const Record& record) {
  Json json{{"id", record.id},
            {"subsystem", record.subsystem},
            {"role", name(record.role)},
            {"unit", record.unit},
            {"recorded", number(record.recorded)},
            {"predicted", record.predicted ? Json(record.predicted->value) : Json(nullptr)},
            {"pi", record.predicted ? interval(*record.predicted) : Json(nullptr)},
            {"relative_error", number(record.relative_error)},
            {"status", name(record.status)}};
  if (record.status == Status::uncovered) {
    json["reason"] = record.reason;
    return json;
  }
  json["case"] = record.scenario;
  if (record.values.size() > 1) {
    json["values"] = Json::array();
    for (const ValueRecord& value : record.values) json["values"].push_back(value_json(value));
  }
  if (record.fluid_cpu) json["fluid_cpu"] = record.fluid_cpu->value;
  if (record.rule_of_thumb) json["rule_of_thumb"] = record.rule_of_thumb->value;
  return json;
}

Json summary_json(const Summary& summary) {
  return {{"covered", summary.covered},
          {"uncovered", summary.uncovered},
          {"median_abs_error", number(summary.median_abs_error)},
          {"p90_abs_error", number(summary.p90_abs_error)},
          {"bias", number(summary.bias)},
          {"pi_coverage", number(summary.pi_coverage)},
          {"bounds_kept", summary.bounds_kept},
          {"bounds_broken", summary.bounds_broken},
          {"calibration_median_abs_error", number(summary.calibration_median_abs_error)}};
}

Json baselines_json(const BaselineSummary& baselines) {
  return {{"fluid_cpu", number(baselines.fluid_cpu)},
          {"rule_of_thumb", number(baselines.rule_of_thumb)},
          {"skill", number(baselines.skill)}};
}

}  // namespace

nlohmann::ordered_json to_json(const Report& report) {
  Json json{{"points", Json::array()}, {"summary", Json::object()}, {"baselines", Json::object()}};
  for (const Record& record : report.points) json["points"].push_back(point_json(record));
  for (const auto& [key, summary] : report.summary) json["summary"][key] = summary_json(summary);
  for (const auto& [key, baselines] : report.baselines)
    json["baselines"][key] = baselines_json(baselines);
  for (int i = 0; i < models::kSubjects; ++i) {
    const auto subject = static_cast<models::Subject>(i);
    const auto fitted = fitted_discrepancy(report.points, subject);
    if (!fitted) continue;
    json["discrepancy"][std::string{models::name(subject)}] = {
        {"in_use", scenarios::general().errors.discrepancy[static_cast<std::size_t>(i)]},
        {"fitted", fitted->value},
        {"calibrate_points", fitted->points}};
  }
  json["failures"] = report.failures;
  return json;
}

}  // namespace validation
