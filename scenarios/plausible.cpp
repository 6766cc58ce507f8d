#include "scenarios/plausible.hpp"

#include <fmt/format.h>

#include <string>

#include "scenarios/key_path.hpp"

namespace scenarios {
namespace {

constexpr double kSlowest_Hz = 0.1e9;  // a Pentium's
constexpr double kFastest_Hz = 10e9;

// `where`: [host], or a cluster host's `hardware`.
void check_hardware(const Node& document, const models::topology::Description& hardware,
                    const std::string& where, Problems& problems) {
  const auto need = [&](bool holds, const std::string& name, const std::string& text) {
    const std::string key = where + "." + name;
    if (!holds) problems.add(position(document, key), fmt::format("{}: {}", key, text));
  };
  const double clock_Hz = hardware.frequency.count();
  need(clock_Hz <= 0.0 || (clock_Hz >= kSlowest_Hz && clock_Hz <= kFastest_Hz), "frequency",
       fmt::format("got {:g} GHz, need 0.1 to 10 GHz", clock_Hz / 1e9));
  for (const sim::Hertz turbo : hardware.turbo) {
    need(turbo.count() >= clock_Hz, "turbo",
         fmt::format("{:g} GHz is below the nominal clock of {:g} GHz", turbo.count() / 1e9,
                     clock_Hz / 1e9));
  }
  const double l2_s = sim::seconds(hardware.l2.latency);
  const double llc_s = sim::seconds(hardware.llc.latency);
  const double memory_s = sim::seconds(hardware.controller.latency);
  need(
      l2_s <= llc_s || llc_s <= 0.0, "l2.latency",
      fmt::format("{:g} ns are more than the last-level cache's {:g} ns", l2_s * 1e9, llc_s * 1e9));
  need(llc_s <= memory_s || memory_s <= 0.0, "llc.latency",
       fmt::format("{:g} ns are more than the memory's {:g} ns ({}.controller.latency)",
                   llc_s * 1e9, memory_s * 1e9, where));
}

// Whether it is not as [host].
bool has_own_hardware(const Node& document, const std::string& name) {
  const Node* node = &document;
  for (const std::string_view key : {std::string_view{"cluster"}, std::string_view{"host"},
                                     std::string_view{name}, std::string_view{"hardware"}}) {
    const Entry* entry = node->table() != nullptr ? find(*node, key) : nullptr;
    if (entry == nullptr) return false;
    node = &entry->value;
  }
  return true;
}

}  // namespace

void check_plausible(const Node& document, const models::HostDescription& host,
                     Problems& problems) {
  check_hardware(document, host.hardware, "host", problems);
  for (const models::HostDescription& other : host.others) {
    if (has_own_hardware(document, other.name))
      check_hardware(document, other.hardware, "cluster.host." + other.name + ".hardware",
                     problems);
  }
}

}  // namespace scenarios
