// What every subcommand that simulates a study takes: the study, changes to it, threads, journal.
#pragma once

#include <string>
#include <vector>

#include "scenarios/run.hpp"
#include "scenarios/scenario.hpp"
#include "tools/interrupt.hpp"
#include "tools/terminal.hpp"

namespace CLI {
class App;
}

namespace tools {

struct StudyOptions {
  std::string file = "numa-consolidation";
  std::string seed;
  std::string replications;
  std::string duration;
  std::vector<std::string> settings;  // "key=value"
  std::vector<std::string> without;
  std::vector<std::string> limits;
  std::string journal;
  int jobs = 0;
};

void add_study_options(CLI::App& command, StudyOptions& options);

// "key=value" from an option of that name; throws sim::ConfigError when it is not.
scenarios::Override setting(const char* option, const std::string& text);

// The study with the changes that the options make. Throws sim::ConfigError.
scenarios::Study read_study(const StudyOptions& options);

// `interrupt` and `progress` outlive the run.
scenarios::RunOptions run_options(const StudyOptions& options, const Interrupt& interrupt,
                                  ProgressBar& progress);

}  // namespace tools
