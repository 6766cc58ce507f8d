#include "models/pcie/link_rate.hpp"

#include <catch2/catch.hpp>

using namespace models::pcie;

TEST_CASE("a lane carries 0.25, 0.5, 0.985, 1.969 and 3.938 GB/s by generation") {
  CHECK(lane_rate(1).count() == Approx(0.25e9));
  CHECK(lane_rate(2).count() == Approx(0.5e9));
  CHECK(lane_rate(3).count() == Approx(0.985e9).epsilon(1e-3));
  CHECK(lane_rate(4).count() == Approx(1.969e9).epsilon(1e-3));
  CHECK(lane_rate(5).count() == Approx(3.938e9).epsilon(1e-3));
}

TEST_CASE("packets of 256 bytes leave 91 % of a link to data, of 128 bytes 83 %") {
  CHECK(data_rate(3, 8, sim::Bytes{256}).count() / (8 * lane_rate(3).count()) ==
        Approx(0.908).epsilon(1e-3));
  CHECK(data_rate(3, 8, sim::Bytes{128}).count() / (8 * lane_rate(3).count()) ==
        Approx(0.831).epsilon(1e-3));
}
