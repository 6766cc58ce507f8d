// Keys of one value: quantities with units, numbers, texts, words from a list.
#pragma once

#include <limits>
#include <optional>
#include <type_traits>

#include "scenarios/quantity.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

// --- quantities ---

template <class Q>
double to_base(const Q& q) {
  return static_cast<double>(q.count());
}
template <class Q>
Q from_base(double base) {
  return Q{static_cast<typename Q::rep>(base)};
}

inline std::optional<double> read_quantity(Unit unit, const Node& node, const std::string& path,
                                           Problems& problems, bool zero_allowed) {
  if (node.text() == nullptr) {
    expect(problems, node, path, fmt::format("{} (with its unit, in quotes)", example(unit)));
    return {};
  }
  const Parsed parsed = parse_quantity(unit, *node.text());
  if (!parsed.value) {
    expect(problems, node, path, fmt::format("{}: {}", example(unit), parsed.problem));
    return {};
  }
  if (*parsed.value < 0 || (*parsed.value == 0 && !zero_allowed)) {
    expect(problems, node, path, zero_allowed ? "zero or more" : "more than zero");
    return {};
  }
  return parsed.value;
}

enum class Zero { allowed, refused };

template <class T, class Q>
Field<T> quantity(std::string_view name, Unit unit, Q T::*member, std::string_view meaning,
                  Zero zero = Zero::allowed) {
  return {name,
          unit_names(unit),
          meaning,
          [=](T& object, const Node& node, const std::string& path, Problems& problems) {
            const auto value = read_quantity(unit, node, path, problems, zero == Zero::allowed);
            if (value) object.*member = from_base<Q>(*value);
          },
          [=](const T& object) { return Json(format_quantity(unit, to_base(object.*member))); },
          {},
          {},
          [=](const T& object, std::string& into) { add_bytes((object.*member).count(), into); }};
}

// --- numbers, words ---

inline bool read_real(double& target, const Node& node, const std::string& path, Problems& problems,
                      double least, double most) {
  double value = 0;
  if (const auto* real = std::get_if<double>(&node.value)) {
    value = *real;
  } else if (const auto* whole = std::get_if<std::int64_t>(&node.value)) {
    value = static_cast<double>(*whole);
  } else if (node.text() != nullptr && node.text()->ends_with("%")) {
    try {
      value = std::stod(*node.text()) / 100;
    } catch (const std::exception&) {
      expect(problems, node, path, fmt::format("a number from {} to {}", least, most));
      return false;
    }
  } else {
    expect(problems, node, path, fmt::format("a number from {} to {}", least, most));
    return false;
  }
  if (!(value >= least && value <= most)) {
    expect(problems, node, path, fmt::format("a number from {} to {}", least, most));
    return false;
  }
  target = value;
  return true;
}

template <class T>
Field<T> real(std::string_view name, double T::*member, double least, double most,
              std::string_view meaning) {
  return {name,
          fmt::format("number {} to {}", least, most),
          meaning,
          [=](T& object, const Node& node, const std::string& path, Problems& problems) {
            read_real(object.*member, node, path, problems, least, most);
          },
          [=](const T& object) { return Json(object.*member); },
          {},
          {},
          [=](const T& object, std::string& into) { add_bytes(object.*member, into); }};
}

template <class T, class I>
Field<T> whole(std::string_view name, I T::*member, std::int64_t least, std::int64_t most,
               std::string_view meaning) {
  return {name,
          fmt::format("whole number {} to {}", least, most),
          meaning,
          [=](T& object, const Node& node, const std::string& path, Problems& problems) {
            const auto* value = std::get_if<std::int64_t>(&node.value);
            if (value == nullptr || *value < least || *value > most) {
              expect(problems, node, path,
                     fmt::format("a whole number from {} to {}", least, most));
              return;
            }
            object.*member = static_cast<I>(*value);
          },
          [=](const T& object) { return Json(object.*member); },
          {},
          {},
          [=](const T& object, std::string& into) { add_bytes(object.*member, into); }};
}

template <class T>
Field<T> text(std::string_view name, std::string T::*member, std::string_view meaning) {
  return {name,
          "text",
          meaning,
          [=](T& object, const Node& node, const std::string& path, Problems& problems) {
            if (node.text() == nullptr) return expect(problems, node, path, "text in quotes");
            object.*member = *node.text();
          },
          [=](const T& object) { return Json(object.*member); },
          {},
          {},
          [=](const T& object, std::string& into) { add_bytes(object.*member, into); }};
}

template <class T>
Field<T> truth(std::string_view name, bool T::*member, std::string_view meaning) {
  return {name,
          "true or false",
          meaning,
          [=](T& object, const Node& node, const std::string& path, Problems& problems) {
            const auto* value = std::get_if<bool>(&node.value);
            if (value == nullptr) return expect(problems, node, path, "true or false");
            object.*member = *value;
          },
          [=](const T& object) { return Json(object.*member); },
          {},
          {},
          [=](const T& object, std::string& into) { add_bytes(object.*member, into); }};
}

template <class E>
struct Word {
  std::string_view text;
  E value;
};

template <class E>
std::string words_of(const std::vector<Word<E>>& words) {
  std::string all;
  for (const Word<E>& word : words)
    all += fmt::format("{}\"{}\"", all.empty() ? "" : ", ", word.text);
  return all;
}

template <class E>
std::string_view word_for(const std::vector<Word<E>>& words, E value) {
  for (const Word<E>& word : words) {
    if (word.value == value) return word.text;
  }
  return "?";
}

template <class E>
const Word<E>* read_word(const std::vector<Word<E>>& words, const Node& node,
                         const std::string& path, Problems& problems) {
  std::vector<std::string_view> names;
  for (const Word<E>& word : words) {
    if (node.text() != nullptr && *node.text() == word.text) return &word;
    names.push_back(word.text);
  }
  const std::string near = nearest(node.text() != nullptr ? *node.text() : described(node), names);
  expect(problems, node, path,
         fmt::format("one of {}{}", words_of(words),
                     near.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", near)));
  return nullptr;
}

template <class T, class E>
Field<T> choice(std::string_view name, E T::*member, std::vector<Word<E>> words,
                std::string_view meaning) {
  return {name,
          "one of " + words_of(words),
          meaning,
          [=](T& object, const Node& node, const std::string& path, Problems& problems) {
            if (const auto* word = read_word(words, node, path, problems)) {
              object.*member = word->value;
            }
          },
          [=](const T& object) { return Json(word_for(words, object.*member)); },
          {},
          {},
          [=](const T& object, std::string& into) { add_bytes(object.*member, into); }};
}

}  // namespace scenarios
