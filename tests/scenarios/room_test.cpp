#include "scenarios/room.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "scenarios/limit.hpp"
#include "scenarios/select.hpp"
#include "scenarios/sweep.hpp"
#include "tests/scenarios/fake_model.hpp"
#include "tests/scenarios/small_scenario.hpp"

using namespace scenarios;
using Catch::Contains;
using tests::refusal;

namespace {

// Guests of 1 GiB, all of which they touch, on 8 GiB.
std::string guests(const std::string& counts, const std::string& more = "") {
  return "[study]\nduration = \"1 s\"\n[host]\nuse = \"nehalem-x5570-2s\"\nmemory = \"8 GiB\"\n"
         "[[vm]]\nname = \"guest\"\nmemory = \"1 GiB\"\n"
         "workload = { use = \"spin\", resident = \"1 GiB\" }\n"
         "[sweep]\n\"vm.guest.count\" = " +
         counts + "\n" + more;
}

}  // namespace

TEST_CASE("points that the host has no memory for are left out, and said so") {
  const Study study = read_text(guests("[1, 16, 4, 12]"), "a.toml");
  REQUIRE(study.points.size() == 2);
  CHECK(study.points[1].scenario.host.vms.front().count == 4);
  CHECK(study.kept == std::set<std::size_t>{0, 2});
  REQUIRE(study.left_out.size() == 2);
  CHECK(text(study.left_out[0].at) == "vm.guest.count = 16");
  CHECK_THAT(study.left_out[0].why, Contains("the host has 8.0 GiB"));
  REQUIRE(study.notes.size() == 1);
  CHECK_THAT(study.notes.front(), Contains("too small for vm.guest.count = 16 and 1 more, which "
                                           "are not run: host.memory: "));
}

TEST_CASE("a study that fits nowhere, or a single point, is a mistake") {
  CHECK_THAT(refusal(guests("[16, 12]")), Contains("host.memory: the guests and their VMM use") &&
                                              Contains("(with vm.guest.count = 16, and 1 more)"));
  CHECK_THAT(refusal(guests("[16]")), Contains("host.memory: the guests"));
}

TEST_CASE("other mistakes of a point are not hidden by its want of memory") {
  const std::string pins = "\"vm.guest.pin\" = [\"none\", \"cpus:99\"]\n";
  CHECK_THAT(refusal(guests("[1, 16]", pins)), Contains("99"));
}

TEST_CASE("a baseline without room is a mistake, one with room stays the baseline") {
  const auto based = [](const std::string& count) {
    return guests("[16, 2, 4]", "[report]\nbaseline = { \"vm.guest.count\" = " + count + " }\n");
  };
  CHECK_THAT(refusal(based("16")), Contains("host.memory: the guests and their VMM"));
  const Study study = read_text(based("4"), "a.toml");
  CHECK(study.baseline == std::vector<std::size_t>{1, 1});
}

TEST_CASE("read again under other assumptions, a study keeps the points that it had") {
  const Study study = read_text(guests("[1, 16]"), "a.toml");
  const Study again = read_again(study, {});
  CHECK(again.points.size() == 1);
  CHECK(again.kept == study.kept);
}

TEST_CASE("a limit that is kept as far as there is room says where the room ends") {
  const Study study = read_text(
      guests("[4, 12, 1, 16]", "[report]\nlimit = \"throughput >= 1 % of baseline\"\n"), "a.toml");
  const StudyResults results = run(study, {}, fake::model());
  const Capacities all = capacities(study, results);
  REQUIRE(all.list.size() == 1);
  CHECK(all.list.front().kept() == 2);
  REQUIRE(all.list.front().too_large);
  CHECK(*all.list.front().too_large == SweepValue{std::int64_t{12}});
}

TEST_CASE("a point that was left out is asked for with its reason") {
  const Study study = read_text(guests("[1, 16]"), "a.toml");
  CHECK_THROWS_WITH(points_at(study, {{"count", "16"}}),
                    Contains("the host is too small for vm.guest.count = 16: host.memory"));
  CHECK_THROWS_WITH(points_at(study, {{"count", "7"}}), Contains("vm.guest.count is 1"));
}
