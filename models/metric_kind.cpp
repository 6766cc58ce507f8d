#include "models/metric_kind.hpp"

#include <algorithm>
#include <initializer_list>
#include <unordered_map>
#include <vector>

namespace models {
namespace {

std::string_view last_part(std::string_view name) {
  return name.substr(name.rfind('.') + 1);
}

// The catalogue in its order. No pattern ends in a name, so that a metric's last part is that of
// its pattern.
const std::unordered_map<std::string_view, std::vector<const MetricKind*>>& by_last_part() {
  static const auto kinds = [] {
    std::unordered_map<std::string_view, std::vector<const MetricKind*>> all;
    for (const MetricKind& kind : metric_catalogue()) all[last_part(kind.name)].push_back(&kind);
    return all;
  }();
  return kinds;
}

}  // namespace

const MetricKind* kind_of(std::string_view metric) {
  // "cluster.b.host.switches": of another host than the scenario's own.
  if (metric.starts_with("cluster.")) {
    const std::size_t own = metric.find(".host.");
    return own == std::string_view::npos ? nullptr : kind_of(metric.substr(own + 1));
  }
  const auto alike = by_last_part().find(last_part(metric));
  if (alike == by_last_part().end()) return nullptr;
  std::size_t most = 0;
  const MetricKind* best = nullptr;
  for (const MetricKind* kind : alike->second) {
    const std::size_t own = matched(kind->name, metric);
    if (own <= most) continue;
    most = own;
    best = kind;
  }
  return best;
}

bool is_share(std::string_view metric) {
  const MetricKind* kind = kind_of(metric);
  return kind != nullptr && kind->unit == "1" &&
         (kind->sentence.starts_with("share") ||
          kind->name.find("utilisation") != std::string_view::npos);
}

std::string_view relative_of(std::string_view metric) {
  constexpr std::string_view kRelative = ".relative";
  return metric.ends_with(kRelative) ? metric.substr(0, metric.size() - kRelative.size())
                                     : std::string_view{};
}

Better better(std::string_view metric) {
  const std::string_view own = relative_of(metric);
  const MetricKind* kind = kind_of(own.empty() ? metric : own);
  return kind != nullptr ? kind->better : Better::neither;
}

std::string_view name(Subject subject) {
  switch (subject) {
    case Subject::computing:
      return "computing";
    case Subject::storage:
      return "storage";
    case Subject::network:
      return "network";
  }
  return "";
}

Subject subject_of(std::string_view metric) {
  const std::string_view own = relative_of(metric);
  const MetricKind* kind = kind_of(own.empty() ? metric : own);
  if (kind == nullptr) return Subject::computing;
  const auto any = [&](std::initializer_list<std::string_view> patterns) {
    return std::any_of(patterns.begin(), patterns.end(), [&](std::string_view pattern) {
      return kind->name.find(pattern) != std::string_view::npos;
    });
  };
  if (any({".net.", "host.nic.", "migration.", "client."})) return Subject::network;
  const bool storage = any(
      {".io.", ".test.", ".transactions", ".backing.", "host.disk.", "host.array.", "storage."});
  return storage ? Subject::storage : Subject::computing;
}

Subject subject_of(Cause cause) {
  switch (cause) {
    case Cause::io_threads:
    case Cause::io_limits:
    case Cause::image_metadata:
    case Cause::redundancy:
    case Cause::storage:
      return Subject::storage;
    case Cause::network:
      return Subject::network;
    default:
      return Subject::computing;
  }
}

bool is_timed(std::string_view metric) {
  const std::string_view unit = unit_of(metric);
  return unit == "s" || unit.ends_with("/s");
}

}  // namespace models
