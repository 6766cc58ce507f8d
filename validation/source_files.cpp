#include "validation/source_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include "sim/error.hpp"

namespace validation {

using EmbeddedFiles = std::vector<std::pair<std::string_view, std::string_view>>;
const EmbeddedFiles& embedded_files();  // made by the build: path in the repository, text

namespace {

std::vector<TextFile> embedded_below(std::string_view folder) {
  std::vector<TextFile> files;
  for (const auto& [path, text] : embedded_files()) {
    if (path.starts_with(folder)) files.push_back({std::string{path}, std::string{text}});
  }
  return files;
}

TextFile read(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  TextFile file{path.string(), {std::istreambuf_iterator<char>{in}, {}}};
  if (!in.is_open() || in.bad())
    throw sim::ConfigError{fmt::format("{}: cannot be read", path.string())};
  return file;
}

}  // namespace

const std::vector<TextFile>& embedded_data() {
  static const std::vector<TextFile> files = embedded_below("validation/data/");
  return files;
}

const std::vector<TextFile>& embedded_cases() {
  static const std::vector<TextFile> files = embedded_below("validation/cases/");
  return files;
}

std::vector<TextFile> read_folder(const std::string& path) {
  std::error_code error;
  std::vector<std::filesystem::path> paths;
  for (auto entry = std::filesystem::directory_iterator{path, error};
       !error && entry != std::filesystem::directory_iterator{}; entry.increment(error)) {
    if (entry->path().extension() == ".toml") paths.push_back(entry->path());
  }
  if (error) throw sim::ConfigError{fmt::format("{}: {}, need a folder", path, error.message())};
  if (paths.empty()) throw sim::ConfigError{fmt::format("{}: no *.toml file in it", path)};
  std::sort(paths.begin(), paths.end());
  std::vector<TextFile> files;
  std::transform(paths.begin(), paths.end(), std::back_inserter(files), read);
  return files;
}

}  // namespace validation
