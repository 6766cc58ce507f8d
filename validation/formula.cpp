#include "validation/formula.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <utility>

#include "scenarios/problems.hpp"

namespace validation {
namespace {

class Reader {
 public:
  Reader(std::string_view text, const std::map<std::string, double>& numbers)
      : text_{text}, numbers_{numbers} {}

  std::optional<double> read() {
    const double value = sum();
    skip();
    if (wrong_ || at_ != text_.size() || !std::isfinite(value)) return std::nullopt;
    return value;
  }

 private:
  double sum() {
    double value = product();
    for (;;) {
      if (took('+')) {
        value += product();
      } else if (took('-')) {
        value -= product();
      } else {
        return value;
      }
    }
  }

  double product() {
    double value = factor();
    for (;;) {
      if (took('*')) {
        value *= factor();
      } else if (took('/')) {
        value /= factor();
      } else if (next() == '(' || is_letter(next())) {  // 2n
        value *= factor();
      } else {
        return value;
      }
    }
  }

  double factor() {
    if (took('-')) return -factor();
    if (took('(')) {
      const double value = sum();
      wrong_ = wrong_ || !took(')');
      return value;
    }
    if (is_letter(next())) return name();
    double value = 0.0;
    const char* const from = text_.data() + at_;
    const auto [end, error] = std::from_chars(from, text_.data() + text_.size(), value);
    wrong_ = wrong_ || error != std::errc{};
    at_ += static_cast<std::size_t>(end - from);
    return value;
  }

  double name() {
    const std::size_t from = at_;
    while (at_ < text_.size() && is_letter(text_[at_])) ++at_;
    const auto found = numbers_.find(std::string{text_.substr(from, at_ - from)});
    if (found != numbers_.end()) return found->second;
    wrong_ = true;
    return 0.0;
  }

  static bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  char next() {
    skip();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool took(char c) {
    if (wrong_ || next() != c) return false;
    ++at_;
    return true;
  }

  std::string_view text_;
  const std::map<std::string, double>& numbers_;
  std::size_t at_ = 0;
  bool wrong_ = false;
};

}  // namespace

std::optional<double> evaluate(std::string_view formula,
                               const std::map<std::string, double>& numbers) {
  return Reader{formula, numbers}.read();
}

void settle_formulas(std::vector<Point>& points, const std::vector<Case>& cases) {
  std::vector<scenarios::Problem> problems;
  for (Point& point : points) {
    for (std::size_t i = 0; i < point.formulas.size(); ++i) {
      const std::string name = fmt::format("formulas[{}]", i);
      for (const Case& of : cases) {
        for (const Check& check : of.checks) {
          if (check.point != point.id || check.value != name) continue;
          if (const auto value = evaluate(point.formulas[i], check.with)) {
            point.values.push_back({name, *value});
          } else {
            problems.push_back({of.file.name, check.line, check.column,
                                fmt::format("check of {}: need `with`, the numbers of \"{}\"",
                                            point.id, point.formulas[i])});
          }
        }
      }
    }
  }
  if (!problems.empty()) throw scenarios::ScenarioError{std::move(problems)};
}

}  // namespace validation
