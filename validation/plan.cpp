#include "validation/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "scenarios/read.hpp"

namespace validation {

namespace {

class Planner {
 public:
  Planner(const std::vector<Point>& all, const std::vector<Case>& cases, bool tolerate_unknown)
      : cases_{cases}, tolerate_unknown_{tolerate_unknown} {
    for (const Point& point : all) points_.emplace(point.id, &point);
  }

  Plan plan() {
    for (std::size_t i = 0; i < cases_.size(); ++i) {
      for (const Check& check : cases_[i].checks) place(i, check);
    }
    for (const auto& [id, sources] : plan_) refuse_gaps(id, sources);
    if (!problems_.empty()) throw scenarios::ScenarioError{std::move(problems_)};
    return std::move(plan_);
  }

 private:
  void place(std::size_t of_case, const Check& check) {
    const auto found = points_.find(check.point);
    if (found == points_.end()) {
      if (!tolerate_unknown_) complain(of_case, check, "no recorded point has this id");
      return;
    }
    const Point& point = *found->second;
    const auto slot = slot_of(point, check.value);
    if (!slot && check.of_table) return;
    if (!slot) {
      complain(of_case, check, need_value(point));
      return;
    }
    std::vector<Source>& sources = plan_[point.id];
    sources.resize(point.values.size());
    if (sources[*slot].check != nullptr)
      complain(of_case, check, "another check predicts the same value");
    sources[*slot] = {of_case, &check};
  }

  static std::optional<std::size_t> slot_of(const Point& point, const std::string& value) {
    if (value.empty()) {
      if (point.values.size() == 1) return 0;
      return std::nullopt;
    }
    for (std::size_t i = 0; i < point.values.size(); ++i) {
      if (point.values[i].name == value) return i;
    }
    return std::nullopt;
  }

  static std::string need_value(const Point& point) {
    std::vector<std::string_view> names;
    for (const RecordedValue& value : point.values) names.push_back(value.name);
    return fmt::format("need `value`, one of {}", fmt::join(names, ", "));
  }

  void refuse_gaps(const std::string& id, const std::vector<Source>& sources) {
    const auto placed = std::find_if(sources.begin(), sources.end(),
                                     [](const Source& s) { return s.check != nullptr; });
    for (std::size_t i = 0; i < sources.size(); ++i) {
      if (sources[i].check == nullptr)
        complain(placed->of_case, *placed->check,
                 fmt::format("no check for {}", points_.at(id)->values[i].name));
    }
  }

  void complain(std::size_t of_case, const Check& check, const std::string& text) {
    problems_.push_back({cases_[of_case].file.name, check.line, check.column,
                         fmt::format("check of {}: {}", check.point, text)});
  }

  const std::vector<Case>& cases_;
  bool tolerate_unknown_;
  std::map<std::string_view, const Point*> points_;
  Plan plan_;
  std::vector<scenarios::Problem> problems_;
};

}  // namespace

Plan make_plan(const std::vector<Point>& points, const std::vector<Case>& cases,
               bool tolerate_unknown) {
  return Planner{points, cases, tolerate_unknown}.plan();
}

}  // namespace validation
