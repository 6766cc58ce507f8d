#include "tools/report/limit_answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "models/metric_kind.hpp"
#include "scenarios/limit.hpp"
#include "tools/report/wording.hpp"

namespace tools::report {

namespace {

using Json = nlohmann::ordered_json;
using scenarios::Capacity;
using scenarios::JudgedPoint;

// "latency.p99", or where there are several classes "latency.p99 of web".
std::string metric_words(const JudgedPoint& judged) {
  std::string_view metric = judged.decisive.metric->name;
  if (const auto absolute = models::relative_of(metric); !absolute.empty()) metric = absolute;
  for (const models::TimeShares& one : judged.point->time) {
    if (!metric.starts_with(one.object + ".")) continue;
    const std::string_view own = metric.substr(one.object.size() + 1);
    return judged.point->time.size() > 1 ? fmt::format("{} of {}", own, class_name(one.object))
                                         : std::string{own};
  }
  return std::string{metric};
}

std::string value_words(const JudgedPoint& judged) {
  const scenarios::MetricEstimate& metric = *judged.decisive.metric;
  const bool relative = !models::relative_of(metric.name).empty();
  const bool factor = relative && judged.decisive.limit->bound > 1.0;
  const std::string out = with_interval(metric.estimate, judged.point->replications,
                                        factor ? "factor" : models::unit_of(metric.name));
  if (factor) return out + " times the baseline";
  return relative ? out + " of the baseline" : out;
}

std::string is_words(const JudgedPoint& judged) {
  return fmt::format("{} is {}", metric_words(judged), value_words(judged));
}

std::string at_words(const JudgedPoint& judged) {
  return fmt::format("at {}, {}", text(*judged.value), is_words(judged));
}

// "16 guest VMs fit", "kept up to vm.guest.vcpus = 4".
std::string fit_words(const std::string& key, const scenarios::SweepValue& value) {
  const std::string shown = phrase({{key, value}});
  if (!key.ends_with(".count")) return fmt::format("kept up to {}", shown);
  return fmt::format("{} {}", shown, text(value) == "1" ? "fits" : "fit");
}

// What the replications leave open, and what else a measurement could find.
std::string doubts(const std::string& key, const Capacity& own, std::size_t kept) {
  std::string open;
  for (const std::size_t i : {kept - 1, kept}) {
    if (i >= own.points.size() || own.points[i].decisive.certain()) continue;
    open += fmt::format("{}{}", open.empty() ? "" : " and at ", text(*own.points[i].value));
  }
  std::string out;
  if (!open.empty())
    out = fmt::format("; the limit lies within the interval at {}, more replications would tell",
                      open);
  const std::size_t safe = own.kept(true);
  if (safe >= kept || !own.points.front().decisive.metric->prediction) return out;
  const std::string least =
      safe > 0 ? fit_words(key, *own.points[safe - 1].value)
               : fmt::format("less than {}", phrase({{key, *own.points.front().value}}));
  return out + fmt::format("; on the safe side of prediction intervals: {}", least);
}

std::string followed(const std::string& key, const Capacity& own) {
  const std::size_t kept = own.kept();
  const std::size_t from = own.kept_from();
  const std::size_t all = own.points.size();
  if (kept == 0 && from == all) return fmt::format("not kept; {}", at_words(own.points.front()));
  if (kept == 0)
    return fmt::format("kept from {} on; {}", phrase({{key, *own.points[from].value}}),
                       at_words(own.points[from - 1]));
  std::string out = fit_words(key, *own.points[kept - 1].value);
  if (kept == all && own.too_large) {
    out += fmt::format(", the host is too small for {}; at {}, {}", text(*own.too_large),
                       text(*own.points.back().value), is_words(own.points.back()));
  } else if (kept == all) {
    out += fmt::format(", the most that was tried; there, {}", is_words(own.points.back()));
  } else {
    out += "; " + at_words(own.points[kept]);
  }
  const auto again =
      std::find_if(own.points.begin() + static_cast<std::ptrdiff_t>(kept), own.points.end(),
                   [](const JudgedPoint& point) { return point.kept; });
  if (again != own.points.end()) out += fmt::format("; kept again at {}", text(*again->value));
  return out + doubts(key, own, kept);
}

std::string sentence(const scenarios::Capacities& all, const Capacity& own) {
  if (!all.key.empty()) return followed(all.key, own);
  const JudgedPoint& only = own.points.front();
  return fmt::format("{}; {}", only.kept ? "kept" : "not kept", is_words(only));
}

Json value_json(const scenarios::SweepValue& value) {
  return std::visit([](const auto& v) { return Json(v); }, value);
}

Json point_json(const JudgedPoint& judged) {
  const scenarios::MetricEstimate& metric = *judged.decisive.metric;
  Json json{{"value", judged.value ? value_json(*judged.value) : Json(nullptr)},
            {"metric", metric.name},
            {"estimate", metric.estimate.value},
            {"ci", {metric.estimate.lo, metric.estimate.hi}}};
  if (metric.prediction) json["pi"] = {metric.prediction->lo, metric.prediction->hi};
  json["kept"] = judged.kept;
  json["certain"] = judged.decisive.certain();
  return json;
}

Json capacity_json(const Capacity& own) {
  Json at = Json::object();
  for (const auto& [key, value] : own.others) at[key] = value_json(value);
  const auto last = [&](std::size_t kept) {
    const auto* value = kept > 0 && own.points[kept - 1].value ? &own.points[kept - 1] : nullptr;
    return value != nullptr ? value_json(*value->value) : Json(nullptr);
  };
  Json points = Json::array();
  for (const JudgedPoint& judged : own.points) points.push_back(point_json(judged));
  return {{"at", std::move(at)},
          {"kept", last(own.kept())},
          {"safe", last(own.kept(true))},
          {"too_large", own.too_large ? value_json(*own.too_large) : Json(nullptr)},
          {"points", std::move(points)}};
}

}  // namespace

std::string limit_answer(const scenarios::Study& study, const scenarios::StudyResults& results) {
  if (study.limits.empty() || results.points.empty()) return {};
  std::string out;
  for (const scenarios::Limit& limit : study.limits)
    out += fmt::format("{}{}", out.empty() ? "Limit " : " and ", limit.text);
  const scenarios::Capacities all = scenarios::capacities(study, results);
  if (all.list.empty()) return out + ": no point has this metric.\n";
  if (all.list.size() == 1) return fmt::format("{}: {}.\n", out, sentence(all, all.list.front()));
  out += ":\n";
  for (const Capacity& own : all.list)
    out += fmt::format("- {}: {}.\n", phrase(own.others), sentence(all, own));
  return out;
}

Json limit_json(const scenarios::Study& study, const scenarios::StudyResults& results) {
  const scenarios::Capacities all = scenarios::capacities(study, results);
  Json limits = Json::array();
  for (const scenarios::Limit& limit : study.limits) limits.push_back(limit.text);
  Json answers = Json::array();
  for (const Capacity& own : all.list) answers.push_back(capacity_json(own));
  return {{"limits", std::move(limits)}, {"along", all.key}, {"answers", std::move(answers)}};
}

}  // namespace tools::report
