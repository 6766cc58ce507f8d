// What an I/O scheduler decides: which of the waiting requests goes to the device next.
#pragma once

#include <cstdint>

#include "models/storage/block_device.hpp"
#include "sim/units.hpp"

namespace models::storage::queue {

struct Waiter;

// A request that waits, with those merged into it.
struct Item {
  Operation operation{};
  sim::Bytes offset{};
  sim::Bytes size{};
  bool fua = false;
  bool synchronous = true;
  int stream = 0;
  int node = -1;  // of its first request
  sim::Instant arrived{};
  std::uint64_t number = 0;  // order of arrival
  Waiter* waiters = nullptr;

  bool read() const { return operation == Operation::read; }
  sim::Bytes end() const { return offset + size; }
};

class Policy {
 public:
  virtual ~Policy() = default;
  virtual void add(Item& item) = 0;
  // Takes out the one to dispatch; null when nothing waits, or when waiting is better.
  virtual Item* next(sim::Instant now) = 0;
  // After next() gave nothing: when to ask again if nothing arrives or completes before.
  virtual sim::Instant ask_again() const { return sim::kNever; }
  virtual void completed(const Item&, sim::Instant /*now*/) {}
  // Adjacent in place, alike in kind, and small enough; may they become one?
  virtual bool may_merge(const Item&, const Request&) const { return true; }
  // Shares of streams, for policies that have them.
  virtual void set_weight(int /*stream*/, int /*weight*/) {}
};

}  // namespace models::storage::queue
