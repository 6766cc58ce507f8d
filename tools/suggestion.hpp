// "did you mean": the nearest of some names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tools {

// ", did you mean \"run\"?" when a name is near enough to be a typo of it, else empty.
std::string suggestion(std::string_view given, const std::vector<std::string>& names);

}  // namespace tools
