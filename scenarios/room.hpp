// Points of a sweep that their host is too small for.
//
// "How many fit?" is asked by sweeping beyond what fits: such points are left out, and said so, as
// long as there are others. Where there are none, or what others are compared with is among them,
// it is a mistake.
// Checked tests/scenarios/room_test.cpp.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "scenarios/problems.hpp"
#include "scenarios/scenario.hpp"

namespace scenarios {

// `room` [point]: what of its host is too small. `kept`: of a study that was read before, the
// points that were kept then; under other assumptions it keeps the same ones.
void leave_out(Study& study, const std::vector<Problems>& room,
               const std::optional<std::set<std::size_t>>& kept, Problems& problems);

}  // namespace scenarios
