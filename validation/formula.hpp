// What a recorded formula is at a number: "1/(2n-1)" with n = 4 is 1/7.
//
//   sum = product ((+|-) product)*    product = factor (* factor | / factor | factor)*
//   factor = number | name | ( sum ) | - factor
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "validation/case.hpp"
#include "validation/points.hpp"

namespace validation {

// Nothing for what is no formula, has a name that is not in `numbers`, or is not finite.
std::optional<double> evaluate(std::string_view formula,
                               const std::map<std::string, double>& numbers);

// Gives points that are recorded as formulas the values of those that checks ask for by
// `value = "formulas[1]"`, at the numbers that they give. Throws scenarios::ScenarioError.
void settle_formulas(std::vector<Point>& points, const std::vector<Case>& cases);

}  // namespace validation
