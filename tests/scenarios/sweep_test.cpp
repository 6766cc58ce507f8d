#include "scenarios/sweep.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "scenarios/read.hpp"
#include "tests/scenarios/small_scenario.hpp"

using scenarios::read_text;
using scenarios::text;
using tests::kSmall;
using tests::refusal;

namespace {

const std::string kSwept = kSmall +
                           "[sweep]\n\"vm.guest.count\" = [1, 3]\n"
                           "\"vm.guest.pin\" = [\"none\", \"core\"]\n"
                           "[report]\nbaseline = { \"vm.guest.count\" = 1, "
                           "\"vm.guest.pin\" = \"core\" }\n";

scenarios::Study set(const std::string& text, std::vector<scenarios::Override> overrides) {
  return read_text(text, "a.toml", {.overrides = std::move(overrides)});
}

// Flavours of two and eight vCPUs, with memory to match, one guest and four.
const std::string kTogether = kSmall +
                              "[sweep]\n\"vm.guest.vcpus, vm.guest.memory\" = [[2, \"4 GiB\"], "
                              "[8, \"16 GiB\"]]\n\"vm.guest.count\" = [1, 4]\n";

}  // namespace

TEST_CASE("a sweep is the cross product, its first key slowest") {
  const auto study = read_text(kSmall +
                                   "[sweep]\n\"vm.guest.count\" = [1, 3]\n"
                                   "\"vm.*.pin\" = [\"none\", \"core\"]\n"
                                   "[report]\nbaseline = { \"vm.guest.count\" = 1, "
                                   "\"vm.*.pin\" = \"core\" }\n",
                               "a.toml");
  REQUIRE(study.points.size() == 4);
  CHECK(study.points[1].scenario.host.vms.at(0).count == 1);
  CHECK(study.points[2].scenario.host.vms.at(0).count == 3);
  CHECK(std::get<std::string>(study.points[1].at[1].second) == "core");
  CHECK(study.baseline.front() == 1U);
}

TEST_CASE("a swept key that is set is swept no more, and a note says so") {
  const auto study = set(kSwept, {{"vm.guest.count", "3"}});
  REQUIRE(study.points.size() == 2);
  REQUIRE(study.points.front().at.size() == 1);
  CHECK(study.points.front().at.front().first == "vm.guest.pin");
  CHECK(study.points.front().scenario.host.vms.front().count == 3);
  REQUIRE(study.notes.size() == 3);
  CHECK(study.notes[0] == "vm.guest.count = 3 as given, its sweep is left out");
  CHECK_THAT(study.notes[1], Catch::Contains("the baseline, vm.guest.count = 1") &&
                                 Catch::Contains("alone on the host"));
  CHECK_THAT(study.notes[2], Catch::Contains("under the point's own vm.guest.pin"));
  CHECK(study.baseline.empty());
}

TEST_CASE("a baseline of the value that is set stays") {
  const auto study = set(kSwept, {{"vm.guest.count", "1"}});
  CHECK(study.notes.size() == 1);
  CHECK(study.baseline.front() == 1U);
  const auto single = set(kSwept, {{"vm.guest.count", "1"}, {"vm.guest.pin", "core"}});
  CHECK(single.points.size() == 1);
  CHECK(single.points.front().at.empty());
  CHECK(single.baseline.front() == 0U);
}

TEST_CASE("a setting of all classes fixes the sweep of one, not the other way round") {
  CHECK(set(kSwept, {{"vm.*.count", "3"}}).points.size() == 2);
  std::string all = kSwept;
  all.replace(all.find("\"vm.guest.count\" = [1"), 16, "\"vm.*.count\"");
  CHECK_THAT(refusal(all, {.overrides = {{"vm.guest.count", "3"}}}),
             Catch::Contains("sweeps vm.*.count of all"));
}

TEST_CASE("what is set below a swept key holds at each of its values") {
  const std::string text =
      kSmall + "[sweep]\n\"vm.guest.workload\" = [\"kernel-compile\", \"spin\"]\n";
  const auto study = set(text, {{"vm.guest.workload.resident", "\"64 MiB\""}});
  REQUIRE(study.points.size() == 2);
  for (const auto& point : study.points)
    CHECK(point.scenario.host.vms.front().workload.resident == sim::Bytes{64 << 20});
}

TEST_CASE("keys may be swept side by side") {
  const auto study = read_text(kTogether, "a.toml");
  REQUIRE(study.points.size() == 4);
  const auto is = [&](std::size_t i, int vcpus, std::int64_t memory_GiB, int count) {
    INFO(i);
    const auto& vm = study.points[i].scenario.host.vms.at(0);
    CHECK(vm.vcpus == vcpus);
    CHECK(vm.memory == sim::Bytes{memory_GiB << 30});
    CHECK(vm.count == count);
    CHECK(text(study.points[i].at) == "vm.guest.vcpus = " + std::to_string(vcpus) +
                                          ", vm.guest.memory = " + std::to_string(memory_GiB) +
                                          " GiB, vm.guest.count = " + std::to_string(count));
  };
  is(0, 2, 4, 1);
  is(1, 2, 4, 4);
  is(2, 8, 16, 1);
  is(3, 8, 16, 4);
  CHECK(read_text(kTogether + "[report]\nbaseline = { \"vm.guest.memory\" = \"16 GiB\", "
                              "\"vm.guest.count\" = 1 }\n",
                  "a.toml")
            .baseline.front() == 2U);
}

TEST_CASE("one of several keys that are swept side by side may be set") {
  const auto study = set(kTogether, {{"vm.guest.vcpus", "3"}});
  REQUIRE(study.points.size() == 4);
  REQUIRE(study.notes.size() == 2);
  CHECK(study.notes[0] == "vm.guest.vcpus = 3 as given, its sweep is left out");
  CHECK_THAT(study.notes[1], Catch::Contains("under the point's own vm.guest.memory"));
  CHECK(study.points[3].scenario.host.vms.at(0).vcpus == 3);
  CHECK(text(study.points[3].at) == "vm.guest.memory = 16 GiB, vm.guest.count = 4");
  const auto neither = set(kTogether, {{"vm.guest.vcpus", "3"}, {"vm.guest.memory", "\"1 GiB\""}});
  REQUIRE(neither.points.size() == 2);
  CHECK(text(neither.points[1].at) == "vm.guest.count = 4");
}

TEST_CASE("keys side by side need a value each, and a place of their own") {
  const auto swept = [](const std::string& line) { return refusal(kSmall + "[sweep]\n" + line); };
  CHECK_THAT(swept("\"vm.guest.vcpus, vm.guest.memory\" = [[2, \"4 GiB\"], [8]]\n"),
             Catch::StartsWith("a.toml:12:") && Catch::Contains("an array of 2 values"));
  CHECK_THAT(swept("\"vm.guest.vcpus, vm.guest.memory\" = [2, 8]\n"),
             Catch::Contains("an array of 2 values, one of each key"));
  CHECK_THAT(swept("\"vm.guest.vcpus, vm.guest.count\" = [[2, 1]]\n\"vm.guest.count\" = [1, 2]\n"),
             Catch::StartsWith("a.toml:13:") && Catch::Contains("vm.guest.count is there twice"));
  CHECK_THAT(swept("\"vm.guest.vcpus, vm.guest.memroy\" = [[2, \"4 GiB\"]]\n"),
             Catch::Contains("memory"));
}

TEST_CASE("keys that the baseline does not name are at each point as they are there") {
  const auto with_baseline = [](const std::string& baseline, const std::string& sweep) {
    return kSmall + "[sweep]\n" + sweep + "[report]\nbaseline = { " + baseline + " }\n";
  };
  const std::string crossed =
      "\"vm.guest.count\" = [1, 3]\n\"vm.guest.pin\" = [\"none\", \"core\"]\n";
  using Indices = std::vector<std::size_t>;
  CHECK(read_text(with_baseline("\"vm.guest.count\" = 1", crossed), "a.toml").baseline ==
        Indices{0, 1, 0, 1});
  CHECK(read_text(with_baseline("\"vm.guest.pin\" = \"core\"", crossed), "a.toml").baseline ==
        Indices{1, 1, 3, 3});
  // Those that are swept beside a named one are that one's.
  const std::string together =
      "\"vm.guest.vcpus, vm.guest.memory\" = [[2, \"4 GiB\"], [4, \"8 GiB\"]]\n"
      "\"vm.guest.count\" = [1, 4]\n";
  CHECK(read_text(with_baseline("\"vm.guest.vcpus\" = 4", together), "a.toml").baseline ==
        Indices{2, 3, 2, 3});
  CHECK_THAT(refusal(with_baseline("\"vm.guest.count\" = 2", crossed)),
             Catch::Contains("none of the sweep's points"));
  CHECK_THAT(refusal(with_baseline("\"vm.guest.vcpus\" = 2",
                                   "\"vm.guest.vcpus, vm.guest.memory\" = [[2, \"4 GiB\"], [2, "
                                   "\"6 GiB\"], [4, \"8 GiB\"]]\n")),
             Catch::Contains("fits no point that is like vm.guest.vcpus = 4, vm.guest.memory = 8 "
                             "GiB in the keys that it does not name"));
}

TEST_CASE("tables that are swept are told apart") {
  const auto tables = read_text(
      kSmall +
          "[sweep]\n\"vm.guest.count\" = [1, 3]\n\"vm.guest.clock\" = [{ tick_hz = 100 }, { "
          "tick_hz = 1000, timer = \"rtc\" }]\n[report]\nbaseline = { \"vm.guest.count\" = 1 }\n",
      "a.toml");
  CHECK(text(tables.points[3].at) ==
        "vm.guest.count = 3, vm.guest.clock = {tick_hz = 1000, timer = \"rtc\"}");
  CHECK(tables.baseline == std::vector<std::size_t>{0, 1, 0, 1});
}

TEST_CASE("long texts in swept arrays are told apart to their ends") {
  const std::string path(70, 'x');
  const auto array = [&](const std::string& last) {
    scenarios::Node node;
    node.value = scenarios::Node::Array{scenarios::Node{{}, path + last}};
    return scenarios::sweep_value(node);
  };
  CHECK(scenarios::same(array("a"), array("a")));
  CHECK_FALSE(scenarios::same(array("a"), array("b")));
}

TEST_CASE("a baseline whose last key is set is none") {
  const auto study = set(kSmall +
                             "[sweep]\n\"vm.guest.count\" = [1, 3]\n\"vm.guest.pin\" = "
                             "[\"none\", \"core\"]\n[report]\nbaseline = { \"vm.guest.pin\" = "
                             "\"core\" }\n",
                         {{"vm.guest.pin", "\"core\""}});
  REQUIRE(study.points.size() == 2);
  CHECK(study.baseline.empty());
  CHECK(std::any_of(study.notes.begin(), study.notes.end(), [](const std::string& note) {
    return note.find("names no key that is swept") != std::string::npos;
  }));
}

TEST_CASE("a sweep of too many points is refused before its points are read") {
  std::string values = "1";
  for (int i = 2; i <= 1000; ++i) values += ", " + std::to_string(i);
  CHECK_THAT(refusal(kSmall + "[sweep]\n\"vm.guest.count\" = [" + values +
                     "]\n\"vm.guest.vcpus\" = [" + values + "]\n"),
             Catch::Contains("more than 100000 points"));
}
