// Quantities as text, "25.6 GB/s", to base units and back.
//
// Base units: ps, B, B/s, Hz, cycles, instructions, 1. KiB is 1024, kB is 1000. Sizes and amounts
// are rounded to whole base units.
// Checked tests/scenarios/quantity_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace scenarios {

// link_rate and channel_rate are rates that may also be given in transfers: of 2 B each on a
// QPI, UPI or HyperTransport link of full width (16 data bits a direction), of 8 B on a memory
// channel or front-side bus (64 data bits).
enum class Unit {
  time,
  size,
  rate,
  link_rate,
  channel_rate,
  wire_rate,
  frequency,
  cycles,
  instructions
};

// What a value of the unit looks like, for messages: "a time such as \"20 s\"".
std::string_view example(Unit unit);
// The names it takes, for `tenancy keys`.
std::string unit_names(Unit unit);

struct Parsed {
  std::optional<double> value;  // in base units
  std::string problem;          // why not, empty when there is a value
};
Parsed parse_quantity(Unit unit, std::string_view text);

// The shortest text in the largest fitting unit that parses back to exactly `value`.
std::string format_quantity(Unit unit, double value);

}  // namespace scenarios
