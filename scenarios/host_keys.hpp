// Keys of [host].
#pragma once

#include "models/topology/description.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

const Section<models::topology::Description>& host_keys();

}  // namespace scenarios
