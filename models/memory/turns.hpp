// Which node the next of many like things lies on: nodes take turns by their shares of memory.
// Checked tests/models/memory/turns_test.cpp.
#pragma once

#include <algorithm>
#include <vector>

namespace models::memory {

class Turns {
 public:
  // `shares` adds up to 1.
  int next(const std::vector<double>& shares) {
    due_.resize(shares.size());
    for (std::size_t node = 0; node < shares.size(); ++node) due_[node] += shares[node];
    const auto most = std::max_element(due_.begin(), due_.end());
    *most -= 1.0;
    return static_cast<int>(most - due_.begin());
  }

 private:
  std::vector<double> due_;  // [node]
};

}  // namespace models::memory
