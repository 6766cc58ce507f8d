#include "scenarios/cpuset.hpp"

#include <fmt/format.h>

#include <charconv>
#include <set>

namespace scenarios {
namespace {

constexpr int kMost = 8191;  // as many CPUs as a host may have

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0 || value > kMost)
    return {};
  return value;
}

std::string_view trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(' ');
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(' ') + 1 - from);
}

}  // namespace

std::optional<std::vector<int>> parse_cpuset(std::string_view text) {
  std::set<int> members;
  while (!text.empty()) {
    const auto comma = text.find(',');
    std::string_view part = trimmed(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    const bool without = part.starts_with('^');
    if (without) part.remove_prefix(1);
    const auto dash = part.find('-');
    const auto first = number(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : number(part.substr(dash + 1));
    if (!first || !last || *last < *first) return {};
    for (int member = *first; member <= *last; ++member) {
      if (without) {
        members.erase(member);
      } else {
        members.insert(member);
      }
    }
  }
  if (members.empty()) return {};
  return std::vector<int>{members.begin(), members.end()};
}

std::string format_cpuset(const std::vector<int>& members) {
  std::string text;
  for (std::size_t i = 0; i < members.size();) {
    std::size_t last = i;
    while (last + 1 < members.size() && members[last + 1] == members[last] + 1) ++last;
    if (!text.empty()) text += ",";
    text +=
        last == i ? fmt::format("{}", members[i]) : fmt::format("{}-{}", members[i], members[last]);
    i = last + 1;
  }
  return text;
}

}  // namespace scenarios
