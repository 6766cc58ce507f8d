#include "scenarios/select.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "scenarios/nearest.hpp"
#include "scenarios/node.hpp"
#include "scenarios/sweep.hpp"
#include "sim/error.hpp"

namespace scenarios {
namespace {

// Which of a point's coordinates is meant.
std::size_t coordinate_of(const Study& study, const Override& at) {
  std::vector<std::string_view> keys;
  for (const auto& coordinate : study.points.front().at) keys.push_back(coordinate.first);
  if (keys.empty())
    throw sim::ConfigError{fmt::format("--at {}={}: {} has no sweep, so there is one point", at.key,
                                       at.value, study.file)};
  std::vector<std::size_t> found;
  for (std::size_t k = 0; k < keys.size(); ++k) {
    if (keys[k] == at.key) return k;
    if (keys[k].ends_with("." + at.key)) found.push_back(k);
  }
  if (found.size() == 1) return found.front();
  std::vector<std::string_view> names = keys;
  for (const std::string_view key : keys) names.push_back(key.substr(key.rfind('.') + 1));
  throw sim::ConfigError{fmt::format("--at {}={}: {} sweeps {}{}", at.key, at.value, study.file,
                                     fmt::join(keys, ", "), did_you_mean(at.key, names))};
}

// The values of one coordinate, each once.
std::string values_at(const Study& study, std::size_t coordinate) {
  std::vector<std::string> values;
  for (const Point& point : study.points) {
    const std::string shown =
        std::visit([](const auto& v) { return fmt::format("{}", v); }, point.at[coordinate].second);
    if (std::find(values.begin(), values.end(), shown) == values.end()) values.push_back(shown);
  }
  return fmt::format("{}", fmt::join(values, ", "));
}

// Throws when it is one that the host is too small for.
void refuse_left_out(const Study& study, const Override& at, std::size_t coordinate,
                     const SweepValue& wanted) {
  for (const LeftOut& left : study.left_out) {
    if (same(left.at[coordinate].second, wanted))
      throw sim::ConfigError{fmt::format("--at {}={}: the host is too small for {}: {}", at.key,
                                         at.value, text(left.at), left.why)};
  }
}

}  // namespace

std::set<std::size_t> points_at(const Study& study, const std::vector<Override>& at) {
  std::set<std::size_t> points;
  for (std::size_t p = 0; p < study.points.size(); ++p) points.insert(p);
  for (const Override& one : at) {
    const std::size_t coordinate = coordinate_of(study, one);
    const SweepValue wanted = sweep_value(parse_value(one.value, "--at " + one.key));
    std::erase_if(points, [&](std::size_t p) {
      return !same(study.points[p].at[coordinate].second, wanted);
    });
    if (!points.empty()) continue;
    refuse_left_out(study, one, coordinate, wanted);
    throw sim::ConfigError{fmt::format("--at {}={}: no such point; {} is {}", one.key, one.value,
                                       study.points.front().at[coordinate].first,
                                       values_at(study, coordinate))};
  }
  return points;
}

std::vector<std::string_view> vm_names(const Study& study) {
  std::vector<std::string_view> names;
  const auto add = [&](const models::HostDescription& host) {
    for (const models::VmDescription& vm : host.vms) {
      if (std::find(names.begin(), names.end(), vm.name) == names.end()) names.push_back(vm.name);
    }
  };
  for (const Point& point : study.points) {
    add(point.scenario.host);
    for (const models::HostDescription& other : point.scenario.host.others) add(other);
  }
  return names;
}

std::set<std::size_t> keep_points(Study& study, const std::set<std::size_t>& points) {
  std::set<std::size_t> all = points;
  if (!study.baseline.empty()) {
    for (const std::size_t i : points) all.insert(study.baseline[i]);
  }
  std::vector<Point> kept;
  std::vector<std::size_t> baseline;
  std::set<std::size_t> asked;
  const auto now = [&](std::size_t i) {
    return static_cast<std::size_t>(std::distance(all.begin(), all.find(i)));
  };
  for (const std::size_t i : all) {
    if (points.contains(i)) asked.insert(kept.size());
    // A baseline that was not asked for is compared with itself.
    if (!study.baseline.empty())
      baseline.push_back(now(points.contains(i) ? study.baseline[i] : i));
    kept.push_back(std::move(study.points[i]));
  }
  study.points = std::move(kept);
  study.baseline = std::move(baseline);
  return asked;
}

}  // namespace scenarios
