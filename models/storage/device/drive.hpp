// A disk that counts what it is asked, as the kernel does for iostat.
//
// Commands count from their arrival at the disk to their completion, those that wait for a place
// in its queue included; what a write cache has yet to bring to the medium does not.
// Source  Linux Documentation/admin-guide/iostats.rst; iostat(1): %util, aqu-sz, await.
// Checked tests/models/storage/device/drive_test.cpp.
#pragma once

#include <cstdint>

#include "models/storage/block_device.hpp"
#include "sim/tally.hpp"

namespace models::storage::device {

class DriveLoad {
 public:
  explicit DriveLoad(sim::Instant now) : under_way_{now}, busy_{now} {}

  void arrive(sim::Instant now) {
    if (under_way_.value() == 0.0) busy_.change(now, 1.0);
    under_way_.add(now, 1.0);
  }
  void complete(const Request& request, sim::Instant arrived, sim::Instant now) {
    under_way_.add(now, -1.0);
    if (under_way_.value() == 0.0) busy_.change(now, 0.0);
    switch (request.operation) {
      case Operation::read:
        ++reads_;
        read_ += request.size;
        break;
      case Operation::write:
        written_ += request.size;
        [[fallthrough]];
      case Operation::write_zeroes:
        ++writes_;
        break;
      case Operation::flush:
        return;
    }
    took_s_ += sim::seconds(now - arrived);
  }
  void restart(sim::Instant now) {
    under_way_.restart(now);
    busy_.restart(now);
    reads_ = writes_ = 0;
    read_ = written_ = {};
    took_s_ = 0.0;
  }

  std::uint64_t reads() const { return reads_; }
  std::uint64_t writes() const { return writes_; }  // deallocations included
  sim::Bytes read() const { return read_; }
  sim::Bytes written() const { return written_; }
  double took_s() const { return took_s_; }  // all reads and writes together
  double utilisation(sim::Instant now) const { return busy_.average(now); }  // %util
  double queue(sim::Instant now) const { return under_way_.average(now); }   // aqu-sz

 private:
  sim::TimeWeighted under_way_, busy_;
  std::uint64_t reads_ = 0, writes_ = 0;
  sim::Bytes read_{}, written_{};
  double took_s_ = 0.0;
};

class Drive : public BlockDevice {
 public:
  DriveLoad& load() { return load_; }

 protected:
  explicit Drive(sim::Engine& engine) : load_{engine.now()} {}

  // Around each command; not by a destructor, since commands under way at the end of a run may
  // outlive their disk.
  sim::Instant arrive() {
    load_.arrive(engine().now());
    return engine().now();
  }
  void complete(const Request& request, sim::Instant arrived) {
    load_.complete(request, arrived, engine().now());
  }

 private:
  DriveLoad load_;
};

}  // namespace models::storage::device
