// A part of a host's storage whose contents move to another host while a guest writes to it: what
// has yet to be copied is marked, granule by granule, as in QEMU's dirty bitmap of a drive-mirror.
//
// Checked tests/models/tracked_part_test.cpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "models/storage/block_device.hpp"

namespace models {

class TrackedPart final : public storage::BlockDevice {
 public:
  static constexpr sim::Bytes kGranule{64 << 10};  // drive-mirror's default
  struct Extent {
    sim::Bytes offset{};
    sim::Bytes size{};
  };

  explicit TrackedPart(std::unique_ptr<storage::BlockDevice> part) : part_{std::move(part)} {}
  sim::Engine& engine() override { return part_->engine(); }
  sim::Bytes capacity() const override { return part_->capacity(); }
  sim::Task<> serve(storage::Request request) override {
    return marks_.empty() ? part_->serve(request) : tracked(request);
  }

  // Marks all of it; what is written from here on is marked again.
  void track() {
    marks_.assign(granule_of(capacity() + kGranule - sim::Bytes{1}), true);
    marked_ = marks_.size();
    next_ = 0;
  }
  void forget() {
    marks_.clear();
    marked_ = 0;
  }
  bool tracking() const { return !marks_.empty(); }
  sim::Bytes marked() const { return kGranule * static_cast<std::int64_t>(marked_); }
  // The next marked extent, of at most `most`, no longer marked; of no size when nothing is.
  Extent take(sim::Bytes most) {
    if (marked_ == 0) return {};
    while (!marks_[next_]) next_ = (next_ + 1) % marks_.size();
    const std::size_t first = next_;
    const std::size_t end = std::min(marks_.size(), first + granule_of(most));
    while (next_ < end && marks_[next_]) {
      marks_[next_++] = false;
      --marked_;
    }
    const sim::Bytes from = kGranule * static_cast<std::int64_t>(first);
    const sim::Bytes to = kGranule * static_cast<std::int64_t>(next_);
    next_ %= marks_.size();
    return {from, std::min(to, capacity()) - from};
  }

 private:
  static std::size_t granule_of(sim::Bytes offset) {
    return static_cast<std::size_t>(offset.count() / kGranule.count());
  }
  sim::Task<> tracked(storage::Request request) {
    co_await part_->serve(request);
    const bool writes = request.operation == storage::Operation::write ||
                        request.operation == storage::Operation::write_zeroes;
    if (!writes || request.size.count() == 0) co_return;
    const std::size_t last = granule_of(request.offset + request.size - sim::Bytes{1});
    for (std::size_t i = granule_of(request.offset); i <= last && i < marks_.size(); ++i) {
      marked_ += !marks_[i];
      marks_[i] = true;
    }
  }

  std::unique_ptr<storage::BlockDevice> part_;
  std::vector<bool> marks_;  // [granule]; empty: not tracked
  std::size_t marked_ = 0;
  std::size_t next_ = 0;
};

}  // namespace models
