// Keys of [host].
#pragma once

#include "models/host_description.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

const Section<models::HostDescription>& host_keys();

}  // namespace scenarios
