// What the L1 and L2 tables of a qcow2 image say: where each guest cluster is in the file, which of
// its subclusters are, and whether it belongs to this image alone.
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
    // A bit for each subcluster; one with neither is read from the backing image.
    std::uint32_t data = 0;    // in the file
    std::uint32_t zeroes = 0;  // reads as zeroes whatever the file holds
  };

  ClusterMap(const Geometry& geometry, bool shared);

  Entry cluster(std::int64_t guest) const;
  // It is the image's own there, and the `filled` of its subclusters hold data.
  void map(std::int64_t guest, std::int64_t host, std::uint32_t filled);
  void zero(std::int64_t guest, std::uint32_t zeroed);

  Entry table(std::int64_t l1_index) const;
  void map_table(std::int64_t l1_index, std::int64_t host);

  // Everything allocated is shared from now on.
  void share() { ++generation_; }

 private:
  struct Stored {
    std::int64_t host = -1;
    std::int32_t generation = 0;
    std::uint32_t data = 0;
    std::uint32_t zeroes = 0;
  };
  static constexpr std::int64_t kChunk = 64;  // clusters remembered together
  using Chunk = std::array<Stored, kChunk>;

  Entry entry(const Stored& stored) const {
    const bool own = stored.host >= 0 && stored.generation == generation_;
    return {stored.host, own, stored.data, stored.zeroes};
  }
  Stored original(std::int64_t guest) const;
  Stored& remembered(std::int64_t guest);

  const Geometry& geometry_;
  std::int32_t generation_ = 0;  // snapshots taken
  std::unordered_map<std::int64_t, std::unique_ptr<Chunk>> chunks_;
  std::unordered_map<std::int64_t, Stored> tables_;
};

}  // namespace models::storage::image
