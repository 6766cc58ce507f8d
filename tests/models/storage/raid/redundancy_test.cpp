#include "models/storage/raid/redundancy.hpp"

#include <catch2/catch.hpp>

#include "models/storage/raid/geometry.hpp"

using namespace models::storage::raid;
using namespace sim::literals;

namespace {

// P(the k-th failure loses the array, having survived k - 1), by all orders of failure.
double counted(Layout layout, int disks, int copies, int k) {
  double before = 0.0;
  double after = 0.0;
  for (unsigned set = 0; set < (1U << disks); ++set) {
    std::vector<bool> failed;
    for (int i = 0; i < disks; ++i) failed.push_back((set >> i & 1U) != 0);
    const int gone = static_cast<int>(std::count(failed.begin(), failed.end(), true));
    if (!survives(Level::raid10, layout, copies, failed)) continue;
    if (gone == k - 1) before += disks - k + 1;
    if (gone == k) after += k;
  }
  return before > 0 ? 1.0 - after / before : 1.0;
}

}  // namespace

TEST_CASE("the used share of n disks: 1, 1/n, (n-1)/n, (n-2)/n, 1/2", "[raid]") {
  const auto used = [](Level level, int disks) {
    Description description;
    description.level = level;
    const Geometry array{description,
                         std::vector<sim::Bytes>(static_cast<std::size_t>(disks), 64_MiB)};
    return array.capacity() / (64_MiB * disks);
  };
  for (const int n : {4, 6, 8, 10}) {
    CHECK(used(Level::linear, n) == Approx(1.0));
    CHECK(used(Level::raid0, n) == Approx(1.0));
    CHECK(used(Level::raid1, n) == Approx(1.0 / n));
    CHECK(used(Level::raid5, n) == Approx((n - 1.0) / n));
    CHECK(used(Level::raid6, n) == Approx((n - 2.0) / n));
    CHECK(used(Level::raid10, n) == Approx(0.5));
  }
}

TEST_CASE("failures that are always survived", "[raid]") {
  CHECK(fault_tolerance(Level::raid0, 4) == 0);
  CHECK(fault_tolerance(Level::raid1, 4) == 3);
  CHECK(fault_tolerance(Level::raid5, 4) == 1);
  CHECK(fault_tolerance(Level::raid6, 4) == 2);
  CHECK(fault_tolerance(Level::raid10, 4) == 1);
}

TEST_CASE("the second failed disk of 2n loses a raid10 with 1/(2n-1)", "[raid]") {
  CHECK(loss_probability(Level::raid10, Layout::near, 4, 2, 2) == Approx(1.0 / 3));
  for (int n = 1; n <= 12; ++n) {
    CHECK(loss_probability(Level::raid10, Layout::near, 2 * n, 2, 2) == Approx(1.0 / (2 * n - 1)));
  }
  // Having survived two, two partners of the 2n - 2 left are fatal.
  CHECK(loss_probability(Level::raid10, Layout::near, 8, 2, 3) == Approx(2.0 / 6));
  CHECK(loss_probability(Level::raid10, Layout::near, 4, 2, 3) == 1.0);
}

TEST_CASE("far and offset lose more often: both neighbours are fatal", "[raid]") {
  CHECK(loss_probability(Level::raid10, Layout::far, 6, 2, 2) == Approx(2.0 / 5));
  CHECK(loss_probability(Level::raid10, Layout::offset, 6, 2, 2) == Approx(2.0 / 5));
}

TEST_CASE("the formula agrees with all sets of failed disks", "[raid]") {
  for (const Layout layout : {Layout::near, Layout::far, Layout::offset}) {
    for (const int disks : {3, 4, 5, 6, 7, 9}) {
      for (const int copies : {2, 3}) {
        for (int k = 1; k <= disks; ++k) {
          INFO(static_cast<int>(layout) << ' ' << disks << ' ' << copies << ' ' << k);
          CHECK(loss_probability(Level::raid10, layout, disks, copies, k) ==
                Approx(counted(layout, disks, copies, k)).margin(1e-12));
        }
      }
    }
  }
}

TEST_CASE("other levels lose with the first failure beyond what they tolerate", "[raid]") {
  CHECK(loss_probability(Level::raid5, Layout::near, 5, 2, 1) == 0.0);
  CHECK(loss_probability(Level::raid5, Layout::near, 5, 2, 2) == 1.0);
  CHECK(loss_probability(Level::raid6, Layout::near, 5, 2, 2) == 0.0);
  CHECK(loss_probability(Level::raid0, Layout::near, 5, 2, 1) == 1.0);
  CHECK(loss_probability(Level::raid1, Layout::near, 3, 2, 2) == 0.0);
}
