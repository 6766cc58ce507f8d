// What standard output and standard error are connected to, and the progress bar.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "tools/report/study_table.hpp"

namespace tools {

// Width from COLUMNS, or of the terminal; unlimited into a file. Colours on a terminal only, and
// none with NO_COLOR set (https://no-color.org) or TERM=dumb.
report::Layout output_layout();

// "[########............]  12/40  3 s left"
std::string bar(std::size_t done, std::size_t total, double elapsed_s);

// Draws the bar on standard error at most ten times a second, if that is a terminal.
class ProgressBar {
 public:
  explicit ProgressBar(bool wanted);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(std::size_t done, std::size_t total);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  bool on_;
  bool drawn_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_ = start_;
};

}  // namespace tools
