#include "models/memory/numad.hpp"

#include <catch2/catch.hpp>

using namespace models::memory;

namespace {

const std::vector<std::vector<int>> kTwo{{10, 21}, {21, 10}};
const std::vector<std::vector<int>> kFour{
    {10, 16, 22, 22}, {16, 10, 22, 22}, {22, 22, 10, 16}, {22, 22, 16, 10}};

// Nodes of 8 cores and 16 GB, all free.
std::vector<NumadNode> idle(int count) {
  return std::vector<NumadNode>(static_cast<std::size_t>(count), {800, 800, 16384, 16384});
}

NumadProcess guest(double cpus, std::vector<double> memory) {
  NumadProcess process;
  process.cpus = cpus;
  process.threads = 8;
  process.memory = std::move(memory);
  return process;
}

}  // namespace

TEST_CASE("numad leaves small and idle processes alone", "[numad]") {
  const Numad numad{{}, kTwo};
  CHECK_FALSE(numad.manage(15, {guest(50, {4000, 0}), guest(400, {300, 0})}, idle(2)));
}

TEST_CASE("numad binds a process to the node that has its memory", "[numad]") {
  const Numad numad{{}, kTwo};
  auto nodes = idle(2);
  nodes[0].cpus_free = 600;  // it runs on both
  nodes[1].cpus_free = 600;
  nodes[1].memory_free -= 4000;
  const auto binding = numad.manage(15, {guest(400, {0, 4000})}, nodes);
  REQUIRE(binding);
  CHECK(binding->process == 0);
  CHECK(binding->nodes == std::vector<int>{1});
}

TEST_CASE("numad turns to a busy node's neighbour", "[numad]") {
  const Numad numad{{}, kTwo};
  auto nodes = idle(2);
  nodes[0].cpus_free = 10;
  const auto binding = numad.manage(15, {guest(400, {2000, 2000})}, nodes);
  REQUIRE(binding);
  CHECK(binding->nodes == std::vector<int>{1});
}

TEST_CASE("a process that one node cannot hold gets two near each other", "[numad]") {
  const Numad numad{{}, kFour};
  auto nodes = idle(4);
  nodes[0].memory_free = 1000;
  const auto binding = numad.manage(15, {guest(400, {0, 20000, 0, 0})}, nodes);
  REQUIRE(binding);
  CHECK(binding->nodes == std::vector<int>{2, 3});
}

TEST_CASE("the largest unbound process comes first, a bound one again after five minutes",
          "[numad]") {
  const Numad numad{{}, kTwo};
  auto large = guest(400, {4000, 4000});
  const auto small = guest(200, {1000, 1000});
  const auto first = numad.manage(15, {small, large}, idle(2));
  REQUIRE(first);
  CHECK(first->process == 1);
  large.nodes = first->nodes;
  large.bound_s = 15;
  const auto second = numad.manage(20, {small, large}, idle(2));
  REQUIRE(second);
  CHECK(second->process == 0);
  CHECK_FALSE(numad.manage(300, {large}, idle(2)));
  CHECK(numad.manage(316, {large}, idle(2)));  // its memory has not come
}
