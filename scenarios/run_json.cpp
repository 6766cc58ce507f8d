#include "scenarios/run_json.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace scenarios {
namespace {

// JSON has no word for NaN and infinity; a null would not come back as what it was.
Json number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

double number_of(const Json& json) {
  if (!json.is_string()) return json.get<double>();
  const auto text = json.get<std::string>();
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  return text == "inf" ? infinity : -infinity;
}

Json numbers(const std::array<double, models::kCauses>& values) {
  Json json = Json::array();
  for (const double value : values) json.push_back(number(value));
  return json;
}

std::array<double, models::kCauses> numbers_of(const Json& json) {
  std::array<double, models::kCauses> values{};
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = number_of(json.at(i));
  return values;
}

}  // namespace

Json to_json(const models::Results& results) {
  Json metrics = Json::array();
  for (const auto& metric : results.metrics) metrics.push_back({metric.name, number(metric.value)});
  Json time = Json::array();
  for (const auto& shares : results.time)
    time.push_back({shares.object, numbers(shares.share), numbers(shares.per_unit_s)});
  Json utilisation = Json::array();
  for (const auto& part : results.utilisation)
    utilisation.push_back({part.object, number(part.utilisation)});
  return {{"metrics", std::move(metrics)},         {"time", std::move(time)},
          {"utilisation", std::move(utilisation)}, {"notes", results.notes},
          {"violations", results.violations},      {"events", results.events}};
}

models::Results results_of(const Json& run) {
  models::Results results;
  for (const Json& metric : run.at("metrics"))
    results.metrics.push_back({metric.at(0).get<std::string>(), number_of(metric.at(1))});
  for (const Json& shares : run.at("time"))
    results.time.push_back(
        {shares.at(0).get<std::string>(), numbers_of(shares.at(1)), numbers_of(shares.at(2))});
  for (const Json& part : run.at("utilisation"))
    results.utilisation.push_back({part.at(0).get<std::string>(), number_of(part.at(1))});
  results.notes = run.at("notes").get<std::vector<std::string>>();
  results.violations = run.at("violations").get<std::vector<std::string>>();
  results.events = run.at("events").get<std::uint64_t>();
  return results;
}

}  // namespace scenarios
