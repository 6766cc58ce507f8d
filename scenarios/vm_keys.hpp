// Keys of [[vm]].
#pragma once

#include "models/host_description.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

const Section<models::VmDescription>& vm_keys();

}  // namespace scenarios
