#include "scenarios/library.hpp"

#include <fmt/format.h>

#include "scenarios/node.hpp"

namespace scenarios {
namespace {

std::string text_at(const Node& node, std::string_view table, std::string_view key) {
  const Entry* outer = find(node, table);
  const Entry* inner = outer != nullptr ? find(outer->value, key) : nullptr;
  return inner != nullptr && inner->value.text() != nullptr ? *inner->value.text() : std::string{};
}

}  // namespace

const Preset* find_preset(std::string_view kind, std::string_view name) {
  for (const Preset& preset : embedded_presets()) {
    if (preset.kind == kind && preset.name == name) return &preset;
  }
  return nullptr;
}

std::vector<PresetInfo> list_presets(std::string_view kind) {
  const std::string_view table = kind == "hosts"       ? "host"
                                 : kind == "vmms"      ? "vmm"
                                 : kind == "workloads" ? "workload"
                                                       : "study";
  std::vector<PresetInfo> list;
  for (const Preset& preset : embedded_presets()) {
    if (preset.kind != kind) continue;
    const Node node =
        parse_toml(preset.text, fmt::format("scenarios/{}/{}.toml", kind, preset.name));
    const std::string title = text_at(node, table, table == "study" ? "title" : "name");
    list.push_back({std::string{preset.name}, title, text_at(node, table, "source")});
  }
  return list;
}

}  // namespace scenarios
