#include "scenarios/limit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "models/metric_kind.hpp"
#include "scenarios/quantity.hpp"
#include "scenarios/report.hpp"
#include "scenarios/section.hpp"

namespace scenarios {
namespace {

constexpr std::string_view kForm =
    "a metric, <= or >=, and a value, as in \"latency.p99 <= 2 x baseline\", \"throughput >= 90 % "
    "of baseline\" or \"latency.p99 <= 5 ms\"";

std::string_view trimmed(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") + 1 - from);
}

bool take_end(std::string_view& text, std::string_view word) {
  if (!text.ends_with(word)) return false;
  text = trimmed(text.substr(0, text.size() - word.size()));
  return true;
}

// "2 x baseline", "90 % of the baseline": what stands before those words.
bool take_baseline(std::string_view& text) {
  if (!take_end(text, "baseline")) return false;
  take_end(text, "the");
  for (const std::string_view word : {"of", "times", "x", "×", "*"})
    if (take_end(text, word)) break;
  return true;
}

// "0.9", "90 %", and of rates and counts "100/s".
std::optional<double> plain_number(std::string_view text, std::string_view unit) {
  const bool percent = unit == "1" && take_end(text, "%");
  if (unit == "1/s") take_end(text, "/s");
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return {};
  return percent ? value / 100.0 : value;
}

Parsed parse_bound(std::string_view text, std::string_view unit) {
  constexpr std::array<std::pair<std::string_view, Unit>, 4> kUnits{
      {{"s", Unit::time}, {"B", Unit::size}, {"B/s", Unit::rate}, {"Hz", Unit::frequency}}};
  for (const auto& [name, known] : kUnits) {
    if (name != unit) continue;
    Parsed parsed = parse_quantity(known, text);
    // Times are read in picoseconds, metrics are in seconds.
    if (parsed.value && known == Unit::time) *parsed.value *= 1e-12;
    if (!parsed.value) parsed.problem = fmt::format("{}: {}", example(known), parsed.problem);
    return parsed;
  }
  const auto value = plain_number(text, unit);
  if (value) return {value, {}};
  return {{}, unit == "1" ? "a number or a share such as \"90 %\"" : "a number"};
}

// "latency.p99" is of any VM class.
std::string_view unit_of(std::string_view metric) {
  const models::MetricKind* kind = models::kind_of(metric);
  if (kind == nullptr) kind = models::kind_of(fmt::format("vm.any.{}", metric));
  return kind != nullptr ? kind->unit : "1";
}

// One of no VM class has a baseline only where a point is it.
bool of_a_class(std::string_view metric) {
  return metric.starts_with("vm.") || (models::kind_of(metric) == nullptr && is_metric(metric));
}

void read_limit(const Node& node, const std::vector<std::string_view>& names, Study& study,
                Problems& problems) {
  constexpr std::string_view kPath = "report.limit";
  if (node.text() == nullptr) return expect(problems, node, std::string{kPath}, kForm);
  const std::string_view text = *node.text();
  const std::size_t sign = text.find_first_of("<>");
  if (sign == std::string_view::npos || !text.substr(sign + 1).starts_with("="))
    return expect(problems, node, std::string{kPath}, kForm);
  const std::string_view metric = trimmed(text.substr(0, sign));
  if (!is_metric(metric))
    return problems.add(node.at, fmt::format("{}: \"{}\": no metric \"{}\"{}; `tenancy keys "
                                             "--metrics` lists them",
                                             kPath, text, metric, nearest_metric(metric)));
  if (const std::string wrong = no_such_vm(metric, names); !wrong.empty())
    return problems.add(node.at, fmt::format("{}: \"{}\": {}", kPath, text, wrong));
  std::string_view rest = trimmed(text.substr(sign + 2));
  const bool relative = take_baseline(rest);
  if (relative && rest.empty()) rest = "1";
  const Parsed bound = parse_bound(rest, relative ? "1" : unit_of(metric));
  if (!bound.value)
    return problems.add(
        node.at, fmt::format("{}: \"{}\": got \"{}\", need {}", kPath, text, rest, bound.problem));
  Limit limit{std::string{text}, std::string{metric}, text[sign] == '<', *bound.value};
  if (relative) limit.metric += ".relative";
  const std::string_view absolute = models::relative_of(limit.metric);
  if (!absolute.empty()) {
    if (!of_a_class(absolute) && study.baseline.empty())
      return problems.add(node.at, fmt::format("{}: \"{}\": only VM classes have a baseline here; "
                                               "needs report.baseline = {{...}}, a point of the "
                                               "sweep",
                                               kPath, text));
    study.relative.emplace_back(absolute);
  }
  study.limits.push_back(std::move(limit));
}

// Of quantities, in their base unit.
std::optional<double> number_of(const SweepValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  if (const auto* real = std::get_if<double>(&value)) return *real;
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return {};
  for (const Unit unit : {Unit::time, Unit::size, Unit::wire_rate, Unit::rate, Unit::channel_rate,
                          Unit::frequency, Unit::cycles, Unit::instructions}) {
    if (const Parsed parsed = parse_quantity(unit, *text); parsed.value) return parsed.value;
  }
  return {};
}

const SweepValue* value_at(const Coordinates& at, std::string_view key) {
  const auto found =
      std::find_if(at.begin(), at.end(), [&](const auto& one) { return one.first == key; });
  return found != at.end() ? &found->second : nullptr;
}

std::string followed_key(const Study& study) {
  std::string first;
  for (const auto& [key, value] : study.points.front().at) {
    const bool numbers =
        std::all_of(study.points.begin(), study.points.end(), [&, k = key](const Point& point) {
          const SweepValue* own = value_at(point.at, k);
          return own != nullptr && number_of(*own);
        });
    if (!numbers) continue;
    if (key.ends_with(".count")) return key;
    if (first.empty()) first = key;
  }
  return first;
}

// Keys whose value is another at each value of the one that is followed, and the same wherever that
// is: they are swept together with it.
std::vector<std::string> along(const Study& study, const std::string& followed) {
  std::vector<std::string> keys;
  if (followed.empty()) return keys;
  for (const auto& [key, first] : study.points.front().at) {
    std::map<SweepValue, std::set<SweepValue>> of_followed, of_own;
    for (const Point& point : study.points) {
      const SweepValue *value = value_at(point.at, followed), *own = value_at(point.at, key);
      if (value == nullptr || own == nullptr) continue;
      of_followed[*value].insert(*own);
      of_own[*own].insert(*value);
    }
    const bool follows = std::all_of(of_followed.begin(), of_followed.end(),
                                     [](const auto& one) { return one.second.size() == 1; });
    if (key == followed || (follows && of_own.size() > 1)) keys.push_back(key);
  }
  return keys;
}

// Above 1: over the bound, by that factor.
double excess(const Judged& judged) {
  const double value = judged.metric->estimate.value;
  const double bound = judged.limit->bound;
  if (value == bound) return 1.0;
  const double over = judged.limit->at_most ? value : bound;
  const double under = judged.limit->at_most ? bound : value;
  return under > 0.0 ? over / under : std::numeric_limits<double>::infinity();
}

bool means(const Limit& limit, const PointResults& point, std::string_view metric) {
  if (metric == limit.metric) return true;
  return std::any_of(point.time.begin(), point.time.end(), [&](const models::TimeShares& one) {
    return metric == one.object + "." + limit.metric;
  });
}

std::optional<JudgedPoint> judged(const Study& study, const PointResults& point) {
  std::optional<JudgedPoint> found;
  for (const Limit& limit : study.limits) {
    for (const MetricEstimate& metric : point.metrics) {
      if (!means(limit, point, metric.name)) continue;
      const Judged one{&limit, &metric};
      if (!found) found = JudgedPoint{&point, {}, one};
      found->kept = found->kept && one.kept();
      found->safe = found->safe && one.safe();
      const bool breaks = !one.kept() && found->decisive.kept();
      const bool alike = one.kept() == found->decisive.kept();
      if (breaks || (alike && excess(one) > excess(found->decisive))) found->decisive = one;
    }
  }
  return found;
}

}  // namespace

bool Judged::inside(double value) const {
  return limit->at_most ? value <= limit->bound : value >= limit->bound;
}

bool Judged::certain() const {
  return inside(metric->estimate.lo) == inside(metric->estimate.hi);
}

bool Judged::safe() const {
  const Estimate& range = metric->prediction ? *metric->prediction : metric->estimate;
  return inside(range.lo) && inside(range.hi);
}

std::size_t Capacity::kept(bool safely) const {
  const auto broken = std::find_if(points.begin(), points.end(), [&](const JudgedPoint& point) {
    return safely ? !point.safe : !point.kept;
  });
  return static_cast<std::size_t>(broken - points.begin());
}

std::size_t Capacity::kept_from() const {
  std::size_t from = points.size();
  while (from > 0 && points[from - 1].kept) --from;
  return from;
}

void read_limits(const Node& node, const std::vector<std::string_view>& names, Study& study,
                 Problems& problems) {
  if (node.array() == nullptr) return read_limit(node, names, study, problems);
  for (const Node& one : *node.array()) read_limit(one, names, study, problems);
}

Capacities capacities(const Study& study, const StudyResults& results) {
  Capacities all{followed_key(study), {}};
  const std::vector<std::string> together = along(study, all.key);
  std::map<Coordinates, std::size_t> known;  // where in the list
  const auto apart = [&](Coordinates at) {
    std::erase_if(at, [&](const auto& coordinate) {
      return std::find(together.begin(), together.end(), coordinate.first) != together.end();
    });
    return at;
  };
  for (const PointResults& point : results.points) {
    std::optional<JudgedPoint> one = judged(study, point);
    if (!one) continue;
    if (const SweepValue* value = value_at(point.at, all.key)) one->value = *value;
    Coordinates others = apart(point.at);
    const auto [place, added] = known.emplace(others, all.list.size());
    if (added) all.list.push_back({std::move(others), {}});
    all.list[place->second].points.push_back(std::move(*one));
  }
  for (const LeftOut& left : study.left_out) {
    const SweepValue* value = value_at(left.at, all.key);
    const auto place = known.find(apart(left.at));
    if (value == nullptr || place == known.end()) continue;
    std::optional<SweepValue>& least = all.list[place->second].too_large;
    if (!least || *number_of(*value) < *number_of(*least)) least = *value;
  }
  for (Capacity& own : all.list) {
    std::stable_sort(own.points.begin(), own.points.end(), [&](const auto& a, const auto& b) {
      return a.value && b.value && *number_of(*a.value) < *number_of(*b.value);
    });
  }
  return all;
}

}  // namespace scenarios
