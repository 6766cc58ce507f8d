#include "models/storage/partition.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace models::storage;
using namespace sim::literals;

namespace {

class Recorder final : public BlockDevice {
 public:
  explicit Recorder(sim::Engine& engine) : engine_{engine} {}
  sim::Engine& engine() override { return engine_; }
  sim::Bytes capacity() const override { return 1_MiB; }
  sim::Task<> serve(Request request) override {
    offsets.push_back(request.offset);
    co_return;
  }
  std::vector<sim::Bytes> offsets;

 private:
  sim::Engine& engine_;
};

sim::Process ask(sim::Engine&, BlockDevice& device) {
  co_await device.serve({.offset = 8_KiB, .size = 4_KiB});
}

}  // namespace

TEST_CASE("a partition shifts requests to where it begins") {
  sim::Engine engine;
  Recorder whole{engine};
  Partition part{whole, 64_KiB, 128_KiB};
  engine.spawn(ask(engine, part));
  CHECK(part.capacity() == 128_KiB);
  CHECK(whole.offsets == std::vector<sim::Bytes>{72_KiB});
}

TEST_CASE("a partition past the end of its device is refused") {
  sim::Engine engine;
  Recorder whole{engine};
  CHECK_THROWS_AS((Partition{whole, 960_KiB, 128_KiB}), sim::ConfigError);
  CHECK_THROWS_AS((Partition{whole, 0_KiB, 0_KiB}), sim::ConfigError);
}
