// Texts of several points that are alike but for their numbers, so that they can be said once.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

namespace scenarios {

std::string without_digits(std::string text);

// Those with one pattern, points in their order.
struct Alike {
  Alike(std::string text, std::size_t point) : first{std::move(text)}, from{point}, last{point} {}
  void add(const std::string& text, std::size_t point);

  std::string first;
  std::size_t from;  // point that says it first
  std::size_t last;
  std::size_t points = 1;
  std::size_t times = 1;
  bool same = true;  // numbers, too
};

}  // namespace scenarios
