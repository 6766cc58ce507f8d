// Ctrl-C, or a SIGTERM, as a request to finish: the first sets a flag, the second ends the program
// at once.
#pragma once

#include <atomic>

namespace tools {

class Interrupt {
 public:
  // From here on SIGINT and SIGTERM set the flag.
  Interrupt();

  bool requested() const;
  const std::atomic<bool>* flag() const;
};

}  // namespace tools
