#include "validation/usable.hpp"

#include <algorithm>
#include <iterator>
#include <sstream>
#include <utility>

#include "scenarios/read.hpp"
#include "validation/formula.hpp"

namespace validation {

namespace {

// Of a file that may be no TOML: the lines `point = "..."`.
std::set<std::string> points_named_in(const std::string& text) {
  std::set<std::string> points;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    if (line.substr(0, line.find_first_of(" =")) != "point") continue;
    const std::size_t from = line.find('"');
    const std::size_t to = from == std::string::npos ? from : line.find('"', from + 1);
    if (to != std::string::npos) points.insert(line.substr(from + 1, to - from - 1));
  }
  return points;
}

class Sorter {
 public:
  explicit Sorter(const std::vector<TextFile>& files) {
    for (const TextFile& file : files) read(file);
  }

  // Until what is left fits together; each round that fails sets a case aside.
  UsableCases sort(std::vector<Point>& points, bool tolerate_unknown) {
    for (;;) {
      drop_checks_of_lost_points();
      std::vector<Point> settled = points;
      try {
        settle_formulas(settled, sorted_.library.cases);
        sorted_.plan = make_plan(settled, sorted_.library.cases, tolerate_unknown);
        points = std::move(settled);
        return std::move(sorted_);
      } catch (const scenarios::ScenarioError& error) {
        set_aside(error);
      }
    }
  }

 private:
  void read(const TextFile& file) {
    try {
      CaseLibrary one = read_cases({file});
      std::move(one.cases.begin(), one.cases.end(), std::back_inserter(sorted_.library.cases));
      std::move(one.uncovered.begin(), one.uncovered.end(),
                std::back_inserter(sorted_.library.uncovered));
    } catch (const scenarios::ScenarioError& error) {
      if (is_uncovered_table(file.name)) throw;
      lose(file, error.what());
    }
  }

  void lose(const TextFile& file, const std::string& why) {
    sorted_.rest.emplace(file.name, SetAside{why, points_named_in(file.text)});
  }

  // Another case may have the other half of one.
  void drop_checks_of_lost_points() {
    for (Case& of : sorted_.library.cases) {
      std::erase_if(of.checks,
                    [&](const Check& check) { return sorted_.lost(check.point) != nullptr; });
    }
  }

  void set_aside(const scenarios::ScenarioError& error) {
    std::map<std::string, std::vector<scenarios::Problem>> by_file;
    for (const scenarios::Problem& problem : error.problems())
      by_file[problem.file].push_back(problem);
    std::vector<Case>& cases = sorted_.library.cases;
    for (auto& [name, problems] : by_file) {
      const auto wrong = std::find_if(cases.begin(), cases.end(),
                                      [&](const Case& of) { return of.file.name == name; });
      if (wrong == cases.end()) throw scenarios::ScenarioError{error.problems()};
      const TextFile file = wrong->file;
      cases.erase(wrong);
      lose(file, scenarios::ScenarioError{std::move(problems)}.what());
    }
  }

  UsableCases sorted_;
};

}  // namespace

const std::string* UsableCases::lost(const std::string& point) const {
  const auto found = std::find_if(
      rest.begin(), rest.end(), [&](const auto& one) { return one.second.points.contains(point); });
  return found == rest.end() ? nullptr : &found->first;
}

UsableCases usable_cases(const std::vector<TextFile>& files, std::vector<Point>& points,
                         bool tolerate_unknown) {
  return Sorter{files}.sort(points, tolerate_unknown);
}

}  // namespace validation
