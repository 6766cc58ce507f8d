#include "tools/toml_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace tools {

namespace {

bool is_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.ends_with('.') || text.starts_with('.')) return false;
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error != std::errc::invalid_argument && end == text.data() + text.size();
}

}  // namespace

std::string trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return std::string{text.substr(first, text.find_last_not_of(kSpace) - first + 1)};
}

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string toml_value(std::string_view text) {
  const std::string value = trimmed(text);
  constexpr std::string_view kOpening = "[{\"'";
  const bool structured = !value.empty() && kOpening.find(value.front()) != std::string_view::npos;
  if (structured || value == "true" || value == "false" || is_number(value)) return value;
  return toml_string(value);
}

}  // namespace tools
