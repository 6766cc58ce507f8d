#include "scenarios/expand.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "scenarios/host_defaults.hpp"
#include "scenarios/key_path.hpp"
#include "scenarios/library.hpp"
#include "scenarios/uncertain.hpp"

namespace scenarios {
namespace {

constexpr int kDeepest = 8;  // presets that use presets; deeper is a circle

std::optional<Node> load(const std::string& name, std::string_view table, const Location& at,
                         const std::string& path, Problems& problems) {
  const std::string kind = std::string{table} + "s";
  Node own;  // of a file
  const Node* from = nullptr;
  if (name.ends_with(".toml") || name.find('/') != std::string::npos) {
    const auto folder = std::filesystem::path{*at.file}.parent_path();
    const std::string file = (folder / name).string();
    const auto text = file_text(file);
    if (!text) {
      problems.add(at, fmt::format("{}: cannot read the preset file {}", path, file));
      return {};
    }
    own = parse_toml(*text, file);
    from = &own;
  } else {
    const Preset* preset = find_preset(kind, name);
    if (preset == nullptr) {
      std::vector<std::string_view> names;
      for (const Preset& other : embedded_presets()) {
        if (other.kind == kind) names.push_back(other.name);
      }
      problems.add(at,
                   fmt::format("{}: no preset \"{}\"{}; `tenancy list {}` shows them, a path must "
                               "end in .toml",
                               path, name, did_you_mean(name, names), kind));
      return {};
    }
    from = &document(*preset);
  }
  const Entry* found = find(*from, table);
  if (found == nullptr || found->value.table() == nullptr) {
    problems.add(at, fmt::format("{}: the preset \"{}\" has no [{}] table", path, name, table));
    return {};
  }
  return found->value;
}

std::optional<std::int64_t> whole_number(const Node& table, std::string_view key) {
  const Entry* found = find(table, key);
  if (found == nullptr) return {};
  const auto* value = std::get_if<std::int64_t>(&found->value.value);
  return value != nullptr ? std::optional{*value} : std::nullopt;
}

// A preset's links to sockets that `over` leaves empty are not there, either.
void empty_sockets(Node& base, const Node& over) {
  const auto sockets = whole_number(over, "sockets");
  Entry* links = find(base, "link");
  if (!sockets || links == nullptr || links->value.array() == nullptr) return;
  const auto each = whole_number(over, "nodes_per_socket")
                        .value_or(whole_number(base, "nodes_per_socket").value_or(1));
  std::erase_if(std::get<Node::Array>(links->value.value), [&](const Node& link) {
    const auto end = [&](std::string_view key) { return whole_number(link, key).value_or(0); };
    return std::max(end("from"), end("to")) >= *sockets * each;
  });
}

// Who describes storage describes all of it: a preset's array would lie on disks that are gone.
void own_storage(Node& base, const Node& over) {
  const auto storage = [](const Entry& entry) {
    return entry.key == "disk" || entry.key == "array" || entry.key == "volume";
  };
  const Node::Table& own = *over.table();
  if (std::none_of(own.begin(), own.end(), storage)) return;
  std::erase_if(*base.table(), storage);
}

void expand_to(Node& node, std::string_view table, int depth, Problems& problems);

// `cpu = "…"`: what CPUs of that generation have, beneath what the table itself says.
void put_cpu_beneath(Node& host, int depth, Problems& problems) {
  const Entry* cpu = find(host, "cpu");
  if (cpu == nullptr) return;
  if (cpu->value.text() == nullptr)
    return expect(problems, cpu->value, "host.cpu", "a preset's name");
  auto base = load(*cpu->value.text(), "cpu", cpu->value.at, "host.cpu", problems);
  if (!base) return;
  expand_to(*base, "cpu", depth - 1, problems);
  if (find(*base, "uncertain") == nullptr) {
    const Node& generation = document(*find_preset("uncertainty", "generation"));
    base->table()->push_back(*find(find(generation, "cpu")->value, "uncertain"));
  }
  std::erase_if(*base->table(),
                [](const Entry& entry) { return entry.key == "name" || entry.key == "source"; });
  merge_uncertain(*base, host);
  merge(*base, host);
  base->at = host.at;
  host = std::move(*base);
}

void expand_to(Node& node, std::string_view table, int depth, Problems& problems) {
  if (node.table() == nullptr) return;
  if (table == "host") put_cpu_beneath(node, depth, problems);
  const Entry* use = find(node, "use");
  if (use == nullptr) return;
  const std::string path = fmt::format("{}.use", table);
  if (use->value.text() == nullptr) return expect(problems, use->value, path, "a preset's name");
  if (depth == 0) {
    problems.add(use->key_at, fmt::format("{}: presets use each other in a circle", path));
    std::erase_if(*node.table(), [](const Entry& entry) { return entry.key == "use"; });
    return;
  }
  auto base = load(*use->value.text(), table, use->value.at, path, problems);
  std::erase_if(*node.table(), [](const Entry& entry) { return entry.key == "use"; });
  if (!base) return;
  expand_to(*base, table, depth - 1, problems);
  empty_sockets(*base, node);
  if (table == "host") own_storage(*base, node);
  merge_uncertain(*base, node);
  merge(*base, node);
  base->at = node.at;
  node = std::move(*base);
}

}  // namespace

std::optional<std::string> file_text(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return {};
  if (std::filesystem::is_character_file(path, error)) return {};  // may have no end: /dev/zero
  std::ifstream file{path, std::ios::binary};
  if (!file) return {};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void merge(Node& base, const Node& over) {
  if (base.table() == nullptr || over.table() == nullptr) {
    base = over;
    return;
  }
  for (const Entry& entry : *over.table()) {
    if (Entry* known = find(base, entry.key)) {
      known->key_at = entry.key_at;
      merge(known->value, entry.value);
    } else {
      base.table()->push_back(entry);
    }
  }
}

void expand(Node& node, std::string_view table, Problems& problems) {
  expand_to(node, table, kDeepest, problems);
  if (table == "host") fill_host(node);
}

void expand_devices(Node& host, const std::vector<Assumption>& assumed,
                    std::vector<UncertainParameter>& found, Problems& problems) {
  Entry* disks = find(host, "disk");
  if (disks == nullptr || disks->value.array() == nullptr) return;
  for (Node& disk : std::get<Node::Array>(disks->value.value)) {
    Entry* device = find(disk, "device");
    if (device == nullptr) continue;
    open_table(device->value);
    expand(device->value, "device", problems);
    take_uncertain(device->value, "device", assumed, found, problems);
  }
}

}  // namespace scenarios
