// Keys of [[host.disk]], [[host.array]], [[host.volume]] and [[vm.disk]].
#pragma once

#include "models/storage_description.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

const Section<models::StorageDescription>& storage_keys();  // of [host]
const Section<models::DiskDescription>& disk_keys();        // of [[vm.disk]]

}  // namespace scenarios
