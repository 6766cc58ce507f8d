// Where a point's VM class is in its study.
#pragma once

#include <string_view>

#include "models/host.hpp"
#include "scenarios/run.hpp"
#include "scenarios/scenario.hpp"

namespace tools::report {

// A VM class of a scenario, and the host that it runs on; null where it is not there.
struct Placed {
  const models::HostDescription* host = nullptr;
  const models::VmDescription* vm = nullptr;
};
Placed placed(const models::HostDescription& host, std::string_view name);

// The one that the results are of; null: none.
const scenarios::Point* point_of(const scenarios::Study& study,
                                 const scenarios::PointResults& results);
// What a study's point is relative to, itself where that is not another point.
const scenarios::Point& base_of(const scenarios::Study& study, const scenarios::Point& point);

}  // namespace tools::report
