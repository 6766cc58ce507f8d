#include "scenarios/plan.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "scenarios/read.hpp"

using namespace scenarios;

namespace {

// What a class of four guests that talk to `partner` is compared with.
int alone(const std::string& partner) {
  const Study study = read_text(
      "[host]\nuse = \"nehalem-x5570-2s\"\n"
      "[[host.nic]]\nname = \"eth0\"\nrate = \"10 Gbit/s\"\n"
      "[[vm]]\nname = \"guest\"\ncount = 4\nmemory = \"1 GiB\"\n"
      "workload = { use = \"netperf-stream\", net = { partner = \"" +
          partner + "\" } }\n[[vm.nic]]\n",
      "a.toml");
  const Plan plan = make_plan(study, {}, Model{});
  return plan.variants.at(plan.base.at(0).at(0)).scenario.host.vms.at(0).count;
}

}  // namespace

TEST_CASE("a class is compared with one of it alone, with two where they talk to each other") {
  CHECK(alone("host") == 1);
  CHECK(alone("guest") == 2);
}

TEST_CASE("a study of no replications is refused before anything runs") {
  Study study = read_text(
      "[host]\nuse = \"nehalem-x5570-2s\"\n[[vm]]\nname = \"a\"\nmemory = \"1 GiB\"\n"
      "workload = \"superpi\"\n",
      "a.toml");
  study.settings.replications = 0;
  CHECK_THROWS_WITH(make_plan(study, {}, Model{}), Catch::Contains("need at least 1"));
}
