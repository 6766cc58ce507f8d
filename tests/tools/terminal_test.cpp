#include "tools/terminal.hpp"

#include <catch2/catch.hpp>

TEST_CASE("the bar shows the share done and the time left at the same pace") {
  // A quarter in 10 s leaves 30 s.
  CHECK(tools::bar(1, 4, 10.0) == "[######..................]  1/4  30 s left");
  CHECK(tools::bar(0, 4, 1.0) == "[........................]  0/4");
  CHECK(tools::bar(4, 4, 40.0) == "[########################]  4/4");
  CHECK(tools::bar(1, 100, 60.0) == "[........................]  1/100  1.6 h left");
}
