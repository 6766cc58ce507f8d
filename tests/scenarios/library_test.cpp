#include "scenarios/library.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "scenarios/expand.hpp"
#include "scenarios/node.hpp"
#include "scenarios/read.hpp"
#include "tests/temporary_folder.hpp"

using namespace scenarios;

namespace {

std::string scenario(std::string_view kind, std::string_view name) {
  const auto use = [&](std::string_view own, const char* otherwise) {
    return kind == own ? std::string{name} : std::string{otherwise};
  };
  return fmt::format(
      "[study]\nduration = \"1 s\"\n[host]\nuse = \"{}\"\n"
      "[[host.disk]]\nname = \"sda\"\ndevice = \"ram-disk\"\n"
      "[[host.nic]]\nname = \"eth0\"\nrate = \"10 Gbit/s\"\n[vmm]\nuse = \"{}\"\n[[vm]]\n"
      "name = \"a\"\nmemory = \"{}\"\nworkload = \"{}\"\n[[vm.disk]]\non = \"sda\"\n"
      "[[vm.nic]]\non = \"eth0\"\n",
      use("hosts", "nehalem-x5570-2s"), use("vmms", "kvm-4.19"),
      kind == "workloads" ? "8 GiB" : "2 GiB", use("workloads", "spin"));
}

}  // namespace

TEST_CASE("every preset of the library makes a scenario that can run, and names its source") {
  int seen = 0;
  for (const Preset& preset : embedded_presets()) {
    if (preset.kind == "studies") continue;
    INFO(preset.kind << " " << preset.name);
    CHECK_NOTHROW(read_text(scenario(preset.kind, preset.name), "a.toml"));
    ++seen;
  }
  CHECK(seen >= 20);
  for (const char* kind : {"hosts", "vmms", "workloads", "devices"}) {
    for (const PresetInfo& info : list_presets(kind)) {
      INFO(kind << " " << info.name);
      CHECK(info.title == info.name);  // the name key is the file's
      CHECK_FALSE(info.source.empty());
    }
  }
}

TEST_CASE("a preset is parsed once, and what scenarios make of it leaves it as it is") {
  const Preset& preset = *find_preset("hosts", "nehalem-x5570-2s");
  CHECK(&document(preset) == &document(preset));
  CHECK(find(document(preset), "host") != nullptr);
  CHECK(find(document(*find_preset("vmms", "kvm-4.19")), "vmm") != nullptr);
  const auto channels = [](const std::string& more) {
    const Study study = read_text("[host]\nuse = \"nehalem-x5570-2s\"\n" + more +
                                      "[[vm]]\nname = \"a\"\nmemory = \"1 GiB\"\n"
                                      "workload = \"spin\"\n",
                                  "a.toml");
    return study.points.front().scenario.host.hardware.controller.channels;
  };
  CHECK(channels("controller = { channels = 2 }\n") == 2);
  CHECK(channels("") == 3);
}

TEST_CASE("every study of the library can be read and has a title") {
  for (const PresetInfo& info : list_presets("studies")) {
    INFO(info.name);
    CHECK_FALSE(info.title.empty());
    CHECK_NOTHROW(read_file(info.name));
  }
}

TEST_CASE("presets that use each other in a circle are refused where they do") {
  const tests::TemporaryFolder folder;
  folder.write("a.toml", "[host]\nuse = \"b.toml\"\n");
  folder.write("b.toml", "[host]\nuse = \"a.toml\"\n");
  CHECK_THROWS_WITH(
      read_text("[host]\nuse = \"a.toml\"\n[[vm]]\nname = \"a\"\nmemory = \"1 GiB\"\n"
                "workload = \"spin\"\n",
                folder.path("study.toml")),
      Catch::Contains("circle") && Catch::Contains(".toml:2:1") && !Catch::Contains("unknown key"));
}

TEST_CASE("own keys win over a preset's, table by table") {
  const Study study = read_text(
      "[host]\nuse = \"nehalem-x5570-2s\"\ncontroller = { latency = \"77 ns\" }\n[[vm]]\n"
      "name = \"a\"\nmemory = \"1 GiB\"\nworkload = { use = \"spin\", unit = \"5 Ginstr\" }\n",
      "a.toml");
  const auto& host = study.points.front().scenario.host;
  CHECK(host.hardware.controller.latency == sim::Duration{77'000});
  CHECK(host.hardware.controller.channels == 3);  // the preset's
  CHECK(host.vms.front().workload.unit == sim::Instructions{5'000'000'000});
}

TEST_CASE("a mistyped preset is told the nearest name") {
  CHECK_THROWS_WITH(read_text(scenario("hosts", "nehalem-x5570"), "a.toml"),
                    Catch::Contains("nehalem-x5570-2s"));
}
