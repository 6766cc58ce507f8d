// Where a byte of an array lies on its members, as md places it.
//
//   RAID 0     chunk c of a zone on disk c mod d, at c / d; disks of unequal size make zones: first
//              all disks up to the smallest, then the others up to the next smallest, and so on
//   RAID 5     stripe s: parity on p = n - 1 - s mod n, data k on (p + 1 + k) mod n
//   RAID 6     the same with Q on (p + 1) mod n and data k on (p + 2 + k) mod n
//   RAID 10    near: copy i of chunk c is place c * copies + i, n places a stripe
//              far: copy f of chunk c is one disk on, f strides (parts of the disk) further in
//              offset: copy f of stripe s is one disk on, in stripe s * copies + f
//
// Models  left-symmetric parity, zones of RAID 0, all three layouts of RAID 10, linear.
// Omits   other parity rotations, far_set_size, space of the superblock and bitmap, reshaping.
// Source  semantics.md 7 (raid5_compute_sector, __raid10_find_phys, create_strip_zones).
// Checked tests/models/storage/raid/geometry_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "models/storage/raid/description.hpp"

namespace models::storage::raid {

struct Place {
  int member = 0;
  sim::Bytes offset{};  // on the member
};

// Bytes that lie together on each of the members that hold them.
struct Span {
  static constexpr int kMostCopies = 16;
  sim::Bytes size{};
  int copies = 1;
  std::array<Place, kMostCopies> at;
};

// A run of data within one chunk of a parity array.
struct ParityPiece {
  std::int64_t stripe = 0;
  int member = 0;
  sim::Bytes offset{};  // on the member
  sim::Bytes size{};
};

class Geometry {
 public:
  // `sizes` of the members, spares left out. Throws ConfigError for what cannot be.
  Geometry(const Description& description, const std::vector<sim::Bytes>& sizes);

  Level level() const { return level_; }
  int members() const { return n_; }
  int parities() const { return parities_; }
  sim::Bytes chunk() const { return chunk_; }
  sim::Bytes capacity() const { return capacity_; }
  // Of each member, as far as the array uses it (RAID 0 and linear: of the largest).
  sim::Bytes component() const { return component_; }
  // Data of one stripe of RAID 5/6; a chunk on each disk of the others.
  sim::Bytes stripe_data() const;

  // Levels that keep copies or nothing: from `offset` on, all copies.
  Span span(sim::Bytes offset) const;
  // RAID 1/10: the same from a place on a member; size zero where the member holds nothing.
  Span span_at(int member, sim::Bytes offset) const;

  // RAID 5/6: from `offset` to the end of its chunk.
  ParityPiece piece(sim::Bytes offset) const;
  int parity(std::int64_t stripe) const;    // member with P
  int syndrome(std::int64_t stripe) const;  // member with Q; -1 on RAID 5

 private:
  struct Zone {
    std::int64_t begin = 0;  // in the array
    std::int64_t end = 0;
    std::int64_t member_begin = 0;  // on each member of it
    std::vector<int> members;
  };
  void make_zones(const std::vector<sim::Bytes>& sizes);
  void make_raid10();
  Span zone_span(std::int64_t offset) const;
  Span chunk_copies(std::int64_t chunk, std::int64_t within) const;

  Level level_;
  Layout layout_;
  int n_;
  int copies_;
  int parities_;
  sim::Bytes chunk_;
  sim::Bytes component_{};
  sim::Bytes capacity_{};
  std::vector<Zone> zones_;
  std::int64_t stride_ = 0;  // far: chunks from one copy to the next
};

}  // namespace models::storage::raid
