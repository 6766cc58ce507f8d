// Points of a study by what they are at.
#pragma once

#include <cstddef>
#include <set>
#include <string_view>
#include <vector>

#include "scenarios/scenario.hpp"

namespace scenarios {

// The points that have all these values, each as `--at vm.guest.count=24` gives it; a key may be
// the end of a swept one, "count". Throws sim::ConfigError, which says what there is.
std::set<std::size_t> points_at(const Study& study, const std::vector<Override>& at);

// The VM classes of all points, each once; they live as long as the study.
std::vector<std::string_view> vm_names(const Study& study);

// Drops all other points but their baselines; gives what the indices of `points` are then.
std::set<std::size_t> keep_points(Study& study, const std::set<std::size_t>& points);

}  // namespace scenarios
