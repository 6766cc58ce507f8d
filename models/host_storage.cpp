#include "models/host_storage.hpp"

#include <fmt/format.h>

#include "models/storage/partition.hpp"
#include "sim/error.hpp"

namespace models {
namespace {

// Temporary until devices are merged.
class Fixed final : public storage::BlockDevice {
 public:
  explicit Fixed(sim::Engine& engine) : engine_{engine} {}
  sim::Engine& engine() override { return engine_; }
  sim::Bytes capacity() const override { return sim::Bytes{1LL << 40}; }
  sim::Task<> serve(storage::Request) override {
    co_await engine_.delay(sim::Duration{200'000'000});
  }

 private:
  sim::Engine& engine_;
};

}  // namespace

HostStorage::HostStorage(sim::Engine& engine, const HostDescription& description) {
  devices_.push_back(std::make_unique<Fixed>(engine));
  places_["sda"].device = devices_.back().get();
  (void)description;
  places_["sda"].equal_share = sim::Bytes{1LL << 36};
}

std::unique_ptr<storage::BlockDevice> HostStorage::part(const std::string& on, sim::Bytes size,
                                                        const std::string& name) {
  (void)name;
  Place& place = places_.at(on);
  if (size.count() == 0) size = place.equal_share;
  auto part = std::make_unique<storage::Partition>(*place.device, place.handed_out, size);
  place.handed_out += size;
  return part;
}

}  // namespace models
