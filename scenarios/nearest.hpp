// "did you mean": the name that a mistyped one is nearest to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace scenarios {

// The valid name nearest to `word` by edit distance, else the first that has it as a part; empty
// when none is near.
std::string nearest(std::string_view word, const std::vector<std::string_view>& names);
// The same for messages: `, did you mean "raid10"?`, or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& names);

}  // namespace scenarios
