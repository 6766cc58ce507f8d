// What a PCI Express link carries, each direction.
//
//   lane   gen 1, 2: 2.5, 5 GT/s in 8b/10b; gen 3, 4, 5: 8, 16, 32 GT/s in 128b/130b
//   share  payload / (payload + overhead): a TLP of header, sequence, LCRC and framing, and its
//   part
//          of acknowledgements and flow control
//
// Source  PCI Express base specification; 3-DW or 4-DW header 16, sequence 2, LCRC 4, framing 2 to
//         4 bytes: 26 in the mean, which gives 91 % at 256 bytes and 83 % at 128 (semantics.md
//         11.1: 90 and 84 %).
// Checked tests/models/pcie/link_rate_test.cpp.
#pragma once

#include "sim/units.hpp"

namespace models::pcie {

inline constexpr sim::Bytes kTlpOverhead{26};

// Of one lane, after encoding. Requires generation 1 to 5.
constexpr sim::BytesPerSecond lane_rate(int generation) {
  const double transfers[] = {2.5e9, 5e9, 8e9, 16e9, 32e9};
  const double encoding = generation <= 2 ? 8.0 / 10.0 : 128.0 / 130.0;
  return sim::BytesPerSecond{transfers[generation - 1] * encoding / 8.0};
}

// Data of a link after packet overhead.
constexpr sim::BytesPerSecond data_rate(int generation, int lanes, sim::Bytes max_payload) {
  return lane_rate(generation) * (lanes * (max_payload / (max_payload + kTlpOverhead)));
}

}  // namespace models::pcie
