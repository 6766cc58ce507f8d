#include "tools/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace tools {

namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::size_t output_columns() {
  const std::string_view given = environment("COLUMNS");
  std::size_t columns = 0;
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), columns);
  if (error == std::errc{} && end == given.data() + given.size() && columns > 0) return columns;
  winsize size{};
  if (isatty(STDOUT_FILENO) != 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return size.ws_col;
  return std::numeric_limits<std::size_t>::max();
}

std::string duration(double s) {
  if (s < 90.0) return fmt::format("{:.0f} s", s);
  if (s < 90.0 * 60.0) return fmt::format("{:.0f} min", s / 60.0);
  return fmt::format("{:.1f} h", s / 3600.0);
}

}  // namespace

report::Layout output_layout() {
  const bool colours = isatty(STDOUT_FILENO) != 0 && environment("NO_COLOR").empty() &&
                       environment("TERM") != "dumb";
  return {output_columns(), colours};
}

std::string bar(std::size_t done, std::size_t total, double elapsed_s) {
  constexpr std::size_t kLength = 24;
  const std::size_t full = total > 0 ? kLength * done / total : kLength;
  std::string line =
      fmt::format("[{:#<{}}{:.<{}}]  {}/{}", "", full, "", kLength - full, done, total);
  if (done > 0 && done < total)
    line += fmt::format("  {} left", duration(elapsed_s * static_cast<double>(total - done) /
                                              static_cast<double>(done)));
  return line;
}

ProgressBar::ProgressBar(bool wanted) : on_{wanted && isatty(STDERR_FILENO) != 0} {}

ProgressBar::~ProgressBar() {
  clear();
}

void ProgressBar::show(std::size_t done, std::size_t total) {
  const auto now = Clock::now();
  if (!on_ || (drawn_ && now - last_ < std::chrono::milliseconds{100} && done < total)) return;
  last_ = now;
  drawn_ = true;
  const double elapsed_s = std::chrono::duration<double>(now - start_).count();
  fmt::print(stderr, "\r\x1b[K{}", bar(done, total, elapsed_s));
}

void ProgressBar::clear() {
  if (drawn_) fmt::print(stderr, "\r\x1b[K");
  drawn_ = false;
}

}  // namespace tools
