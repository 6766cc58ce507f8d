// A file of finished runs, so that an interrupted study goes on where it stopped.
//
// JSON lines, appended and flushed run by run: a header, then one run a line with a checksum. Only
// the last line can be cut short by an interruption; it is dropped. Everything else that does not
// read back as written is an error, for a silently shorter journal would look like a fresh one.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <unordered_map>

#include "models/results.hpp"
#include "scenarios/scenario.hpp"

namespace scenarios {

// All that a run's outcome depends on but its seed: the resolved scenario without what only the
// report uses (title, replications, confidence), so that more replications reuse finished ones.
std::string run_text(const Scenario& scenario);

// Names a run in the journal: a hash of run_text, seed, whether invariants are checked, and the
// program's version.
std::string run_key(std::string_view run_text, std::uint64_t seed, bool check);

class Journal {
 public:
  // Reads `path` and opens it to append; creates it when missing. Throws sim::ConfigError when it
  // cannot be opened, is no journal, or is damaged.
  explicit Journal(std::string path);

  // The finished run of that key, or null.
  const models::Results* find(const std::string& key) const;

  // Writes through to the file. Throws sim::ConfigError when that fails.
  void append(const std::string& key, const models::Results& results);

 private:
  void read();
  void start();
  void read_line(const std::string& line, int number);

  std::string path_;
  std::ofstream file_;
  std::unordered_map<std::string, models::Results> runs_;
};

}  // namespace scenarios
