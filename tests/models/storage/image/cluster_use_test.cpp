#include "models/storage/image/cluster_use.hpp"

#include <catch2/catch.hpp>

using namespace models::storage::image;
using namespace sim::literals;

// Header, refcount table, refcount block, L1 table: four clusters.
TEST_CASE("an empty image uses four clusters and grows behind them", "[qcow2]") {
  const Geometry geometry{{.format = Format::qcow2, .size = 8_GiB}};
  ClusterUse use{geometry};
  CHECK(use.find_free(0, 1) == 4);
  use.take(4, 2);
  use.take(8, 2);
  CHECK(use.find_free(0, 2) == 6);
  CHECK(use.find_free(0, 3) == 10);
  CHECK(use.find_free(9, 1) == 10);
  CHECK(use.free_at(6, 5) == 2);
  CHECK(use.free_at(4, 5) == 0);
  CHECK(use.end() == 10);
  use.release(4, 1);
  CHECK(use.find_free(0, 1) == 4);
  CHECK(use.free_at(4, 2) == 1);
  use.take(4, 1);
  use.take(6, 2);
  CHECK(use.find_free(0, 1) == 10);
}
