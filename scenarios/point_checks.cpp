#include "scenarios/point_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/host.hpp"
#include "scenarios/key_path.hpp"
#include "scenarios/nearest.hpp"

namespace scenarios {
namespace {

constexpr std::int64_t kMostVcpus = 262'144;  // of a host: memory of a run stays below a gigabyte

void check_any(const Node& document, const models::HostDescription& host, Problems& problems) {
  const bool others = std::any_of(host.others.begin(), host.others.end(),
                                  [](const auto& other) { return !other.vms.empty(); });
  const Entry* vms = find(document, "vm");
  if (others || !host.vms.empty()) return;
  if (vms->value.array()->empty())
    return problems.add(vms->key_at,
                        "vm: the scenario needs a guest, e.g. [[vm]] name = \"guest\"");
  const Entry* name = find(vms->value.array()->front(), "name");
  const std::string key = fmt::format("vm.{}.count", *name->value.text());
  problems.add(position(document, key), key + ": no guest of any class, so nothing runs");
}

// Guests that read what another class of guests writes.
void check_readers(const Node& document, const models::HostDescription& host, Problems& problems) {
  for (const models::VmDescription& vm : host.vms) {
    if (vm.reads_from.empty()) continue;
    std::vector<std::string_view> names;
    for (const models::VmDescription& other : host.vms) names.push_back(other.name);
    if (std::find(names.begin(), names.end(), vm.reads_from) != names.end()) continue;
    problems.add(position(document, fmt::format("vm.{}.reads_from", vm.name)),
                 fmt::format("vm.{}.reads_from: no [[vm]] is named \"{}\"{}", vm.name,
                             vm.reads_from, did_you_mean(vm.reads_from, names)));
  }
}

void check_size(const Node& document, const models::HostDescription& host, Problems& problems) {
  std::int64_t vcpus = 0;
  for (const auto& vm : host.vms) vcpus += std::int64_t{vm.count} * vm.vcpus;
  for (const auto& other : host.others) {
    for (const auto& vm : other.vms) vcpus += std::int64_t{vm.count} * vm.vcpus;
  }
  if (vcpus > kMostVcpus) {
    problems.add(position(document, "vm"),
                 fmt::format("vm: {} vCPUs in all, at most {} are simulated", vcpus, kMostVcpus));
  }
}

// Each line where the key that it names stands.
void add_lines(const Node& document, const std::string& text, Problems& problems) {
  std::size_t from = 0;
  while (from <= text.size()) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    const std::string line = text.substr(from, end - from);
    problems.add(position_of_mistake(document, line), line);
    from = end + 1;
  }
}

}  // namespace

void check_point(const Node& document, const models::HostDescription& host, Problems& problems,
                 Problems& room) {
  check_any(document, host, problems);
  if (problems.empty()) check_readers(document, host, problems);
  if (problems.empty()) check_size(document, host, problems);
  if (!problems.empty()) return;
  try {
    models::check(host);
  } catch (const models::TooSmall& error) {
    add_lines(document, error.what(), room);
  } catch (const sim::ConfigError& error) {
    add_lines(document, error.what(), problems);
  }
}

}  // namespace scenarios
