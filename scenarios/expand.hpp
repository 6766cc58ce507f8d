// Presets into documents: `use = "name"` becomes the preset's keys, overridden by one's own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scenarios/node.hpp"
#include "scenarios/scenario.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

// Keys of `over` win over those of `base`, table by table; arrays and values replace whole.
void merge(Node& base, const Node& over);

// Resolves `use` in `table` ("host", "vmm", "workload"; presets of the plural kind) in place.
// A preset name, or a path ending in .toml relative to the file that says it. `cpu` of a host is
// resolved with it. A host that describes
// disks, arrays or volumes has those only; what else a host leaves out is filled in
// (host_defaults.hpp).
void expand(Node& node, std::string_view table, Problems& problems);

// `device = "…"` of each [[host.disk]] is a preset's name, or a table with `use`; what those are
// unsure of ("device.…", of all disks of a preset alike) is added to `found` (uncertain.hpp).
void expand_devices(Node& host, const std::vector<Assumption>& assumed,
                    std::vector<UncertainParameter>& found, Problems& problems);

// Text of a file, or nothing when it cannot be read.
std::optional<std::string> file_text(const std::string& path);

}  // namespace scenarios
