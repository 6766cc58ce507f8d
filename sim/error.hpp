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

// Collects everything that is wrong, so that the user mends an input once: one reason a line.
class Complaints {
 public:
  void need(bool holds, const std::string& text) {
    if (!holds) text_ += (text_.empty() ? "" : "\n") + text;
  }
  const std::string& text() const { return text_; }
  // Throws ConfigError, or what derives from it, when anything is wrong.
  template <class Error = ConfigError>
  void raise() const {
    if (!text_.empty()) throw Error{text_};
  }

 private:
  std::string text_;
};

}  // namespace sim
