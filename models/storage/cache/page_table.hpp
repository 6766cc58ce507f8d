// Which pages of a file or device are in memory, which of them are dirty and since when.
//
// Pages are kept by groups of 64 neighbours, two masks a group: exact, and memory follows what has
// been touched (about 100 B a group), not the size of the cache or the device.
// Replacement is by groups, least recently used first; dirty pages stay until they are written.
// Checked tests/models/storage/cache/page_cache_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "sim/units.hpp"

namespace models::storage::cache {

class PageTable {
 public:
  static constexpr std::int64_t kPage = 4096;  // bytes

  explicit PageTable(std::int64_t most_pages) : most_{most_pages} {}

  struct Run {
    std::int64_t first = 0;
    std::int64_t count = 0;
  };
  bool present(std::int64_t page) const;
  // The first run of absent pages in [first, first + count); count 0: all are present.
  Run absent(std::int64_t first, std::int64_t count) const;
  bool touched(std::int64_t page) const { return groups_.contains(page / kGroup); }

  void use(std::int64_t first, std::int64_t count);  // most recently used now
  void insert(std::int64_t first, std::int64_t count);
  void make_dirty(std::int64_t first, std::int64_t count, sim::Instant now);
  // A run of dirty pages at or behind `from`, at most `most`, cleaned; of groups dirty since before
  // `before` only. Count 0: there is none.
  Run take_dirty(std::int64_t from, std::int64_t most, sim::Instant before);
  // Drops least recently used clean pages until it fits; false: what is left is dirty.
  bool shrink();
  // Drops least recently used clean pages while there are more than `enough` in all.
  void drop_clean(std::int64_t enough);

  std::int64_t pages() const { return pages_; }
  std::int64_t dirty() const { return dirty_; }

 private:
  static constexpr std::int64_t kGroup = 64;
  struct Group {
    std::uint64_t present = 0;
    std::uint64_t dirty = 0;
    sim::Instant dirty_since{};
    std::int64_t newer = -1;
    std::int64_t older = -1;
  };
  Group& group(std::int64_t index);
  void touch(std::int64_t index);
  void unlink(const Group& group);
  // Calls with each group of the range and the mask of its pages.
  template <class Action>
  void each(std::int64_t first, std::int64_t count, Action&& action);

  std::int64_t most_;
  std::int64_t pages_ = 0;
  std::int64_t dirty_ = 0;
  std::unordered_map<std::int64_t, Group> groups_;
  std::map<std::int64_t, Group*> dirty_groups_;
  std::int64_t newest_ = -1;
  std::int64_t oldest_ = -1;
};

}  // namespace models::storage::cache
