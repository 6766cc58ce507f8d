// Where measurements and cases come from: the program itself, or folders of the user's.
#pragma once

#include <string>
#include <vector>

namespace validation {

struct TextFile {
  std::string name;  // for messages: path, or "validation/data/seeds.toml" when embedded
  std::string text;
};

// validation/data and validation/cases as they were at build time, in order of name.
const std::vector<TextFile>& embedded_data();
const std::vector<TextFile>& embedded_cases();

// The *.toml files of one folder, in order of name. Throws sim::ConfigError when the folder or a
// file cannot be read, or when it holds no such file.
std::vector<TextFile> read_folder(const std::string& path);

}  // namespace validation
