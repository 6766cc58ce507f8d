// Cases that can be used: one that cannot costs its own points, no other's.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "validation/case.hpp"
#include "validation/plan.hpp"
#include "validation/points.hpp"

namespace validation {

struct SetAside {  // a case that cannot be used
  std::string why;
  std::set<std::string> points;  // that it names
};

struct UsableCases {
  CaseLibrary library;
  Plan plan;                             // into the library
  std::map<std::string, SetAside> rest;  // by file

  // The case that would have predicted this point; nothing when none was set aside for it.
  const std::string* lost(const std::string& point) const;
};

// Reads cases and joins them to the points, which get the values of formulas (formula.hpp). A case
// whose TOML, checks, or numbers of formulas are wrong is set aside. Throws
// scenarios::ScenarioError for an uncovered.toml that cannot be read.
UsableCases usable_cases(const std::vector<TextFile>& files, std::vector<Point>& points,
                         bool tolerate_unknown);

}  // namespace validation
