#include "scenarios/cpuset.hpp"

#include <catch2/catch.hpp>

using namespace scenarios;

TEST_CASE("a CPU set is libvirt's: ranges, single CPUs, exclusions") {
  CHECK(parse_cpuset("0") == std::vector<int>{0});
  CHECK(parse_cpuset("1-4,^3,6") == std::vector<int>{1, 2, 4, 6});
  CHECK(parse_cpuset("6,1-2,2") == std::vector<int>{1, 2, 6});
  CHECK(parse_cpuset(" 0-1 , 3 ") == std::vector<int>{0, 1, 3});
}

TEST_CASE("what is no set is none") {
  for (const char* text : {"", "a", "1-", "-1", "3-1", "1,,2", "^1", "0-8192", "1.5"}) {
    INFO(text);
    CHECK_FALSE(parse_cpuset(text).has_value());
  }
}

TEST_CASE("a set is written as it can be read") {
  CHECK(format_cpuset({0, 1, 2, 5, 7, 8}) == "0-2,5,7-8");
  CHECK(parse_cpuset(format_cpuset({0, 2, 4, 5, 6})) == std::vector<int>{0, 2, 4, 5, 6});
}
