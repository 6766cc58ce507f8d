#include "scenarios/quantity.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <vector>

namespace scenarios {
namespace {

struct Name {
  std::string_view text;
  double factor;
};

constexpr double kKi = 1024.0;

std::vector<Name> with_transfers(std::vector<Name> rates, double bytes) {
  rates.push_back({"GT/s", 1e9 * bytes});
  rates.push_back({"MT/s", 1e6 * bytes});
  return rates;
}

std::vector<Name> with_bits(std::vector<Name> rates) {
  rates.push_back({"Gbit/s", 1e9 / 8});
  rates.push_back({"Mbit/s", 1e6 / 8});
  return rates;
}

const std::vector<Name>& names(Unit unit) {
  static const std::vector<Name> time{{"h", 3600e12}, {"min", 60e12}, {"s", 1e12}, {"ms", 1e9},
                                      {"us", 1e6},    {"ns", 1e3},    {"ps", 1}};
  static const std::vector<Name> size{{"TiB", kKi * kKi * kKi * kKi},
                                      {"GiB", kKi * kKi * kKi},
                                      {"MiB", kKi * kKi},
                                      {"KiB", kKi},
                                      {"TB", 1e12},
                                      {"GB", 1e9},
                                      {"MB", 1e6},
                                      {"kB", 1e3},
                                      {"B", 1}};
  static const std::vector<Name> rate{{"GiB/s", kKi * kKi * kKi},
                                      {"MiB/s", kKi * kKi},
                                      {"KiB/s", kKi},
                                      {"TB/s", 1e12},
                                      {"GB/s", 1e9},
                                      {"MB/s", 1e6},
                                      {"kB/s", 1e3},
                                      {"B/s", 1}};
  static const std::vector<Name> link_rate = with_transfers(rate, 2);
  static const std::vector<Name> channel_rate = with_transfers(rate, 8);
  static const std::vector<Name> wire_rate = with_bits(rate);
  static const std::vector<Name> frequency{{"GHz", 1e9}, {"MHz", 1e6}, {"kHz", 1e3}, {"Hz", 1}};
  static const std::vector<Name> cycles{{"cycles", 1}};
  static const std::vector<Name> instructions{
      {"Tinstr", 1e12}, {"Ginstr", 1e9}, {"Minstr", 1e6}, {"kinstr", 1e3}, {"instr", 1}};
  switch (unit) {
    case Unit::time:
      return time;
    case Unit::size:
      return size;
    case Unit::rate:
      return rate;
    case Unit::link_rate:
      return link_rate;
    case Unit::channel_rate:
      return channel_rate;
    case Unit::wire_rate:
      return wire_rate;
    case Unit::frequency:
      return frequency;
    case Unit::cycles:
      return cycles;
    case Unit::instructions:
      break;
  }
  return instructions;
}

bool counted(Unit unit) {
  return unit != Unit::rate && unit != Unit::link_rate && unit != Unit::channel_rate &&
         unit != Unit::wire_rate && unit != Unit::frequency;
}

// Largest value of each unit: what an int64 of base units holds, or any finite double.
double most(Unit unit) {
  return counted(unit) ? 9.2e18 : 1e18;
}

// A number of a unit in base units; infinite or not a number where there is none.
double in_base(Unit unit, const Name& name, double number) {
  const double value = number * name.factor;
  return counted(unit) ? std::round(value) : value;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

std::string_view example(Unit unit) {
  switch (unit) {
    case Unit::time:
      return "a time such as \"20 s\" or \"90 ns\"";
    case Unit::size:
      return "a size such as \"2 GiB\" or \"512 KiB\"";
    case Unit::rate:
      return "a rate such as \"25.6 GB/s\"";
    case Unit::link_rate:
      return "a rate such as \"19.2 GB/s\", or \"9.6 GT/s\" of 2 bytes";
    case Unit::channel_rate:
      return "a rate such as \"23.5 GB/s\", or \"2933 MT/s\" of 8 bytes";
    case Unit::wire_rate:
      return "a rate such as \"10 Gbit/s\"";
    case Unit::frequency:
      return "a frequency such as \"2.4 GHz\"";
    case Unit::cycles:
      return "cycles such as \"2000 cycles\"";
    case Unit::instructions:
      break;
  }
  return "instructions such as \"20 Minstr\"";
}

std::string unit_names(Unit unit) {
  std::string all;
  for (const Name& name : names(unit)) all += (all.empty() ? "" : ", ") + std::string{name.text};
  return all;
}

Parsed parse_quantity(Unit unit, std::string_view text) {
  const std::string_view whole = trimmed(text);
  double number = 0;
  const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), number);
  if (error == std::errc::result_out_of_range) return {{}, "the number is out of range"};
  if (error != std::errc{}) return {{}, "it does not start with a number"};
  if (!std::isfinite(number)) return {{}, "the number is not finite"};
  const std::string_view suffix =
      trimmed(whole.substr(static_cast<std::size_t>(end - whole.data())));
  if (suffix.empty()) return {{}, "the unit is missing"};
  for (const Name& name : names(unit)) {
    if (suffix != name.text) continue;
    if (std::abs(number * name.factor) > most(unit)) {
      return {{}, fmt::format("more than {}", format_quantity(unit, most(unit)))};
    }
    return {in_base(unit, name, number), {}};
  }
  return {{}, fmt::format("\"{}\" is none of {}", suffix, unit_names(unit))};
}

std::string format_quantity(Unit unit, double value) {
  if (unit == Unit::link_rate || unit == Unit::channel_rate || unit == Unit::wire_rate)
    unit = Unit::rate;  // one way to write
  // Without an exponent where there is a way, then the shortest.
  const auto length = [](const std::string& text) {
    return text.size() + (text.find("e-") != text.npos || text.find("e+") != text.npos ? 1000 : 0);
  };
  if (value == 0 && unit == Unit::time) return "0 s";  // not of the shortest name, hours
  const bool readable = std::abs(value) <= most(unit) * 0.999;
  std::string best;
  for (const Name& name : names(unit)) {
    const double number = value / name.factor;  // read from its text, it is this very number
    if (readable && in_base(unit, name, number) != value) continue;
    const std::string text = fmt::format("{} {}", number, name.text);
    if (best.empty() || length(text) < length(best)) best = text;
  }
  return best.empty() ? fmt::format("{} {}", value, names(unit).back().text) : best;
}

}  // namespace scenarios
