// Whose fault it is: ConfigError is the user's and says where and what to do; ModelError is ours.
#pragma once

#include <stdexcept>
#include <string>

namespace sim {

// The input asks for something impossible. The message names the place and what is needed.
struct ConfigError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A precondition inside the program does not hold. Never caused by input.
struct ModelError : std::logic_error {
  using std::logic_error::logic_error;
};

}  // namespace sim
