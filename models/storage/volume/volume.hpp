// A logical volume: a range of addresses laid over parts of physical volumes, one after another or
// striped over all.
//
// Models  linear and striped mapping, requests cut where data goes on elsewhere, flushes to every
//         physical volume, the device mapper's time for each request.
// Omits   thin volumes, snapshots, mirrors, caches; metadata.
// Source  dm-linear, dm-stripe; stripe of 64 KiB: lvcreate's default (recall); remap: recall, a
//         cloned bio like md's.
// Checked tests/models/storage/volume/volume_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "models/storage/block_device.hpp"

namespace models::storage::volume {

enum class Kind { linear, striped };

struct Description {
  Kind kind = Kind::linear;
  sim::Bytes size{};             // 0 B: all that the parts hold
  sim::Bytes stripe{64 << 10};   // striped: on one part before the next
  sim::Duration remap{500'000};  // 0.5 us of the submitter, each request (recall)
};

// A part of a physical volume, from `offset` to its end or to where the next volume begins.
struct Part {
  BlockDevice* device = nullptr;
  sim::Bytes offset{};
  sim::Bytes size{};  // 0 B: to the end
};

class Volume : public BlockDevice {
 public:
  // Throws ConfigError. The devices outlive the volume.
  Volume(sim::Engine& engine, const Description& description, std::vector<Part> parts);

  sim::Engine& engine() override { return engine_; }
  sim::Bytes capacity() const override { return size_; }
  sim::Task<> serve(Request request) override;

 private:
  struct Place {
    std::size_t part = 0;
    sim::Bytes offset{};
    sim::Bytes size{};
  };
  Place place(sim::Bytes offset) const;  // as far as it lies together
  sim::Task<> flush();
  sim::Task<> scatter(Request request);

  sim::Engine& engine_;
  Description description_;
  std::vector<Part> parts_;
  std::vector<BlockDevice*> devices_;  // each once
  sim::Bytes size_{};
};

}  // namespace models::storage::volume
