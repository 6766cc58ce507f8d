// How long a load takes whose line another core has modified.
//
//   same LLC     LLC + on to the owner + its L2: the LLC knows who has the line
//   other node   the line's home asks the owner, which answers the reader
//     home there   as above, and across the link and back
//     home here    the home's directory is in memory: a read of it, the link, the owner
//   one bus      the owner writes back and memory answers: memory's latency
//
// `step` is half of what the LLC takes beyond L2: the way from a core to the LLC or back.
//
// Models  directories in memory and inclusive or directory LLCs, as Intel's servers since Haswell.
// Omits   snoops of all nodes (older hosts: less with the home here), several readers of a line.
// Source  Intel Xeon uncore manuals (home agent, directory) [recall]; latencies of the host preset.
// Checked tests/models/compute/dirty_lines_test.cpp; validation case c2c-skylake.
#pragma once

#include "models/topology/topology.hpp"

namespace models::compute {

// `home` is the memory that the line belongs to. Without `crossing`, links take no time.
double dirty_line_s(const topology::Topology& topology, int reader_cpu, int writer_cpu, int home,
                    bool crossing = true);

}  // namespace models::compute
