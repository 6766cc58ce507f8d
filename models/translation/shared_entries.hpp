// How several uses share the entries of one translation cache.
//
//   fills_i = rate_i * (1 - hit_i)         each miss puts an entry in
//   held_i  = T * fills_i,  sum of held_i = capacity
//   hit_i   = held_i / count_i             of count_i entries that are used alike
//
// T is how long an entry stays, the same for all: who fills more holds more. One use alone hits
// capacity / count, as any cache does that replaces without looking.
//
// Source  mean-value form of random and FIFO replacement: Gelenbe, IEEE Trans. Computers 1973.
// Checked tests/models/translation/shared_entries_test.cpp.
#pragma once

#include <vector>

namespace models::translation {

struct EntryUse {
  double count = 1.0;  // different entries
  double rate = 0.0;   // of use, all together
};

// Share of each one's uses that finds its entry.
std::vector<double> hits(double capacity, const std::vector<EntryUse>& uses);

}  // namespace models::translation
