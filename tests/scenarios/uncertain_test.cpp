#include "scenarios/uncertain.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "scenarios/read.hpp"
#include "tests/temporary_folder.hpp"

using namespace scenarios;

namespace {

// A host preset in a file, two nodes and a link, with the entries given.
class PresetFile {
 public:
  explicit PresetFile(const std::string& uncertain) {
    folder_.write("host.toml", R"([host]
name = "two"
use = "nehalem-x5570-2s"
smt_yield = 1.5
[host.controller]
latency = "90 ns"
)" + uncertain);
  }

  Study read(const std::string& own = "", const std::vector<Assumption>& assumed = {}) const {
    return read_text("[study]\nduration = \"1 s\"\n[host]\nuse = \"host.toml\"\n" + own +
                         "[[vm]]\nname = \"a\"\nmemory = \"1 GiB\"\nworkload = \"spin\"\n",
                     folder_.path("study.toml"), {{}, {}, assumed});
  }
  std::string path() const { return folder_.path("host.toml"); }

 private:
  tests::TemporaryFolder folder_;
};

const char* const kLatency = R"([[host.uncertain]]
key = "controller.latency"
deviation = "5 ns"
low = "80 ns"
source = "two data sheets"
)";

double latency_ns(const Study& study) {
  return sim::seconds(study.points.front().scenario.host.hardware.controller.latency) * 1e9;
}

}  // namespace

TEST_CASE("a preset's uncertain number is read in the unit of its key") {
  const PresetFile preset{kLatency};
  const Study study = preset.read();
  REQUIRE(study.uncertain.size() == 1);
  const UncertainParameter& parameter = study.uncertain.front();
  CHECK(parameter.file == preset.path());
  CHECK(parameter.key == "host.controller.latency");
  CHECK(parameter.unit == "ns");
  CHECK(parameter.value == 90.0);
  CHECK(parameter.deviation == 5.0);
  CHECK(parameter.low == 80.0);
  CHECK_FALSE(parameter.high.has_value());
  CHECK(parameter.source == "two data sheets");
}

TEST_CASE("a deviation may be a share of the value, or follow from the bounds") {
  const PresetFile share{"[[host.uncertain]]\nkey = \"smt_yield\"\ndeviation = \"10 %\"\n"};
  CHECK(share.read().uncertain.front().deviation == Approx(0.15));
  const PresetFile bounds{"[[host.uncertain]]\nkey = \"smt_yield\"\nlow = 1.4\nhigh = 1.7\n"};
  CHECK(bounds.read().uncertain.front().deviation == Approx(0.3 / std::sqrt(12.0)));
}

TEST_CASE("a scenario that decides the key itself is sure of it") {
  const PresetFile preset{kLatency};
  const Study study = preset.read("controller = { latency = \"70 ns\" }\n");
  CHECK(study.uncertain.empty());
  CHECK(latency_ns(study) == Approx(70.0));
}

// STREAM's misses are counted from its source; those of programs that were counted on other
// machines are uncertain by a fifth.
TEST_CASE("what a preset calls exact is so with another value, too") {
  const auto uncertain = [](const std::string& workload) {
    const Study study = read_text(
        "[host]\nuse = \"nehalem-x5570-2s\"\n[[vm]]\nname = \"guest\"\nmemory = \"1 GiB\"\n"
        "workload = " +
            workload + "\n",
        "a.toml");
    std::vector<std::string> keys;
    for (const auto* all : {&study.uncertain, &study.general}) {
      for (const UncertainParameter& one : *all) keys.push_back(one.key);
    }
    return keys;
  };
  CHECK(uncertain("{ use = \"stream\", profile = { llc_accesses_per_kilo_instruction = 90.9 } }") ==
        uncertain("\"stream\""));
}

TEST_CASE("an assumption replaces the preset's value and nothing else") {
  const PresetFile preset{kLatency};
  const Study other = preset.read("", {{preset.path(), "host.controller.latency", 97.5}});
  CHECK(latency_ns(other) == Approx(97.5));
  CHECK(latency_ns(preset.read("", {{"elsewhere.toml", "host.controller.latency", 1.0}})) ==
        Approx(90.0));
  CHECK(latency_ns(read_again(preset.read(), {{preset.path(), "host.controller.latency", 88.0}})) ==
        Approx(88.0));
}

TEST_CASE("a star means every element of an array, which must agree") {
  const char* const links = R"([[host.link]]
from = 0
to = 1
bandwidth = "10 GB/s"
latency = "60 ns"
efficiency = 0.5
[[host.link]]
from = 0
to = 1
bandwidth = "10 GB/s"
latency = "60 ns"
efficiency = )";
  const char* const entry = "\n[[host.uncertain]]\nkey = \"link.*.efficiency\"\ndeviation = 0.05\n";
  const PresetFile equal{std::string{links} + "0.5" + entry};
  const Study study = equal.read("", {{equal.path(), "host.link.*.efficiency", 0.625}});
  for (const auto& link : study.points.front().scenario.host.hardware.links)
    CHECK(link.efficiency == 0.625);
  const PresetFile unequal{std::string{links} + "0.6" + entry};
  CHECK_THROWS_WITH(unequal.read(), Catch::Contains("one common value"));
}

TEST_CASE("a preset's links to sockets left empty are gone, and what was unsure of them") {
  const PresetFile preset{
      "[[host.uncertain]]\nkey = \"link.*.latency\"\ndeviation = \"5 %\"\n"
      "source = \"assumption\"\n"};
  CHECK(preset.read().points.at(0).scenario.host.hardware.links.size() == 1);
  const Study one = preset.read("sockets = 1\n");
  CHECK(one.points.at(0).scenario.host.hardware.links.empty());
  CHECK(one.uncertain.empty());
}

TEST_CASE("a wrong entry is refused where it stands") {
  const auto refusal = [](const std::string& lines) {
    const PresetFile preset{"[[host.uncertain]]\n" + lines};
    try {
      preset.read();
    } catch (const ScenarioError& error) {
      return std::string{error.what()};
    }
    return std::string{};
  };
  CHECK_THAT(refusal("key = \"controler.latency\"\ndeviation = 1\n"),
             Catch::Contains("host.toml:") && Catch::Contains("a key that this table has"));
  CHECK_THAT(refusal("key = \"controller.latency\"\ndeviation = \"5 us\"\n"),
             Catch::Contains("quantity in ns"));
  CHECK_THAT(refusal("key = \"smt_yield\"\n"), Catch::Contains("deviation, 0 where it is exact"));
  CHECK_THAT(refusal("key = \"smt_yield\"\nlow = 1.6\nhigh = 1.7\n"),
             Catch::Contains("bounds around"));
  CHECK_THAT(refusal("key = \"smt_yield\"\nsd = 1\n"), Catch::Contains("unknown key"));
  CHECK_THAT(refusal("key = \"smt_yield\"\ndeviation = 0.1\ncorrelation = { frequency = 2 }\n"),
             Catch::Contains("from -1 to 1"));
}

TEST_CASE("a device's uncertain number is one for all disks of its preset") {
  const char* const text = R"([study]
duration = "1 s"
[host]
use = "nehalem-x5570-2s"
[[host.disk]]
name = "a"
device = "hdd-15k-sas-146gb"
[[host.disk]]
name = "b"
device = "hdd-15k-sas-146gb"
[[vm]]
name = "v"
memory = "1 GiB"
workload = "fio"
[[vm.disk]]
on = "a"
)";
  const Study study = read_text(text, "study.toml");
  REQUIRE(study.uncertain.size() == 1);
  CHECK(study.uncertain[0].key == "device.hdd.platter.average_seek");
  const Study other = read_again(study, {{study.uncertain[0].file, study.uncertain[0].key, 4.0}});
  for (const auto& disk : other.points.front().scenario.host.storage.disks)
    CHECK(disk.device.hdd.platter.average_seek == sim::from_seconds(0.004));
}

TEST_CASE("what a study cannot feel is not asked about") {
  const auto uncertain = [](const std::string& workload) {
    const std::string text =
        "[study]\nduration = \"1 s\"\n[host]\nuse = \"e5-2665-2s\"\n[vmm]\n"
        "use = \"kvm-3.10\"\n[[vm]]\nname = \"v\"\nmemory = \"1 GiB\"\n"
        "workload = \"" +
        workload + "\"\n";
    std::string keys;
    for (const UncertainParameter& one : read_text(text, "study.toml").uncertain)
      keys += one.key + " ";
    return keys;
  };
  CHECK_THAT(uncertain("stream"), Catch::Contains("host.controller."));
  CHECK_THAT(uncertain("stream"), !Catch::Contains("vmm.block."));
  CHECK_THAT(uncertain("idle"), !Catch::Contains("host.controller."));
}
