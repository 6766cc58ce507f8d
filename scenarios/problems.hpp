// What is wrong with a document, to be reported all at once.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "scenarios/node.hpp"
#include "scenarios/read.hpp"

namespace scenarios {

// Collects what is wrong, to be reported all at once.
class Problems {
 public:
  void add(const Location& at, std::string text) {
    list_.push_back({at.file ? *at.file : std::string{}, at.line, at.column, std::move(text)});
  }
  bool empty() const { return list_.empty(); }
  std::string text() const;  // without where they stand; "; " between
  // Those of a sweep's points. What stands at one place and says the same but for its numbers is
  // one; where not all points have it, it names the first by `where`, "vm.guest.count = 16".
  void add_points(const std::vector<Problems>& points, const std::vector<std::string>& where);
  void raise();  // sorted, each once; throws ScenarioError when there is any

 private:
  std::vector<Problem> list_;
};

}  // namespace scenarios
