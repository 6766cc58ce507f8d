#include "scenarios/select.hpp"

#include <catch2/catch.hpp>

#include "sim/error.hpp"
#include "tests/scenarios/fake_model.hpp"

using namespace scenarios;

namespace {

// 1 and 2 guests, "none" and "core"; the baseline is 1 guest, "core".
Study study() {
  Study all = fake::study({1, 1, 2, 2});
  all.file = "a.toml";
  for (std::size_t p = 0; p < 4; ++p)
    all.points[p].at.emplace_back("vm.guest.pin", std::string{p % 2 == 0 ? "none" : "core"});
  all.baseline.assign(4, 1);
  return all;
}

}  // namespace

TEST_CASE("points are chosen by any of their coordinates, whose keys may be cut to their ends") {
  CHECK(points_at(study(), {}).size() == 4);
  CHECK(points_at(study(), {{"vm.guest.count", "2"}}) == std::set<std::size_t>{2, 3});
  CHECK(points_at(study(), {{"count", "2"}, {"pin", "none"}}) == std::set<std::size_t>{2});
  CHECK(points_at(study(), {{"vm.guest.pin", "\"core\""}}) == std::set<std::size_t>{1, 3});
}

TEST_CASE("a point that there is not is refused with those that there are") {
  using Catch::Contains;
  CHECK_THROWS_WITH(points_at(study(), {{"count", "3"}}), Contains("vm.guest.count is 1, 2"));
  CHECK_THROWS_WITH(points_at(study(), {{"vm.guest.cuont", "2"}}),
                    Contains("a.toml sweeps vm.guest.count, vm.guest.pin") &&
                        Contains("did you mean \"vm.guest.count\"?"));
  CHECK_THROWS_WITH(points_at(study(), {{"cuont", "2"}}), Contains("did you mean \"count\"?"));
  Study single = study();
  single.points.resize(1);
  single.points.front().at.clear();
  CHECK_THROWS_WITH(points_at(single, {{"count", "2"}}), Contains("has no sweep"));
}

TEST_CASE("the baseline stays with the points that are kept") {
  Study all = study();
  CHECK(keep_points(all, {2}) == std::set<std::size_t>{1});
  REQUIRE(all.points.size() == 2);
  CHECK(all.baseline == std::vector<std::size_t>{0, 0});
  CHECK(all.points[1].scenario.host.vms.front().count == 2);
}

TEST_CASE("a class that some points lack is a class of the study") {
  Study all = study();
  all.points.front().scenario.host.vms.clear();
  CHECK(vm_names(all) == std::vector<std::string_view>{"guest"});
}

TEST_CASE("each point that is kept keeps its own baseline") {
  Study all = study();
  all.baseline = {0, 1, 0, 1};  // 1 guest, pinned as the point is
  CHECK(keep_points(all, {2, 3}) == std::set<std::size_t>{2, 3});
  CHECK(all.baseline == std::vector<std::size_t>{0, 1, 0, 1});
  Study one = study();
  one.baseline = {0, 1, 0, 1};
  CHECK(keep_points(one, {3}) == std::set<std::size_t>{1});
  CHECK(one.baseline == std::vector<std::size_t>{0, 0});
  CHECK(one.points.size() == 2);
}
