// Keys of [device], the table of scenarios/devices/*.toml.
#pragma once

#include "models/storage/device/description.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

const Section<models::storage::device::Description>& device_keys();
// A preset of the library or a path; throws ScenarioError for what is wrong in it.
models::storage::device::Description device_preset(std::string_view name);

}  // namespace scenarios
