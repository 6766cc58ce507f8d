#include "tools/report/wording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace tools::report {

namespace {

struct Labels {
  std::string_view full;
  std::string_view narrow;
};

constexpr std::array<Labels, models::kCauses> kLabels{{{"running", "run"},
                                                       {"LLC misses", "LLC"},
                                                       {"remote memory", "remote"},
                                                       {"controller queueing", "ctrl q."},
                                                       {"link queueing", "link q."},
                                                       {"cold caches", "cold"},
                                                       {"page walks", "walks"},
                                                       {"exits", "exits"},
                                                       {"ticks", "ticks"},
                                                       {"page faults", "faults"},
                                                       {"NUMA balancing", "NUMA b."},
                                                       {"swap-in", "swap"},
                                                       {"spinning", "spin"},
                                                       {"SMT", "SMT"},
                                                       {"steal", "steal"},
                                                       {"co-stop", "co-stop"},
                                                       {"scheduler", "sched."},
                                                       {"halt polling", "poll"},
                                                       {"VMM threads", "VMM thr."},
                                                       {"I/O limits", "limits"},
                                                       {"image metadata", "image"},
                                                       {"RAID redundancy", "RAID"},
                                                       {"storage", "storage"},
                                                       {"network", "network"},
                                                       {"idle", "idle"}}};
static_assert(!kLabels.back().full.empty());

struct Prefix {
  double factor;
  std::string_view text;
};

constexpr std::array<Prefix, 9> kPrefixes{{{1e12, "T"},
                                           {1e9, "G"},
                                           {1e6, "M"},
                                           {1e3, "k"},
                                           {1.0, ""},
                                           {1e-3, "m"},
                                           {1e-6, "u"},
                                           {1e-9, "n"},
                                           {1e-12, "p"}}};

// Three significant digits.
std::string digits(double value) {
  const double size = std::abs(value);
  return fmt::format("{:.{}f}", value, size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}

std::vector<std::string_view> parts(std::string_view key) {
  std::vector<std::string_view> all;
  while (true) {
    const std::size_t dot = key.find('.');
    all.push_back(key.substr(0, dot));
    if (dot == std::string_view::npos) return all;
    key.remove_prefix(dot + 1);
  }
}

std::string tail(const std::vector<std::string_view>& all, std::size_t count) {
  const auto first = all.end() - static_cast<std::ptrdiff_t>(std::min(count, all.size()));
  return fmt::format("{}", fmt::join(first, all.end(), "."));
}

std::string phrase_of(const std::string& key, const scenarios::SweepValue& value) {
  const auto all = parts(key);
  if (all.size() == 3 && all[0] == "vm") {
    const std::string shown = text(value);
    if (all[2] == "count" && all[1] == "*") return fmt::format("{} VMs of each class", shown);
    if (all[2] == "count") return fmt::format("{} {} VM{}", shown, all[1], shown == "1" ? "" : "s");
    if (all[2] == "pin" && shown == "none") return "unpinned";
    if (all[2] == "pin" && shown == "core") return "pinned to cores";
    if (all[2] == "pin" && shown == "node") return "pinned to nodes";
    if (all[2] == "workload") return fmt::format("{} running {}", all[1], shown);
  }
  if (all.size() == 2 && all[1] == "use") return fmt::format("on {}", text(value));
  return fmt::format("{} = {}", key, text(value));
}

}  // namespace

std::string_view label(models::Cause cause) {
  return kLabels[static_cast<std::size_t>(cause)].full;
}

std::string_view short_label(models::Cause cause) {
  return kLabels[static_cast<std::size_t>(cause)].narrow;
}

std::string_view class_name(std::string_view object) {
  return object.starts_with("vm.") ? object.substr(3) : object;
}

std::string text(const scenarios::SweepValue& value) {
  return std::visit([](const auto& v) { return fmt::format("{}", v); }, value);
}

std::string quantity(double value, std::string_view unit) {
  if (!std::isfinite(value)) return "-";
  if (unit == "1") return fmt::format("{:.1f} %", 100.0 * value);
  if (unit == "count") {  // means of replications, and ratios such as an array's amplification
    const bool whole = value == std::round(value) || std::abs(value) >= 100.0;
    return whole ? fmt::format("{:.0f}", value) : fmt::format("{:.2f}", value);
  }
  if (value == 0.0) return unit == "1/s" ? "0/s" : fmt::format("0 {}", unit);
  // A value that digits() would round up to 1000 belongs to the next prefix.
  const auto prefix = std::find_if(kPrefixes.begin(), kPrefixes.end() - 1, [&](const Prefix& p) {
    return std::abs(value) >= 0.9995 * p.factor;
  });
  const std::string shown = digits(value / prefix->factor);
  if (unit == "1/s") return fmt::format("{}{}/s", shown, prefix->text);
  return fmt::format("{} {}{}", shown, prefix->text, unit);
}

std::string share(const scenarios::Estimate& estimate, int replications) {
  const std::string value = fmt::format("{:.1f} %", 100.0 * estimate.value);
  if (replications < 2) return value;
  return fmt::format("{} ± {:.1f}", value, 50.0 * (estimate.hi - estimate.lo));
}

std::string with_interval(const scenarios::Estimate& estimate, int replications,
                          std::string_view unit) {
  const auto shown = [&](double value) {
    return unit == "factor" ? fmt::format("{:.2f}", value) : quantity(value, unit);
  };
  const bool wide = shown(estimate.lo) != shown(estimate.hi);
  if (replications < 2 || !wide) return shown(estimate.value);
  return fmt::format("{} ({} .. {})", shown(estimate.value), shown(estimate.lo),
                     shown(estimate.hi));
}

std::string interval(const scenarios::Estimate& prediction) {
  return fmt::format("{:.1f} .. {:.1f} %", 100.0 * prediction.lo, 100.0 * prediction.hi);
}

std::vector<std::string> short_keys(const scenarios::Coordinates& at) {
  std::vector<std::string> keys;
  for (const auto& coordinate : at) {
    const auto own = parts(coordinate.first);
    std::size_t count = 1;
    const auto taken = [&](const auto& other) {
      return other.first != coordinate.first && tail(parts(other.first), count) == tail(own, count);
    };
    while (count < own.size() && std::any_of(at.begin(), at.end(), taken)) ++count;
    // "use" alone says nothing: which host, which VMM.
    if (own.size() == 2 && own.back() == "use") {
      keys.emplace_back(own.front());
    } else {
      keys.push_back(tail(own, count));
    }
  }
  return keys;
}

std::string phrase(const scenarios::Coordinates& at) {
  std::vector<std::string> all;
  for (const auto& [key, value] : at) all.push_back(phrase_of(key, value));
  return fmt::format("{}", fmt::join(all, ", "));
}

std::string text(const std::vector<scenarios::Reason>& reasons, std::size_t most,
                 const Terms& terms) {
  std::vector<std::string> all;
  for (const auto& reason : reasons) {
    if (all.size() == most || reason.share < 0.005) break;
    const std::string_view term = reason.cause == models::Cause::running ? terms.running
                                  : reason.cause == models::Cause::steal ? terms.steal
                                                                         : label(reason.cause);
    all.push_back(fmt::format("{} {:.0f} %", term, 100.0 * reason.share));
  }
  return fmt::format("{}", fmt::join(all, ", "));
}

const scenarios::Estimate* find_metric(const scenarios::PointResults& point,
                                       std::string_view metric) {
  for (const auto& known : point.metrics) {
    if (known.name == metric) return &known.estimate;
  }
  return nullptr;
}

std::string completion_of(std::string_view metric) {
  const std::vector<std::string_view> all = parts(metric);
  if (all.size() != 3 || all[0] != "migration" || (all[2] != "time" && all[2] != "downtime"))
    return {};
  return fmt::format("migration.{}.completed", all[1]);
}

std::string value(const scenarios::PointResults& point, const std::string& metric) {
  const scenarios::Estimate* estimate = find_metric(point, metric);
  if (estimate == nullptr) return "-";
  const scenarios::Estimate* completed = find_metric(point, completion_of(metric));
  if (completed != nullptr && completed->value == 0.0) return "-";
  return quantity(estimate->value, models::unit_of(metric));
}

std::string undecided(const scenarios::Gain& gain) {
  constexpr double kLarge = 0.10;
  const double change = gain.gain.value;
  if (std::abs(change) <= kLarge) return gain.name;
  return fmt::format("{} ({:+.0f} %, too few replications to tell)", gain.name, 100.0 * change);
}

const scenarios::Estimate* relative(const scenarios::PointResults& point, std::string_view object) {
  return find_metric(point, fmt::format("{}.throughput.relative", object));
}

const scenarios::Estimate* relative_prediction(const scenarios::PointResults& point,
                                               std::string_view object) {
  const std::string wanted = fmt::format("{}.throughput.relative", object);
  for (const auto& metric : point.metrics) {
    if (metric.name == wanted && metric.prediction) return &*metric.prediction;
  }
  return nullptr;
}

std::string verdict(const scenarios::Difference& d) {
  constexpr double kWide = 0.05;  // an interval that goes further from zero does not tell
  const auto share = d.relative();
  const bool wide = share && 0.5 * (share->hi - share->lo) > kWide;
  if (d.none() && !wide) return "no difference";
  if (d.none()) {
    return fmt::format("{:+.1f} % ± {:.1f}: cannot be told", 100.0 * share->value,
                       50.0 * (share->hi - share->lo));
  }
  if (!share) return d.difference.value > 0.0 ? "more" : "less";
  return fmt::format("{:+.1f} % ± {:.1f}", 100.0 * share->value, 50.0 * (share->hi - share->lo));
}

}  // namespace tools::report
