// The architecture's rules as functions of a source tree, so that the rules are tested, too.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace architecture {

// Path in the repository -> text.
using Tree = std::map<std::string, std::string>;

inline Tree read_tree(const std::filesystem::path& root) {
  Tree tree;
  for (const char* folder : {"sim", "models", "scenarios", "validation", "tools", "tests"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator{root / folder}) {
      const auto extension = entry.path().extension();
      if (extension != ".hpp" && extension != ".cpp") continue;
      std::ifstream file{entry.path(), std::ios::binary};
      tree[std::filesystem::relative(entry.path(), root).string()] = {
          std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
    }
  }
  return tree;
}

inline std::string folder(const std::string& path) {
  return path.substr(0, path.find('/'));
}

// "compute" of models/compute/profile.hpp; empty for the composition root and for other layers.
inline std::string leaf(const std::string& path) {
  if (!path.starts_with("models/")) return {};
  const std::size_t slash = path.find('/', 7);
  return slash == std::string::npos ? std::string{} : path.substr(7, slash - 7);
}

inline std::vector<std::string> includes(const std::string& text) {
  static const std::regex line{"(?:^|\n)#include \"([^\"]+)\""};
  std::vector<std::string> all;
  for (auto it = std::sregex_iterator{text.begin(), text.end(), line}; it != std::sregex_iterator{};
       ++it)
    all.push_back((*it)[1]);
  return all;
}

// Layers from the bottom; each may include itself and those below.
inline std::vector<std::string> upward_includes(const Tree& tree) {
  const std::vector<std::string> order{"sim",        "models", "scenarios",
                                       "validation", "tools",  "tests"};
  const auto height = [&](const std::string& path) {
    return std::find(order.begin(), order.end(), folder(path)) - order.begin();
  };
  std::vector<std::string> wrong;
  for (const auto& [path, text] : tree) {
    for (const std::string& other : includes(text)) {
      if (height(other) > height(path)) wrong.push_back(path + " includes " + other);
    }
  }
  return wrong;
}

// Leaves of models/ meet in the composition root; they share topology, causes, and a workload's
// description names the profiles of the leaves that it exercises.
inline std::vector<std::string> includes_between_leaves(const Tree& tree) {
  std::vector<std::string> wrong;
  for (const auto& [path, text] : tree) {
    const std::string own = leaf(path);
    if (own.empty()) continue;
    for (const std::string& other : includes(text)) {
      if (!other.starts_with("models/")) continue;
      const std::string theirs = leaf(other);
      const bool shared = theirs == "topology" || other == "models/cause.hpp" ||
                          (own == "workload" && other.ends_with("profile.hpp"));
      if (theirs != own && !shared) wrong.push_back(path + " includes " + other);
    }
  }
  return wrong;
}

// Below tools, nothing prints, ends the program or reads the environment; sim and models also read
// no file.
inline std::vector<std::string> side_effects(const Tree& tree) {
  static const std::regex always{
      R"(std::c(out|err)\b|\bf?printf\(|fmt::print\(|\bexit\(|\babort\(|\bgetenv\()"};
  static const std::regex files{R"(\b[io]?fstream\b|\bfopen\(|std::filesystem)"};
  std::vector<std::string> wrong;
  for (const auto& [path, text] : tree) {
    const std::string layer = folder(path);
    const bool models = layer == "sim" || layer == "models";
    if (!models && layer != "scenarios" && layer != "validation") continue;
    if (std::regex_search(text, always))
      wrong.push_back(path + " prints, exits or reads the environment");
    if (models && std::regex_search(text, files)) wrong.push_back(path + " reads files");
  }
  return wrong;
}

// A file that grows past these has a second noun in it.
inline constexpr std::ptrdiff_t kHeaderLines = 250;
inline constexpr std::ptrdiff_t kSourceLines = 350;

inline std::vector<std::string> too_long(const Tree& tree) {
  std::vector<std::string> wrong;
  for (const auto& [path, text] : tree) {
    if (folder(path) == "tests") continue;
    const auto lines = std::count(text.begin(), text.end(), '\n');
    if (lines > (path.ends_with(".hpp") ? kHeaderLines : kSourceLines))
      wrong.push_back(path + " has " + std::to_string(lines) + " lines");
  }
  return wrong;
}

// Mutable state that outlives an engine would let simulations meet: static or namespace-scope
// variables that are not constant.
inline std::vector<std::string> mutable_statics(const Tree& tree) {
  static const std::regex variable{
      R"(\n\s*(static|thread_local)\s+(?!const\b|constexpr\b|inline const)[A-Za-z_:<>, ]+\s+\w+\s*(=|\{|;))"};
  std::vector<std::string> wrong;
  for (const auto& [path, text] : tree) {
    const std::string layer = folder(path);
    if (layer != "sim" && layer != "models") continue;
    if (std::regex_search(text, variable)) wrong.push_back(path + " has static mutable state");
  }
  return wrong;
}

// Names that say nothing.
inline std::vector<std::string> empty_names(const Tree& tree) {
  static const std::set<std::string> names{"utils", "util", "common", "manager",
                                           "base",  "misc", "helpers"};
  std::vector<std::string> wrong;
  for (const auto& entry : tree) {
    for (const auto& part : std::filesystem::path{entry.first}) {
      if (names.contains(part.stem().string())) wrong.push_back(entry.first);
    }
  }
  return wrong;
}

}  // namespace architecture
