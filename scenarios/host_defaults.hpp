// What a host has of which its description says nothing, as if it were written there.
//
//   cpu = "zen3"        what CPUs of that generation have: presets in cpus/, beneath the host's
//   keys node_link = {...}   a link between each two nodes of a socket link.kind           the
//   latency of such a link l2.shared_by        the threads of a core uncertainty/unstated.toml the
//   rest, with how far machines differ in it
#pragma once

#include <string>
#include <vector>

#include "scenarios/node.hpp"
#include "scenarios/problems.hpp"

namespace scenarios {

// Of a [host] whose presets are in place.
void fill_host(Node& host, Problems& problems);

// That nothing says what its cores are like, once in `notes`. Of the host as it was written.
void note_cores(const Node& host, std::vector<std::string>& notes);

}  // namespace scenarios
