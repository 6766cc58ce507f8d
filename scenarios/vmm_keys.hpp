// Keys of [vmm].
#pragma once

#include "models/vmm_description.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

const Section<models::VmmDescription>& vmm_keys();

}  // namespace scenarios
