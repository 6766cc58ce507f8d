#include "models/network/memory_distance.hpp"

#include <catch2/catch.hpp>

#include "tests/models/network/two_sockets.hpp"

using namespace models::network;

namespace {

double in_ns(sim::Duration time) {
  return sim::seconds(time) * 1e9;
}

const sim::Bytes kSixteenLines{1'024};

}  // namespace

TEST_CASE("a card leaves its data in the LLC of its own socket, and nowhere else") {
  const auto topology = tests::sockets(2);
  const MemoryDistance distance{topology};
  CHECK(distance.delivered(0, 0).cache == 0);
  CHECK(distance.delivered(1, 0).cache == -1);
  CHECK(distance.delivered(1, 0).memory == 0);
}

TEST_CASE("copying takes longer out of memory, and out of another socket's LLC or memory") {
  const auto topology = tests::sockets(2);
  const MemoryDistance distance{topology};
  const auto copy = [&](int cpu, Where from) {
    return in_ns(distance.copy_from(cpu, from, kSixteenLines));
  };
  const Where cached{.memory = 0, .cache = 0}, in_memory{.memory = 0};
  CHECK(copy(kFirstCpu, cached) == 0.0);
  CHECK(copy(kSecondCpu, cached) == Approx(50));
  CHECK(copy(kFirstCpu, in_memory) == Approx(80 - 15));
  CHECK(copy(kSecondCpu, in_memory) == Approx(80 - 15 + 50));
  CHECK(in_ns(distance.copy_to(kSecondCpu, 0, kSixteenLines)) == Approx(50));
}

TEST_CASE("headers are looked at one by one, descriptors four to a line") {
  const auto topology = tests::sockets(2);
  const MemoryDistance distance{topology};
  CHECK(in_ns(distance.look(kSecondCpu, distance.written_by(kFirstCpu), 5)) == Approx(7 * 50));
}

TEST_CASE("nothing is far where nodes are not simulated, or distance costs nothing") {
  const auto topology = tests::sockets(2);
  for (const MemoryDistance& distance : {MemoryDistance{}, MemoryDistance{topology, false}}) {
    CHECK(in_ns(distance.copy_from(kSecondCpu, {.memory = 0}, kSixteenLines)) == 0.0);
    CHECK(in_ns(distance.look(kSecondCpu, {.memory = 0}, 5)) == 0.0);
  }
  CHECK(MemoryDistance{topology}.copy_from(-1, {.memory = 0}, kSixteenLines) == sim::Duration{});
}
