// Keys of [[host.array]] and [[host.volume]] that say what an array or a logical volume is; which
// disks it is made of is the host's.
#pragma once

#include "models/storage/raid/description.hpp"
#include "models/storage/volume/volume.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

const Section<models::storage::raid::Description>& array_keys();
const Section<models::storage::volume::Description>& volume_keys();

}  // namespace scenarios
