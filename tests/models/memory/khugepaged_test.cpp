#include "models/memory/khugepaged.hpp"

#include <catch2/catch.hpp>

#include "sim/error.hpp"

using namespace sim::literals;
using namespace models::memory;

TEST_CASE("khugepaged goes round 16 GiB, 16 MiB in 10 s, in 10,240 s") {
  const Khugepaged daemon{{}, 16_GiB};
  CHECK(daemon.round() == 10240_s);
  CHECK(daemon.covered(0.5, 1.0, 0_s) == 0.5);
  CHECK(daemon.covered(0.5, 1.0, 5120_s) == 0.75);
  CHECK(daemon.covered(0.5, 1.0, 10240_s) == 1.0);
  CHECK(daemon.covered(0.5, 1.0, 99999_s) == 1.0);
}

TEST_CASE("what is merged or swapped neither becomes huge nor stays so") {
  const Khugepaged daemon{{}, 16_GiB};
  CHECK(daemon.covered(0.0, 0.5, 5120_s) == 0.25);
  CHECK(daemon.covered(0.8, 0.5, 5120_s) == 0.5);
}

TEST_CASE("a khugepaged that scans nothing is refused") {
  CHECK_THROWS_AS((Khugepaged{{.pages_to_scan = 0}, 16_GiB}), sim::ConfigError);
}
