// Keys of what KVM does about vCPUs that spin.
#pragma once

#include "models/vmm_description.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

const Section<models::PauseLoop>& pause_loop_keys();

}  // namespace scenarios
