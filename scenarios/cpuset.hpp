// CPU and node sets in libvirt's syntax: "1-4,^3,6".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scenarios {

// Ascending members; nothing for text that is no set, is empty, or names a CPU above 8191.
std::optional<std::vector<int>> parse_cpuset(std::string_view text);
std::string format_cpuset(const std::vector<int>& members);  // members ascending

}  // namespace scenarios
