#include "scenarios/array_keys.hpp"

#include <catch2/catch.hpp>

namespace raid = models::storage::raid;
using namespace scenarios;

namespace {

Node integer(std::int64_t value) {
  Node node;
  node.value = value;
  return node;
}

}  // namespace

TEST_CASE("array keys are written as they stand by default", "[raid]") {
  const Json json = write_table(array_keys(), raid::Description{});
  CHECK(json["level"] == "raid5");
  CHECK(json["layout"] == "near");
  CHECK(json["chunk"] == "0.5 MiB");
  CHECK(json["stripe_cache"] == 256);
  CHECK(json["costs"]["member_flush"] == "293 ns");
  CHECK(json["rebuild"]["speed_max"] == "204.8 MB/s");
  CHECK(json["bitmap"]["chunk"] == "64 MiB");
  CHECK(json["hardware"]["present"] == false);
  CHECK(json["failed"] == Json::array());
}

TEST_CASE("missing members are read as numbers", "[raid]") {
  raid::Description description;
  Problems problems;
  Node list;
  list.value = std::vector<Node>{integer(0), integer(3)};
  for (const auto& field : array_keys()) {
    if (field.name == "failed") field.read(description, list, "host.array[0].failed", problems);
  }
  CHECK(problems.empty());
  CHECK(description.failed == std::vector<int>{0, 3});
}

TEST_CASE("volume keys are written as they stand by default", "[raid]") {
  const Json json = write_table(volume_keys(), models::storage::volume::Description{});
  CHECK(json["kind"] == "linear");
  CHECK(json["stripe"] == "64 KiB");
}
