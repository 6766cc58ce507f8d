// Simultaneous multithreading switched off, as in the firmware's menu (`host.smt = false`).
//
// What caches and dies are shared by is counted in hardware threads, of which a machine with SMT
// off has fewer: `threads_per_core = 1` alone would let more cores share each of them.
// Checked tests/scenarios/smt_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "models/topology/description.hpp"
#include "scenarios/node.hpp"

namespace scenarios {

// If the table of a host's hardware says `smt = false`: cores of one thread each, which share
// caches and dies as before.
void apply_smt(const Node& host, models::topology::Description& hardware);

// Notes a `threads_per_core` that is another than that of the preset whose caches it is said of.
// The table is as it was written, not expanded.
void note_threads(const Node& host, std::vector<std::string>& notes);

}  // namespace scenarios
