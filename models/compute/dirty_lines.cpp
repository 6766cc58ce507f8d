#include "models/compute/dirty_lines.hpp"

namespace models::compute {

double dirty_line_s(const topology::Topology& topology, int reader_cpu, int writer_cpu, int home,
                    bool crossing) {
  const topology::Description& d = topology.description();
  const topology::Cpu& reader = topology.cpu(reader_cpu);
  const topology::Cpu& writer = topology.cpu(writer_cpu);
  const double l2_s = sim::seconds(d.l2.latency);
  const double llc_s = topology.llc_latency(reader_cpu).mean_s;
  const double step_s = (llc_s - l2_s) / 2.0;
  const double owner_s = 2.0 * step_s + l2_s;  // from the LLC to the owner and back
  if (reader.llc == writer.llc) return llc_s + owner_s;
  const double memory_s = sim::seconds(d.controller.latency);
  if (topology.memories() == 1) return memory_s;
  const auto extra_s = [&](int node, int memory) {
    return crossing ? topology.route_of_node(node, memory).idle_latency_s - memory_s : 0.0;
  };
  if (d.coherence == topology::Coherence::snoop && reader.node != writer.node)
    return llc_s + owner_s + extra_s(reader.node, writer.node);
  // Memory without CPUs has its directory at the node that it hangs on.
  const int directory = home < topology.nodes() ? home : reader.node;
  // There, to the owner, and from it to the reader, each a half of there and back. Between LLCs of
  // one node it is as far as to memory (core-to-core-latency of EPYC 7003,
  // github.com/nviennot/core-to-core-latency: 100 to 115 ns; 207 to 240 to the other socket).
  if (d.coherence == topology::Coherence::probe_filter || reader.node == writer.node)
    return memory_s + (extra_s(reader.node, home) + extra_s(directory, writer.node) +
                       extra_s(writer.node, reader.node)) /
                          2.0;
  if (home == writer.node) return llc_s + owner_s + extra_s(reader.node, home);
  return memory_s + extra_s(reader.node, home) + extra_s(directory, writer.node) + 2.0 * step_s +
         owner_s;
}

}  // namespace models::compute
