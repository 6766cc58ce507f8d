// Keys of a workload, a table of its own or [vm.workload].
#pragma once

#include "models/workload/description.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

const Section<models::workload::Description>& workload_keys();

}  // namespace scenarios
