#include "validation/fitted_preset.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/expand.hpp"
#include "scenarios/library.hpp"
#include "scenarios/node.hpp"
#include "scenarios/run.hpp"
#include "scenarios/uncertain.hpp"
#include "sim/error.hpp"
#include "validation/remarks.hpp"

namespace validation {

namespace {

using scenarios::Entry;
using scenarios::Node;
using scenarios::UncertainParameter;

struct Edit {
  std::size_t from = 0;
  std::size_t length = 0;
  std::string text;
};

// Replaces values of a TOML text where its parser says they stand.
class Editor {
 public:
  explicit Editor(const std::string& text) : text_{text} {}

  void replace(const Node& value, std::string with) {
    const std::size_t from = offset(value.at);
    edits_.push_back({from, token_length(from), std::move(with)});
  }
  // A line of its own behind the line of `entry`.
  void insert_below(const Entry& entry, const std::string& line) {
    const std::size_t end = std::min(text_.find('\n', offset(entry.key_at)), text_.size());
    edits_.push_back({end, 0, "\n" + line});
  }
  bool alone_on_its_line(const Entry& entry) const {
    const std::size_t from = offset(entry.key_at);
    const std::size_t start = from == 0 ? 0 : text_.rfind('\n', from - 1) + 1;
    return text_.find_first_not_of(" \t", start) == from;
  }

  std::string edited() {
    std::stable_sort(edits_.begin(), edits_.end(),
                     [](const Edit& a, const Edit& b) { return a.from < b.from; });
    std::string out;
    std::size_t at = 0;
    for (const Edit& edit : edits_) {
      out += text_.substr(at, edit.from - at) + edit.text;
      at = edit.from + edit.length;
    }
    return out + text_.substr(at);
  }

 private:
  std::size_t offset(const scenarios::Location& at) const {
    std::size_t line_start = 0;
    for (int line = 1; line < at.line; ++line) line_start = text_.find('\n', line_start) + 1;
    return line_start + static_cast<std::size_t>(at.column) - 1;
  }

  std::size_t token_length(std::size_t from) const {
    const char quote = text_[from];
    std::size_t end = from + 1;
    if (quote == '"' || quote == '\'') {
      while (end < text_.size() && text_[end] != quote) end += text_[end] == '\\' ? 2 : 1;
      return end + 1 - from;
    }
    if (quote == '{') return text_.find('}', from) + 1 - from;
    return std::min(text_.find_first_of(" \t,]}#\r\n", from), text_.size()) - from;
  }

  const std::string& text_;
  std::vector<Edit> edits_;
};

// As TOML writes it, to the digits that the standard error leaves.
std::string written(const UncertainParameter& parameter, double value) {
  const double rounded = std::stod(fmt::format("{:.4g}", value));
  const std::string text = scenarios::text(parameter, rounded);
  if (!parameter.unit.empty()) return '"' + text + '"';
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

std::string short_key(const UncertainParameter& parameter) {
  return parameter.key.substr(parameter.key.find('.') + 1);
}

std::string correlations(const Calibration& c, std::size_t j) {
  std::string list;
  for (std::size_t k = 0; k < c.parameters.size(); ++k) {
    const double rho =
        c.fit.correlation(static_cast<Eigen::Index>(j), static_cast<Eigen::Index>(k));
    if (k == j || std::abs(rho) < 0.005) continue;
    list +=
        fmt::format("{} \"{}\" = {:.2f}", list.empty() ? "" : ",", short_key(c.parameters[k]), rho);
  }
  return list.empty() ? "{}" : "{" + list + " }";
}

Entry* entry_of(Node& table, const UncertainParameter& parameter) {
  Entry* all = scenarios::find(table, "uncertain");
  if (all == nullptr) return nullptr;
  auto* entries = std::get_if<Node::Array>(&all->value.value);
  if (entries == nullptr) return nullptr;
  for (Node& one : *entries) {
    Entry* key = scenarios::find(one, "key");
    if (key != nullptr && key->value.text() != nullptr &&
        *key->value.text() == short_key(parameter))
      return key;
  }
  return nullptr;
}

Node& entry_table(Node& table, const UncertainParameter& parameter) {
  for (Node& one : std::get<Node::Array>(scenarios::find(table, "uncertain")->value.value)) {
    const Entry* key = scenarios::find(one, "key");
    if (key != nullptr && key->value.text() != nullptr &&
        *key->value.text() == short_key(parameter))
      return one;
  }
  throw sim::ModelError{"an uncertain entry was there and is not"};
}

void edit_entry(Editor& editor, Node& table, const Calibration& c, std::size_t j,
                const std::string& source) {
  const UncertainParameter& parameter = c.parameters[j];
  Entry* key = entry_of(table, parameter);
  if (key == nullptr || !editor.alone_on_its_line(*key))
    throw sim::ConfigError{fmt::format(
        "{}: the uncertain entry of {} is an inline table; write it as [[{}.uncertain]]",
        c.preset_file, parameter.key, parameter.key.substr(0, parameter.key.find('.')))};
  const Node& entry = entry_table(table, parameter);
  const auto put = [&](const char* name, const std::string& value) {
    if (const Entry* there = scenarios::find(entry, name)) {
      editor.replace(there->value, value);
    } else {
      editor.insert_below(*key, fmt::format("{} = {}", name, value));
    }
  };
  // Bounds are known, too: nothing is less certain than a uniform guess between them.
  const double guess = (*parameter.high - *parameter.low) / std::sqrt(12.0);
  put("deviation", written(parameter, std::min(guess, c.fit.parameters[j].standard_error)));
  put("correlation", correlations(c, j));
  put("source", '"' + source + '"');
}

std::string provenance(const Calibration& c, const std::string& date) {
  std::string names;
  for (const std::string& name : c.data)
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
  std::string out = fmt::format(
      "# Fitted on {} by tenancy {} calibrate to {} recorded values of {}, each taken as known\n"
      "# to {:g} %; {} replications. Root mean square of predicted / recorded - 1: {:.1f} % "
      "before,\n"
      "# {:.1f} % after.\n",
      date, scenarios::program_version(), c.values.size(), names, 100.0 * c.error, c.replications,
      100.0 * root_mean_square(c.values, false), 100.0 * root_mean_square(c.values, true));
  for (const std::string& remark : remarks(c)) out += fmt::format("# Beware: {}.\n", remark);
  for (const CalibratedValue& value : c.values)
    out += fmt::format("#   {} {}: recorded {:.4g} {}, predicted {:.4g}\n", value.point,
                       value.value, value.recorded, value.unit, value.after);
  return out;
}

}  // namespace

std::string preset_text(const std::string& file) {
  for (const scenarios::Preset& preset : scenarios::embedded_presets()) {
    if (file == fmt::format("scenarios/{}/{}.toml", preset.kind, preset.name))
      return std::string{preset.text};
  }
  const auto text = scenarios::file_text(file);
  if (!text) throw sim::ConfigError{fmt::format("{}: cannot read this preset file", file)};
  return *text;
}

std::string fitted_preset(const std::string& text, const Calibration& calibration,
                          const std::string& date) {
  Node document = scenarios::parse_toml(text, calibration.preset_file);
  const std::string kind =
      calibration.parameters.front().key.substr(0, calibration.parameters.front().key.find('.'));
  Entry* table = scenarios::find(document, kind);
  if (table == nullptr)
    throw sim::ConfigError{fmt::format("{}: no [{}] table", calibration.preset_file, kind)};
  Editor editor{text};
  for (std::size_t j = 0; j < calibration.parameters.size(); ++j) {
    const UncertainParameter& parameter = calibration.parameters[j];
    const FittedBounded& fitted = calibration.fit.parameters[j];
    if (!fitted.held.empty()) continue;
    const std::vector<Node*> values = scenarios::values_of(table->value, short_key(parameter));
    if (values.empty())
      throw sim::ConfigError{fmt::format(
          "{}: the value of {} stands in the preset that this one uses; give it here, so that the "
          "fit has a place",
          calibration.preset_file, parameter.key)};
    for (const Node* node : values) editor.replace(*node, written(parameter, fitted.value));
    edit_entry(editor, table->value, calibration, j,
               fmt::format("fitted on {} to {} recorded values", date, calibration.values.size()));
  }
  std::string result = provenance(calibration, date) + editor.edited();
  scenarios::parse_toml(result, calibration.preset_file);  // what we wrote must read back
  return result;
}

}  // namespace validation
