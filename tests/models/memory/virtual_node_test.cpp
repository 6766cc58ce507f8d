#include "models/memory/virtual_node.hpp"

#include <catch2/catch.hpp>

using namespace sim::literals;
using models::memory::VirtualNode;

TEST_CASE("a virtual node's threads use its memory, and the guest's with what is left") {
  VirtualNode node{2, -1};
  CHECK(node.accesses({0.5, 0.5}, 0.8) == std::vector{0.5, 0.5});  // has touched none yet
  node.touch(0, 3_GiB);
  node.touch(1, 1_GiB);
  const std::vector<double> shares = node.accesses({0.25, 0.75}, 0.6);
  CHECK(shares[0] == Approx(0.6 * 0.75 + 0.4 * 0.25));
  CHECK(shares[1] == Approx(0.6 * 0.25 + 0.4 * 0.75));
  node.forget();
  CHECK(node.accesses({0.25, 0.75}, 0.6) == std::vector{0.25, 0.75});
}

TEST_CASE("memory of a bound virtual node lies there, wherever it is touched") {
  CHECK(VirtualNode(2, 1).place(0) == 1);
  CHECK(VirtualNode(2, -1).place(0) == 0);
}
