#include "scenarios/library.hpp"

#include <fmt/format.h>

#include <mutex>
#include <utility>

#include "scenarios/node.hpp"

namespace scenarios {

using EmbeddedFiles = std::vector<std::pair<std::string_view, std::string_view>>;
const EmbeddedFiles& embedded_files();  // made by the build: path in the repository, text

namespace {

// A constant that is made when it is first asked for.
class Document {
 public:
  const Node& of(const Preset& preset) const {
    std::call_once(parsed_, [&] {
      node_ =
          parse_toml(preset.text, fmt::format("scenarios/{}/{}.toml", preset.kind, preset.name));
    });
    return node_;
  }

 private:
  mutable std::once_flag parsed_;
  mutable Node node_;  // written once, by whoever sets parsed_
};

std::string text_at(const Node& node, std::string_view table, std::string_view key) {
  const Entry* outer = find(node, table);
  const Entry* inner = outer != nullptr ? find(outer->value, key) : nullptr;
  return inner != nullptr && inner->value.text() != nullptr ? *inner->value.text() : std::string{};
}

// "scenarios/hosts/x.toml" is the host x.
Preset preset_of(std::string_view path, std::string_view text) {
  path.remove_prefix(std::string_view{"scenarios/"}.size());
  const std::size_t slash = path.find('/');
  std::string_view name = path.substr(slash + 1);
  name.remove_suffix(std::string_view{".toml"}.size());
  return {path.substr(0, slash), name, text};
}

}  // namespace

const std::vector<Preset>& embedded_presets() {
  static const std::vector<Preset> presets = [] {
    std::vector<Preset> all;
    for (const auto& [path, text] : embedded_files()) all.push_back(preset_of(path, text));
    return all;
  }();
  return presets;
}

const Preset* find_preset(std::string_view kind, std::string_view name) {
  for (const Preset& preset : embedded_presets()) {
    if (preset.kind == kind && preset.name == name) return &preset;
  }
  return nullptr;
}

const Node& document(const Preset& preset) {
  static const std::vector<Document> documents(embedded_presets().size());
  return documents.at(static_cast<std::size_t>(&preset - embedded_presets().data())).of(preset);
}

std::vector<PresetInfo> list_presets(std::string_view kind) {
  const std::string_view table = kind == "hosts"       ? "host"
                                 : kind == "cpus"      ? "cpu"
                                 : kind == "vmms"      ? "vmm"
                                 : kind == "workloads" ? "workload"
                                 : kind == "devices"   ? "device"
                                                       : "study";
  std::vector<PresetInfo> list;
  for (const Preset& preset : embedded_presets()) {
    if (preset.kind != kind) continue;
    const Node& node = document(preset);
    const std::string title = text_at(node, table, table == "study" ? "title" : "name");
    list.push_back({std::string{preset.name}, title, text_at(node, table, "source")});
  }
  return list;
}

}  // namespace scenarios
