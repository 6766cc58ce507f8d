// Keys of what a core has: caches, translation caches, lines that it waits for, sleep states.
#pragma once

#include "models/topology/description.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

const Section<models::topology::Cache>& cache_keys();
const Section<models::topology::L1>& l1_keys();
const Section<models::topology::Ring>& ring_keys();
const Section<models::topology::LineBuffers>& line_buffer_keys();
const Section<models::topology::Tlb>& tlb_keys();
const Section<models::topology::IdleState>& idle_state_keys();

}  // namespace scenarios
