#include "validation/points.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "validation/toml_file.hpp"

namespace validation {

namespace {

// Request counts of one kind of I/O: read = { count = 6, bytes = 131328 }. A sync and a fallocate
// carry no data: only their count is a value.
struct RequestKind {
  std::string_view name;
  bool carries_data;
};
constexpr std::array<RequestKind, 5> kRequestKinds{{{"read", true},
                                                    {"write", true},
                                                    {"sync", false},
                                                    {"fallocate", false},
                                                    {"backing_read", true}}};

class PointReader {
 public:
  PointReader(const std::string& file, const toml::table& table, Problems& problems)
      : file_{file}, table_{table}, problems_{problems} {}

  Point read() {
    const auto& at = table_.source().begin;
    point_.file = file_;
    point_.line = static_cast<int>(at.line);
    point_.column = static_cast<int>(at.column);
    point_.id = text("id");
    point_.subsystem = text("subsystem");
    point_.metric = text("metric");
    point_.unit = text("unit");
    read_role();
    read_bound();
    read_values();
    if (const toml::node* native = table_.get("native")) point_.native = number(*native, "native");
    return std::move(point_);
  }

 private:
  std::string text(std::string_view key) {
    return text_of(table_, key, file_, problems_).value_or("");
  }

  std::optional<double> number(const toml::node& node, const std::string& what) {
    return number_of(node, where(what), file_, problems_);
  }

  std::string where(std::string_view what) const {
    return point_.id.empty() ? std::string{what} : fmt::format("{}: {}", point_.id, what);
  }

  void read_role() {
    const toml::node* node = table_.get("role");
    const std::string role = text("role");
    if (role == "calibrate") {
      point_.role = Role::calibrate;
    } else if (role != "validate" && !role.empty()) {
      complain(
          problems_, file_, *node,
          fmt::format("{}: got \"{}\", need \"calibrate\" or \"validate\"", where("role"), role));
    }
  }

  void read_bound() {
    const toml::node* node = table_.get("bound");
    if (node == nullptr) return;
    static const std::map<std::string, Bound, std::less<>> kBounds{
        {"below", Bound::below}, {"up to", Bound::up_to}, {"may exceed", Bound::may_exceed}};
    const auto found = kBounds.find(text("bound"));
    if (found != kBounds.end())
      point_.bound = found->second;
    else
      complain(problems_, file_, *node,
               fmt::format("{}: need \"below\", \"up to\" or \"may exceed\"", where("bound")));
  }

  void read_values() {
    if (const toml::node* node = table_.get("value")) add(*node, "value");
    for (const char* key : {"values", "matrix", "series"}) {
      if (const toml::node* node = table_.get(key)) read_array(*node, key);
    }
    for (const RequestKind& kind : kRequestKinds) read_requests(kind);
    read_formulas();
    if (!point_.values.empty() || !point_.formulas.empty()) return;
    complain(problems_, file_, table_,
             where("no value, need value, values, matrix, series, formulas or request counts"));
  }

  void read_array(const toml::node& node, const std::string& name) {
    const toml::array* array = node.as_array();
    if (array == nullptr || array->empty()) {
      complain(problems_, file_, node, fmt::format("{}: need a list of numbers", where(name)));
      return;
    }
    std::size_t index = 0;
    for (const toml::node& element : *array) {
      const std::string element_name = fmt::format("{}[{}]", name, index++);
      if (element.is_array())
        read_array(element, element_name);
      else
        add(element, element_name);
    }
  }

  void read_requests(const RequestKind& kind) {
    const toml::node* node = table_.get(kind.name);
    const toml::table* counts = node != nullptr ? node->as_table() : nullptr;
    if (counts == nullptr) return;
    for (const char* key : {"count", "bytes"}) {
      if (std::string_view{key} == "bytes" && !kind.carries_data) continue;
      if (const toml::node* count = counts->get(key))
        add(*count, fmt::format("{}.{}", kind.name, key));
    }
  }

  void read_formulas() {
    const toml::node* node = table_.get("formulas");
    const toml::array* array = node != nullptr ? node->as_array() : nullptr;
    if (array == nullptr) return;
    for (const toml::node& element : *array) {
      if (const auto formula = element.value_exact<std::string>())
        point_.formulas.push_back(*formula);
      else
        complain(problems_, file_, element, where("formulas: need text"));
    }
  }

  void add(const toml::node& node, const std::string& name) {
    if (const auto value = number(node, name)) point_.values.push_back({name, *value});
  }

  const std::string& file_;
  const toml::table& table_;
  Problems& problems_;
  Point point_;
};

void refuse_duplicates(const std::vector<Point>& points, Problems& problems) {
  std::map<std::string_view, const Point*> first;
  for (const Point& point : points) {
    if (point.id.empty()) continue;
    const auto [other, inserted] = first.emplace(point.id, &point);
    if (inserted) continue;
    problems.push_back({point.file, point.line, point.column,
                        fmt::format("{}: another point has this id, {}:{}", point.id,
                                    other->second->file, other->second->line)});
  }
}

}  // namespace

std::string_view name(Role role) {
  return role == Role::calibrate ? "calibrate" : "validate";
}

std::vector<Point> read_points(const std::vector<TextFile>& files) {
  Problems problems;
  std::vector<Point> points;
  for (const TextFile& file : files) {
    const auto root = parse(file, problems);
    if (!root) continue;
    const auto tables = tables_of(*root, "point", file.name, problems);
    if (!root->contains("point"))
      problems.push_back({file.name, 1, 1, "no [[point]] in it, need at least one"});
    for (const toml::table* table : tables)
      points.push_back(PointReader{file.name, *table, problems}.read());
  }
  refuse_duplicates(points, problems);
  throw_if_any(std::move(problems));
  return points;
}

std::vector<CalibrationPoint> calibration_points(const std::vector<TextFile>& files) {
  std::vector<CalibrationPoint> chosen;
  for (const Point& point : read_points(files)) {
    CalibrationPoint out;
    out.id_ = point.id;
    out.subsystem_ = point.subsystem;
    out.unit_ = point.unit;
    if (point.role == Role::calibrate) {
      out.values_ = point.values;
    } else if (point.native) {
      out.id_ += ".native";
      out.values_ = {{"native", *point.native}};
    } else {
      continue;
    }
    chosen.push_back(std::move(out));
  }
  return chosen;
}

}  // namespace validation
