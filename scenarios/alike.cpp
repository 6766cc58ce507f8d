#include "scenarios/alike.hpp"

#include <utility>

namespace scenarios {

std::string without_digits(std::string text) {
  std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
  return text;
}

void Alike::add(const std::string& text, std::size_t point) {
  same = same && first == text;
  ++times;
  if (std::exchange(last, point) != point) ++points;
}

}  // namespace scenarios
