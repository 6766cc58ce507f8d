#include "scenarios/plausible.hpp"

#include <fmt/format.h>

#include <string>

#include "scenarios/key_path.hpp"

namespace scenarios {
namespace {

constexpr double kSlowest_Hz = 0.1e9;  // a Pentium's
constexpr double kFastest_Hz = 10e9;

}  // namespace

void check_plausible(const Node& document, const models::HostDescription& host,
                     Problems& problems) {
  const auto need = [&](bool holds, const std::string& key, const std::string& text) {
    if (!holds) problems.add(position(document, key), fmt::format("{}: {}", key, text));
  };
  const auto& hardware = host.hardware;
  const double clock_Hz = hardware.frequency.count();
  need(clock_Hz <= 0.0 || (clock_Hz >= kSlowest_Hz && clock_Hz <= kFastest_Hz), "host.frequency",
       fmt::format("got {:g} GHz, need 0.1 to 10 GHz", clock_Hz / 1e9));
  for (const sim::Hertz turbo : hardware.turbo) {
    need(turbo.count() >= clock_Hz, "host.turbo",
         fmt::format("{:g} GHz is below the nominal clock of {:g} GHz", turbo.count() / 1e9,
                     clock_Hz / 1e9));
  }
  const double l2_s = sim::seconds(hardware.l2.latency);
  const double llc_s = sim::seconds(hardware.llc.latency);
  const double memory_s = sim::seconds(hardware.controller.latency);
  need(
      l2_s <= llc_s || llc_s <= 0.0, "host.l2.latency",
      fmt::format("{:g} ns are more than the last-level cache's {:g} ns", l2_s * 1e9, llc_s * 1e9));
  need(llc_s <= memory_s || memory_s <= 0.0, "host.llc.latency",
       fmt::format("{:g} ns are more than the memory's {:g} ns (host.controller.latency)",
                   llc_s * 1e9, memory_s * 1e9));
}

}  // namespace scenarios
