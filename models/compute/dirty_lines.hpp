// How long a load takes whose line another core has modified.
//
//   same LLC     LLC + to the owner and back + its L2: the LLC knows who has the line, and the
//                owner answers by it
//   other node, by how the host's caches are kept coherent (topology::Coherence)
//     snoop             as above, and across the link and back, wherever the line's home is
//     memory directory  home there: as above, and across the link and back
//                       home here: a read of the directory in memory, the link, from there to the
//                       slice of the LLC and back, the owner
//     probe filter      as far as memory, by way of the home to the owner and back
//   one bus      the owner writes back and memory answers: memory's latency
//
// `step` is half of what the LLC takes beyond L2: the way from a core to the LLC or back.
//
// Models  inclusive or directory LLCs, nodes that are asked at once or by a directory.
// Omits   what the snoops of all nodes take of links, several readers of a line.
// Source  Intel Xeon uncore manuals (home agent, directory) [recall]; latencies of the host preset.
//         Two E5-2630 v4 ask at once: Memory Latency Checker finds 102 and 103 ns, whoever's the
//         home is.
//         That the owner answers by the LLC: Sandy Bridge's 60 cycles for a dirty hit in another
//         core, of 28.5 for the LLC and 12 for L2 (Optimization Reference Manual): 28.5 + 16.5 + 12
//         = 57; Haswell-EP's 49 of 21.2 and 4.8 ns (Molka et al., ICPP 2015) [recall]: 21.2 + 16.4
//         + 4.8 = 42.4.
// Checked tests/models/compute/dirty_lines_test.cpp; validation case c2c-skylake.
#pragma once

#include "models/topology/topology.hpp"

namespace models::compute {

// `home` is the memory that the line belongs to. Without `crossing`, links take no time.
double dirty_line_s(const topology::Topology& topology, int reader_cpu, int writer_cpu, int home,
                    bool crossing = true);

}  // namespace models::compute
