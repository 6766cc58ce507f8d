#include "scenarios/smt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "scenarios/expand.hpp"

namespace scenarios {
namespace {

std::int64_t threads_per_core(const Node& host) {
  const Entry* given = find(host, "threads_per_core");
  const auto* value = given != nullptr ? std::get_if<std::int64_t>(&given->value.value) : nullptr;
  return value != nullptr ? *value : 1;
}

bool says_shares(const Node& host) {
  const auto says = [&](std::string_view part) {
    const Entry* own = find(host, part);
    return own != nullptr && find(own->value, "shared_by") != nullptr;
  };
  return says("llc") || says("chiplet");
}

}  // namespace

void apply_smt(const Node& host, models::topology::Description& hardware) {
  const Entry* smt = find(host, "smt");
  const bool* on = smt != nullptr ? std::get_if<bool>(&smt->value.value) : nullptr;
  if (on == nullptr || *on || hardware.threads_per_core < 1) return;
  const int threads = hardware.threads_per_core;
  hardware.threads_per_core = 1;
  for (int* shared_by : {&hardware.l2.shared_by, &hardware.llc.shared_by})
    *shared_by = std::max(1, *shared_by / threads);
  int& die = hardware.chiplet.shared_by;
  if (die > 0) die = std::max(1, die / threads);  // 0: there are none
}

void note_threads(const Node& host, std::vector<std::string>& notes) {
  if (find(host, "use") == nullptr || find(host, "threads_per_core") == nullptr ||
      says_shares(host))
    return;
  Node preset = host;
  std::erase_if(*preset.table(),
                [](const Entry& entry) { return entry.key == "threads_per_core"; });
  Problems known;  // to whoever expands the table itself
  expand(preset, "host", known);
  const std::int64_t given = threads_per_core(host), usual = threads_per_core(preset);
  if (given == usual) return;
  std::string note = fmt::format(
      "host.threads_per_core = {} where the preset has {}: llc.shared_by and chiplet.shared_by "
      "count threads and stay as they are, so other numbers of cores share a cache or die; "
      "host.smt = false is how SMT is switched off",
      given, usual);
  if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(std::move(note));
}

}  // namespace scenarios
