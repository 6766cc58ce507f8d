// Which check predicts which recorded value: the joint of data and cases, before anything runs.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "validation/case.hpp"
#include "validation/points.hpp"

namespace validation {

struct Source {
  std::size_t of_case = 0;  // index into the cases
  const Check* check = nullptr;
};

// By point id, one source per recorded value, all filled: the points that are covered.
using Plan = std::map<std::string, std::vector<Source>>;

// `cases` must outlive the plan. Throws scenarios::ScenarioError, each mistake at its check: a
// point that is not in the data (unless tolerated), a value that the point does not have, a value
// predicted twice, a point of which only some values are predicted.
Plan make_plan(const std::vector<Point>& points, const std::vector<Case>& cases,
               bool tolerate_unknown);

}  // namespace validation
