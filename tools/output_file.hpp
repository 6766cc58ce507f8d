// A file that appears whole or not at all: written under another name, then renamed.
#pragma once

#include <string>
#include <string_view>

namespace tools {

class OutputFile {
 public:
  // Fails now, not after a long simulation: throws sim::ConfigError when `path` cannot be
  // written. What is no regular file (/dev/null, a pipe) is written directly.
  explicit OutputFile(std::string path);
  ~OutputFile();  // removes the temporary when nothing was committed
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Throws std::runtime_error when the disk is full or the like.
  void commit(std::string_view text);

 private:
  std::string path_;
  std::string temporary_;  // equal to path_ when written directly
  int file_ = -1;
};

}  // namespace tools
