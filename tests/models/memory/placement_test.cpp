#include "models/memory/placement.hpp"

#include <catch2/catch.hpp>

using namespace sim::literals;
using namespace models::memory;

namespace {

models::topology::Topology host() {
  models::topology::Description d;
  d.sockets = 2;
  d.frequency = sim::Hertz{2e9};
  d.memory = 8_GiB;  // 4 GiB a node
  d.controller.channel_bandwidth = sim::BytesPerSecond{10e9};
  d.controller.latency = 100_ns;
  d.links = {{.from = 0, .to = 1, .bandwidth = sim::BytesPerSecond{4e9}, .latency = 60_ns}};
  return models::topology::Topology{d};
}

}  // namespace

TEST_CASE("first touch follows the toucher and spills when its node is full", "[placement]") {
  const auto topology = host();
  NodeMemory memory{topology};
  Placement vm{memory, Policy::first_touch, {}, 6_GiB};
  CHECK(vm.touch(3_GiB, 1) == 3_GiB);
  CHECK(vm.shares() == std::vector<double>{0.0, 1.0});
  CHECK(vm.touch(3_GiB, 1) == 3_GiB);  // node 1 has 1 GiB left
  CHECK(vm.shares() == std::vector<double>{2.0 / 6, 4.0 / 6});
  CHECK(vm.touch(1_GiB, 0).count() == 0);  // all resident memory is touched
}

TEST_CASE("strict never leaves its nodes, interleave is even", "[placement]") {
  const auto topology = host();
  NodeMemory memory{topology};
  Placement strict{memory, Policy::strict, {1}, 6_GiB};
  CHECK(strict.touch(6_GiB, 0) == 4_GiB);
  CHECK(strict.shares()[0] == 0.0);
  NodeMemory fresh{topology};
  Placement even{fresh, Policy::interleave, {}, 2_GiB};
  even.touch(2_GiB, 0);
  CHECK(even.shares() == std::vector<double>{0.5, 0.5});
}

TEST_CASE("memory laid out anew keeps its amount", "[placement]") {
  const auto topology = host();
  NodeMemory memory{topology};
  Placement vm{memory, Policy::first_touch, {}, 2_GiB};
  vm.touch(2_GiB, 0);
  vm.release();
  vm.lay_out(0.5, {0, 1});
  CHECK(vm.shares()[0] == Approx(0.75));
  CHECK(vm.shares()[1] == Approx(0.25));
  CHECK(memory.free(0) + memory.free(1) == 6_GiB);
}
