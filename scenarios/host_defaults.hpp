// What a host has of which its description says nothing, as if it were written there: links between
// the nodes of a socket (`node_link`), the latency of a link of its kind, threads that share an L2,
// and uncertainty/unstated.toml, with how far machines differ in it. What CPUs of a generation have
// (`cpu`, presets in cpus/) is in place by then (expand.hpp).
#pragma once

#include <string>
#include <vector>

#include "scenarios/node.hpp"

namespace scenarios {

// Of a [host] whose presets are in place.
void fill_host(Node& host);

// That nothing says what its cores are like, once in `notes`. Of an expanded host.
void note_cores(const Node& host, std::vector<std::string>& notes);

}  // namespace scenarios
