// Which runs tell the effects of k factors: a two-level design of n runs, n a multiple of four,
// whose columns of +1 and -1 are orthogonal (Plackett and Burman, Biometrika 33, 1946; n runs
// weigh n things together as well as each of them n times: Hotelling 1944).
//
//   effect[i] = 1/n sum[r] sign[r][i] y[r]
//
// Source  columns of Sylvester's Hadamard matrices. With more factors than runs, k of them
//         share a column, with like or unlike signs: 1/k of what they do together is each one's
//         variance. That is right in the mean over metrics, not for each; more runs would cost
//         more time than that is worth.
// Checked tests/scenarios/design_test.cpp.
#pragma once

#include <cstddef>
#include <vector>

namespace scenarios {

inline constexpr std::size_t kMostRuns = 8;

// [run][factor], +1 or -1; empty without factors. `most` is 4 or kMostRuns.
std::vector<std::vector<int>> two_level_design(std::size_t factors, std::size_t most);

}  // namespace scenarios
