// A value typed on the command line as a TOML value, so that strings need no second quotes.
#pragma once

#include <string>
#include <string_view>

namespace tools {

std::string trimmed(std::string_view text);

// A TOML basic string.
std::string toml_string(std::string_view text);

// Numbers, booleans, arrays, tables and quoted strings as they are; all else as a string:
// `32` stays, `core` is "core" and `4 GiB` is "4 GiB".
std::string toml_value(std::string_view text);

}  // namespace tools
