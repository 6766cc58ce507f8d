#include "tools/output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "sim/error.hpp"

namespace tools {

namespace {

bool directly(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status);
}

}  // namespace

OutputFile::OutputFile(std::string path) : path_{std::move(path)} {
  temporary_ = directly(path_) ? path_ : fmt::format("{}.{}.tmp", path_, getpid());
  file_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file_ < 0)
    throw sim::ConfigError{fmt::format("{}: cannot write: {}", path_, std::strerror(errno))};
}

OutputFile::~OutputFile() {
  if (file_ < 0) return;
  close(file_);
  if (temporary_ != path_) unlink(temporary_.c_str());
}

void OutputFile::commit(std::string_view text) {
  const auto fail = [&] {
    throw std::runtime_error{fmt::format("{}: cannot write: {}", path_, std::strerror(errno))};
  };
  while (!text.empty()) {
    const ssize_t written = write(file_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail();
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (temporary_ != path_ && std::rename(temporary_.c_str(), path_.c_str()) != 0) fail();
  close(std::exchange(file_, -1));
}

}  // namespace tools
