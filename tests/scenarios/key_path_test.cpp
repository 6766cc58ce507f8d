#include "scenarios/key_path.hpp"

#include <catch2/catch.hpp>

using namespace scenarios;

namespace {

// What `key`, and what its `inner` sees of the patterns.
std::size_t seen(const std::vector<KeyPath>& patterns, std::string_view key) {
  return below({patterns.begin(), patterns.end()}, key).size();
}
std::size_t seen(const std::vector<KeyPath>& patterns, std::string_view key,
                 std::string_view inner) {
  return below(below({patterns.begin(), patterns.end()}, key), inner).size();
}

}  // namespace

TEST_CASE("a star stands for one part of a key, at the end of a pattern for any number") {
  CHECK(matches({"link", "*", "latency"}, {"link", "0", "latency"}));
  CHECK_FALSE(matches({"link", "*", "latency"}, {"link", "0", "1", "latency"}));
  CHECK_FALSE(matches({"link", "*", "latency"}, {"link", "0"}));
  CHECK(matches({"exits", "*"}, {"exits", "user"}));
  CHECK(matches({"exits", "*"}, {"exits", "nested", "user"}));
  CHECK_FALSE(matches({"exits", "*"}, {"exits"}));
}

TEST_CASE("a table passes on to each of its keys what patterns say of it") {
  const std::vector<KeyPath> patterns{{"controller", "latency"}, {"link", "*", "latency"}};
  CHECK(seen(patterns, "controller") == 1);
  CHECK(seen(patterns, "controller", "latency") == 1);
  CHECK(seen(patterns, "controller", "efficiency") == 0);
  CHECK(seen(patterns, "link", "7") == 1);
  CHECK(seen(patterns, "l2") == 0);
  CHECK(seen({{"exits", "*"}}, "exits", "user") == 1);
  CHECK(seen({{"*", "latency"}, {"link", "latency"}}, "link") == 2);
}

TEST_CASE("a pattern's last star reaches keys at any depth, its last name no further") {
  const std::vector<KeyPath> patterns{{"exits", "*"}, {"swap"}};
  Wanted exits{patterns.begin(), patterns.end()};
  for (const char* key : {"exits", "nested", "deeper", "user"}) exits = below(exits, key);
  CHECK(exits.size() == 1);
  CHECK(seen(patterns, "swap") == 1);
  CHECK(seen(patterns, "swap", "latency") == 0);
}

TEST_CASE("an element of an array of tables stands where its name or its index says") {
  const Node document = parse_toml(
      "[host]\n"
      "[[host.disk]]\n"
      "name = \"a\"\n"
      "count = 2\n"
      "[[host.disk]]\n"
      "name = \"b\"\n"
      "[[vm]]\n"
      "name = \"guest\"\n"
      "[[vm.disk]]\n"
      "on = \"a\"\n"
      "[[vm.disk]]\n"
      "bus = \"ide\"\n"
      "on = \"c\"\n"
      "[vm.workload]\n"
      "[[vm.workload.test]]\n"
      "name = \"one\"\n"
      "runtime = 1\n",
      "a.toml");
  CHECK(position(document, "host.disk.a.count").line == 4);
  CHECK(position(document, "host.disk.b").line == 5);
  CHECK(position(document, "host.disk.b.count").line == 5);
  CHECK(position(document, "host.disk.c.count").line == 2);
  CHECK(position(document, "vm.guest.disk[0].on").line == 10);
  CHECK(position(document, "vm.guest.disk[1].on").line == 13);
  CHECK(position(document, "vm.guest.disk[2].on").line == 9);
  CHECK(position(document, "vm.guest.workload.test[0].runtime").line == 17);
  CHECK(position(document, "vm.guest.workload.test.runtime").line == 17);
  CHECK(position(document, "vm.other.disk[0].on").line == 7);
}

TEST_CASE("a mistake in an array stands at the element that it quotes") {
  const Node document = parse_toml(
      "[host]\n"
      "[[host.disk]]\n"
      "name = \"a\"\n"
      "[[host.disk]]\n"
      "name = \"a\"\n"
      "[[host.array]]\n"
      "name = \"md0\"\n"
      "disks = [\"a\",\n"
      "  \"b\"]\n",
      "a.toml");
  const auto at = [&](const std::string& message) {
    return position_of_mistake(document, message);
  };
  CHECK(at("host.array.md0.disks: no disk is named \"b\"").line == 9);
  CHECK(at("host.array.md0.disks: no disk is named \"b\"").column == 3);
  CHECK(at("host.array.md0.disks: too few").line == 8);
  CHECK(at("host.disk: two are named \"a\"").line == 4);
  CHECK(at("host.array.md0.disks[1]: no disk").line == 9);
}
