// Keys of a disk's image, its I/O limits, and the page caches and file systems around it.
#pragma once

#include "models/storage/cache/description.hpp"
#include "models/storage/file_system.hpp"
#include "models/storage/image/description.hpp"
#include "models/storage/throttle.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

const Section<models::storage::image::Description>& image_keys();
const Section<models::storage::throttle::Description>& throttle_keys();  // libvirt's <iotune>
const Section<models::storage::cache::Description>& page_cache_keys();
const Section<models::storage::file_system::Description>& file_system_keys();

}  // namespace scenarios
