// Reads a scenario file: TOML text to a Study, presets expanded and the sweep laid out.
//
// All mistakes are found and reported together; nothing is simulated when there is one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "scenarios/scenario.hpp"
#include "sim/error.hpp"

namespace scenarios {

struct Problem {
  std::string file;
  int line = 0;  // 1-based; 0: the file as a whole
  int column = 0;
  std::string text;  // "vm.guest.count: got -1, need a whole number from 1 to 65536"
};

// Every mistake of one file. what() is the whole list, one "file:line:col: text" per line.
class ScenarioError : public sim::ConfigError {
 public:
  explicit ScenarioError(std::vector<Problem> problems);
  const std::vector<Problem>& problems() const { return problems_; }

 private:
  std::vector<Problem> problems_;
};

// Throw ScenarioError. `path` "-" reads standard input; a bare study name that is no file but an
// embedded study (scenarios/studies/NAME.toml) reads that.
Study read_file(const std::string& path, const ReadOptions& options = {});
Study read_text(std::string_view text, const std::string& name, const ReadOptions& options = {});

// The same study under other assumptions about its presets' uncertain numbers.
Study read_again(const Study& study, const std::vector<Assumption>& assumed);

// The scenario with everything filled in, in the scenario language's own keys and units. Reading
// it again gives an equal Scenario.
nlohmann::ordered_json resolved(const Scenario& scenario);

}  // namespace scenarios
