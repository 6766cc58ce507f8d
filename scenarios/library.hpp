// The library of presets that comes with the program, and presets of the user's own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace scenarios {

struct Preset {
  std::string_view kind;  // "hosts", "cpus", "vmms", "workloads", "devices", "studies"
  std::string_view name;  // file name without .toml
  std::string_view text;
};

// Embedded at build time from scenarios/<kind>/*.toml, in order of name.
const std::vector<Preset>& embedded_presets();
const Preset* find_preset(std::string_view kind, std::string_view name);

struct Node;
// An embedded preset's document, a constant that is made when first asked for, by any thread.
const Node& document(const Preset& preset);

struct PresetInfo {
  std::string name;
  std::string title;   // a study's title, another preset's name key
  std::string source;  // where its figures come from
};
// For `tenancy list`. An unknown kind gives nothing.
std::vector<PresetInfo> list_presets(std::string_view kind);

}  // namespace scenarios
