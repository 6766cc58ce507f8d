// What is uncertain of every machine, VMM and workload, whoever describes it: costs that were timed
// on other machines, figures of data sheets, counts of another build of a program.
//
// The table is scenarios/uncertainty/general.toml. A group is a set of keys that share a cause and
// move together, by one factor with mean 1:
//
//   v -> above + (v - above) factor, inside low .. high
//
// It speaks for all values, of presets, of a scenario's own and for defaults. Keys of which a
// preset or scenario has an entry of its own (uncertain.hpp) are that entry's. A group that no
// value of a point belongs to is not felt there.
// Checked tests/scenarios/general_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/key_path.hpp"
#include "scenarios/node.hpp"
#include "scenarios/run.hpp"
#include "scenarios/scenario.hpp"

namespace scenarios {

inline constexpr std::string_view kGeneralFile = "scenarios/uncertainty/general.toml";

struct General {
  struct Group {
    std::string name;           // "exits.software"
    std::vector<KeyPath> keys;  // "vmm.exits.*"
    double deviation = 0.0;     // of the factor
    double above = 0.0;         // what a value has in excess of this is scaled
    std::optional<double> low;  // physical bounds of the values
    std::optional<double> high;
    std::string needs;  // where it can be felt at all: "compute", "guest", "disk", "net", ...
    std::string source;
  };
  std::vector<Group> groups;
  ErrorLevels errors;  // of all times and rates (prediction.hpp)
};

const General& general();

// Adds the keys that the `[[uncertain]]` entries of a table speak of, as they stand behind `path`.
void add_stated(const Node& table, const KeyPath& path, std::vector<KeyPath>& stated);
// The same of parameters of hosts, VMMs and devices.
void add_stated(const std::vector<UncertainParameter>& found, std::vector<KeyPath>& stated);

// Without assumptions, adds to `found` the groups that the scenario feels, each once: key is the
// group's name, value its factor, 1. With them, applies those that are for kGeneralFile.
void take_general(Scenario& scenario, const std::vector<KeyPath>& stated,
                  const std::vector<Assumption>& assumed, std::vector<UncertainParameter>& found);

}  // namespace scenarios
