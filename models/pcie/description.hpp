// Slots, cards and the chipset's link as the host's owner states them.
//
// Plain data. A slot belongs to a socket's root complex or to the chipset behind DMI.
#pragma once

#include <string>
#include <vector>

#include "sim/units.hpp"

namespace models::pcie {

inline constexpr int kChipset = -1;  // owner of a slot

struct Slot {
  std::string name{};
  std::string riser{};  // empty: on the board
  int owner = 0;        // socket, or kChipset
  int connector = 8;    // lanes that a card may have to fit in
  int lanes = 8;        // that are wired
  int generation = 3;
};

struct Card {
  std::string name{};
  std::string slot{};
  int lanes = 8;
  int generation = 3;
};

struct Iommu {
  bool on = false;
  int entries = 64;             // IOTLB [recall]
  sim::Bytes page{4'096};       // that mappings are made of
  sim::Duration walk{250'000};  // a miss: two to four reads of memory, 250 ns [recall]
};

struct Description {
  std::vector<Slot> slots;
  std::vector<Card> cards;
  int dmi_generation = 2;          // C600: DMI2, four lanes of the second generation
  int dmi_lanes = 4;               //
  int chipset_socket = 0;          // whose DMI it is behind
  int lanes_per_socket = 40;       // Xeon E5
  sim::Bytes max_payload{256};     // of a TLP; 128 where a card or slot has no more
  sim::Duration latency{400'000};  // of a transfer from slot to root complex, 400 ns [recall]
  sim::Duration chipset_latency{300'000};  // added by the chipset and DMI, 300 ns [recall]
  Iommu iommu{};
};

}  // namespace models::pcie
