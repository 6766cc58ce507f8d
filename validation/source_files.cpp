#include "validation/source_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sim/error.hpp"

namespace validation {

namespace {

TextFile read(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  TextFile file{path.string(), {std::istreambuf_iterator<char>{in}, {}}};
  if (!in.is_open() || in.bad())
    throw sim::ConfigError{fmt::format("{}: cannot be read", path.string())};
  return file;
}

}  // namespace

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
