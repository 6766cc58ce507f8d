// A RAID controller: a processor of its own, and with a battery a cache that completes writes
// before the disks have them.
//
//   write, battery      command -> into the cache, waiting while that is full of dirty data
//   write, none         command -> the disks
//   read                command -> from the cache, else the disks
//   write back          from the lowest address up and round again, a stripe at a time, when data
//                       is older than dirty_age or more than dirty_share of the cache is dirty
// What was written meanwhile to the same stripe goes out with it, so that small sequential writes
// become full stripes.
//
// Models  the above; flushes that a battery makes free; parity by the controller's XOR engine.
// Omits   read-ahead and caching of what was read; the bus; learning cycles of the battery.
// Source  recall (MegaRAID, Smart Array); parameters in description.hpp.
// Checked tests/models/storage/raid/controller_test.cpp.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "models/storage/raid/array.hpp"
#include "models/storage/raid/extents.hpp"
#include "sim/event.hpp"
#include "sim/server.hpp"

namespace models::storage::raid {

class Controller : public Array {
 public:
  Controller(sim::Engine& engine, const Description& description,
             std::vector<BlockDevice*> members);
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  sim::Engine& engine() override { return engine_; }
  sim::Bytes capacity() const override { return disks_->capacity(); }
  sim::Task<> serve(Request request) override;
  void fail(int member) override { disks_->fail(member); }
  State state() const override { return disks_->state(); }
  Progress rebuild_progress() const override { return disks_->rebuild_progress(); }
  Stats stats() const override;
  Backlog backlog() const override { return {dirty_.size() + leaving_.size(), written_}; }
  sim::Bytes dirty() const { return dirty_.size(); }

 private:
  class Processor : public Thread {
   public:
    explicit Processor(sim::Engine& engine) : server_{engine} {}
    sim::Engine& engine() { return server_.engine(); }
    sim::Task<> work(sim::Duration cpu_time) override;

   private:
    sim::Server server_;
  };
  struct Aged {
    sim::Instant since{};
    Extent extent;
  };

  sim::Task<> write(Request request);
  sim::Bytes make_room(sim::Bytes size);
  void drain();
  bool due() const;
  sim::Process write_back(std::vector<Extent> extents, Extent stripe);
  std::vector<Extent> take(Extent stripe);

  sim::Engine& engine_;
  Hardware hardware_;
  Processor processor_;
  std::unique_ptr<Array> disks_;
  sim::Bytes stripe_;
  Extents held_;              // in the cache: dirty, on their way to the disks, or clean
  Extents dirty_;             // not yet on their way
  Extents leaving_;           // on their way
  std::deque<Extent> clean_;  // by age, those that may be dirty again among them
  std::deque<Aged> ages_;     // of dirty data, oldest first
  sim::Bytes sweep_{};        // where writing back goes on
  int draining_ = 0;
  sim::Signal room_;
  sim::Event drain_;
  sim::Bytes written_{};  // from the cache to the disks
  Stats stats_;           // of the cache's own
};

}  // namespace models::storage::raid
