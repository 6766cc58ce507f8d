// What the L1 and L2 tables of a qcow2 image say: where each guest cluster is in the file, and
// whether it belongs to this image alone.
//
// Memory is used only for what the simulation has written: what was there before follows a formula.
// A cluster is shared when a snapshot was taken after it was written.
// Checked tests/models/storage/image/qcow2_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "models/storage/image/geometry.hpp"

namespace models::storage::image {

class ClusterMap {
 public:
  struct Entry {
    std::int64_t host = -1;  // cluster of the file; -1: not allocated
    bool own = false;        // COPIED: no snapshot shares it
    bool zero = false;       // reads as zeroes whatever the file holds
  };

  ClusterMap(const Geometry& geometry, bool shared);

  Entry cluster(std::int64_t guest) const;
  void map(std::int64_t guest, std::int64_t host);  // and it is the image's own
  void zero(std::int64_t guest);

  Entry table(std::int64_t l1_index) const;
  void map_table(std::int64_t l1_index, std::int64_t host);

  // Everything allocated is shared from now on.
  void share() { ++generation_; }

 private:
  struct Stored {
    std::int64_t host = -1;
    std::int32_t generation = 0;
    bool zero = false;
  };
  static constexpr std::int64_t kChunk = 64;  // clusters remembered together
  using Chunk = std::array<Stored, kChunk>;

  Entry entry(const Stored& stored) const {
    return {stored.host, stored.host >= 0 && stored.generation == generation_, stored.zero};
  }
  Stored original(std::int64_t guest) const;
  Stored& remembered(std::int64_t guest);

  const Geometry& geometry_;
  std::int32_t generation_ = 0;  // snapshots taken
  std::unordered_map<std::int64_t, std::unique_ptr<Chunk>> chunks_;
  std::unordered_map<std::int64_t, Stored> tables_;
};

}  // namespace models::storage::image
