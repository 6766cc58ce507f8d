// A set of bytes as disjoint extents.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "sim/units.hpp"

namespace models::storage::raid {

struct Extent {
  sim::Bytes begin{};
  sim::Bytes end{};
  sim::Bytes size() const { return end - begin; }
  bool operator==(const Extent&) const = default;
};

class Extents {
 public:
  // Return by how much the set has grown or shrunk.
  sim::Bytes add(Extent extent);
  sim::Bytes remove(Extent extent);
  bool covers(Extent extent) const;
  bool touches(Extent extent) const;
  // The first that ends behind `from`, without what lies before `from`.
  std::optional<Extent> first(sim::Bytes from) const;
  sim::Bytes size() const { return sim::Bytes{size_}; }
  bool empty() const { return ends_.empty(); }

 private:
  std::map<std::int64_t, std::int64_t> ends_;  // begin -> end
  std::int64_t size_ = 0;
};

}  // namespace models::storage::raid
