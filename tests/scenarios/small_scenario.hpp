// A scenario of one guest, and what is said of one that cannot be read.
#pragma once

#include <string>

#include "scenarios/read.hpp"

namespace tests {

inline const std::string kSmall =
    "[study]\n"
    "duration = \"2 s\"\n"
    "[host]\n"
    "use = \"opteron-6272-4s\"\n"
    "[vmm]\n"
    "use = \"kvm-3.10\"\n"
    "[[vm]]\n"
    "name = \"guest\"\n"
    "memory = \"2 GiB\"\n"
    "workload = \"kernel-compile\"\n";

inline std::string refusal(const std::string& text, const scenarios::ReadOptions& options = {}) {
  try {
    scenarios::read_text(text, "a.toml", options);
  } catch (const scenarios::ScenarioError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace tests
