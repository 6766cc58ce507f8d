// Recorded measurements: data files to points, every mistake reported with its place.
//
// A point has one value (`value`), or several: `values`, `matrix`, `series`, or request counts in
// tables (`read = { count = 6, bytes = 131328 }`). `formulas` have values where checks give their
// numbers (formula.hpp).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "validation/source_files.hpp"

namespace validation {

enum class Role { calibrate, validate };
enum class Bound { none, below, up_to, may_exceed };

std::string_view name(Role role);

struct RecordedValue {
  std::string name;  // "value", "values[2]", "matrix[0][1]", "series[3][1]", "read.count"
  double value = 0.0;
};

struct Point {
  std::string file;
  int line = 0;
  int column = 0;
  std::string id;
  std::string subsystem;
  std::string metric;
  std::string unit;
  Role role = Role::validate;
  Bound bound = Bound::none;
  std::vector<RecordedValue> values;  // empty only with formulas that no check settles
  std::vector<std::string> formulas;
  std::optional<double> native;  // the same on bare metal
};

// All points of the files, in their order. Throws scenarios::ScenarioError with every mistake:
// broken TOML, a missing or empty id, subsystem, metric, unit or role, a value that is not finite
// or not a number, no value at all, an id that another point has.
std::vector<Point> read_points(const std::vector<TextFile>& files);

// What fitting code may see of a measurement. Only calibration_points makes one.
class CalibrationPoint {
 public:
  const std::string& id() const { return id_; }
  const std::string& subsystem() const { return subsystem_; }
  const std::string& unit() const { return unit_; }
  const std::vector<RecordedValue>& values() const { return values_; }

 private:
  friend std::vector<CalibrationPoint> calibration_points(const std::vector<TextFile>& files);
  CalibrationPoint() = default;

  std::string id_;
  std::string subsystem_;
  std::string unit_;
  std::vector<RecordedValue> values_;
};

// Points whose role is `calibrate`, and the bare-metal figure of others as "<id>.native". Throws
// as read_points does.
std::vector<CalibrationPoint> calibration_points(const std::vector<TextFile>& files);

}  // namespace validation
