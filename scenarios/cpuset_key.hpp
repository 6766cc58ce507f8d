// Keys whose value is a set in libvirt's syntax, or a word for none.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "scenarios/cpuset.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

// `none`: the word for an empty set. `valid`: what else a set must be; `need` says it.
template <class T>
Field<T> cpuset(std::string_view name, std::vector<int> T::*member, std::string_view none,
                std::string_view need, std::string_view meaning,
                bool (*valid)(const std::vector<int>&) = nullptr) {
  return {
      name,
      fmt::format("\"{}\", or {}", none, need),
      meaning,
      [=](T& object, const Node& node, const std::string& path, Problems& problems) {
        (object.*member).clear();
        if (node.text() != nullptr && *node.text() == none) return;
        const auto set = node.text() != nullptr ? parse_cpuset(*node.text()) : std::nullopt;
        if (!set || (valid != nullptr && !valid(*set)))
          return expect(problems, node, path, fmt::format("\"{}\", or {}", none, need));
        object.*member = *set;
      },
      [=](const T& object) {
        return Json((object.*member).empty() ? std::string{none} : format_cpuset(object.*member));
      },
      {}};
}

}  // namespace scenarios
