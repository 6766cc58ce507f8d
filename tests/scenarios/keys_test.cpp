#include "scenarios/keys.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "scenarios/journal.hpp"
#include "scenarios/library.hpp"
#include "scenarios/read.hpp"
#include "tests/scenarios/fake_model.hpp"

using namespace scenarios;

TEST_CASE("scenarios of the library's studies have the same bytes if they have the same text") {
  std::map<std::string, std::string> bytes_of;  // a scenario's text
  std::map<std::string, std::string> text_of;
  std::size_t scenarios = 0;
  for (const Preset& preset : embedded_presets()) {
    if (preset.kind != "studies") continue;
    INFO(preset.name);
    for (const Point& point : read_file(std::string{preset.name}).points) {
      const std::string text = run_text(point.scenario);
      const std::string bytes = run_bytes(point.scenario);
      CHECK(bytes_of.emplace(text, bytes).first->second == bytes);
      CHECK(text_of.emplace(bytes, text).first->second == text);
      ++scenarios;
    }
  }
  CHECK(scenarios > 100);
}

TEST_CASE("a run's bytes hold all that it depends on, and not what only reports use") {
  const Scenario scenario = fake::scenario(2);
  const std::string bytes = run_bytes(scenario);
  Scenario reported = scenario;
  reported.study.title = "another title";
  reported.study.replications = 50;
  reported.study.confidence = 0.9;
  reported.study.seed = 7;
  CHECK(run_bytes(reported) == bytes);

  std::vector<Scenario> changed(7, scenario);
  changed[0].study.duration = sim::Duration{7};
  changed[1].host.hardware.sockets += 1;
  changed[2].host.vmm.context_switch += sim::Duration{1};
  changed[3].host.vms[1].memory = sim::Bytes{7};
  changed[4].host.vms.pop_back();
  changed[5].host.without.clear();
  changed[6].host.others.push_back(scenario.host);
  for (std::size_t i = 0; i < changed.size(); ++i) {
    INFO(i);
    CHECK(run_bytes(changed[i]) != bytes);
  }
}

TEST_CASE("what may stand where a table does is told beside its keys") {
  const auto type_of = [](const std::string& path) {
    for (const KeyInfo& key : key_infos(path)) {
      if (key.path == path) return key.type;
    }
    return std::string{"not listed"};
  };
  CHECK(type_of("vm.<name>.disk.image") == "one of \"raw\", \"qcow2\", or a table");
  CHECK_THAT(type_of("vm.<name>.disk.cache"),
             Catch::StartsWith("one of \"none\"") && Catch::EndsWith("(its `mode`), or a table"));
  CHECK_THAT(type_of("vm.<name>.workload"), Catch::Contains("a preset's name"));
  CHECK_THAT(type_of("host.disk.device"), Catch::Contains("a preset's name"));
  CHECK(type_of("vm.<name>.clock") == "not listed");  // a table and nothing else
}
