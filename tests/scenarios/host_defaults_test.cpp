#include "scenarios/host_defaults.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "models/topology/topology.hpp"
#include "scenarios/library.hpp"
#include "scenarios/node.hpp"
#include "scenarios/read.hpp"
#include "tests/temporary_folder.hpp"

using namespace scenarios;
using models::topology::Description;

namespace {

constexpr const char* kRest = "[[vm]]\nname = \"a\"\nmemory = \"1 GiB\"\nworkload = \"mlc-read\"\n";

// A host of data sheets: two sockets of four cores of two threads.
std::string host(const std::string& more) {
  return "[host]\nsockets = 2\ncores_per_node = 4\nthreads_per_core = 2\nfrequency = \"2 GHz\"\n"
         "memory = \"32 GiB\"\n" +
         more;
}

Study study(const std::string& more) {
  return read_text(host(more) + kRest, "a.toml");
}

Description hardware(const std::string& more) {
  return study(more).points.front().scenario.host.hardware;
}

constexpr const char* kCaches =
    "l2 = { size = \"1 MiB\", latency = \"4 ns\" }\nllc = { size = \"8 MiB\", shared_by = 8 }\n"
    "controller = { channel_bandwidth = \"25.6 GB/s\" }\n";
constexpr const char* kXgmi =
    "[[host.link]]\nfrom = 0\nto = 1\nkind = \"xgmi\"\nbandwidth = \"96 GB/s\"\n";

const UncertainParameter* uncertain(const Study& study, const std::string& key) {
  const auto found = std::find_if(study.uncertain.begin(), study.uncertain.end(),
                                  [&](const auto& one) { return one.key == key; });
  return found != study.uncertain.end() ? &*found : nullptr;
}

}  // namespace

TEST_CASE("every generation of CPUs completes a host of data sheets, and names its source") {
  int seen = 0;
  for (const PresetInfo& cpu : list_presets("cpus")) {
    INFO(cpu.name);
    CHECK_FALSE(cpu.title.empty());
    CHECK_FALSE(cpu.source.empty());
    const std::string caches =
        "l2 = { size = \"256 KiB\", latency = \"3 ns\" }\nllc = { size = \"16 MiB\", shared_by = 8 "
        "}\ncontroller = { channel_bandwidth = \"12.8 GB/s\" }\n";
    CHECK_NOTHROW(study("cpu = \"" + cpu.name + "\"\n" + caches + kXgmi));
    ++seen;
  }
  CHECK(seen >= 15);
}

TEST_CASE("a host has what CPUs of its generation have, but for what it says itself") {
  const Description zen3 =
      hardware(std::string{"cpu = \"zen3\"\nllc = { size = \"32 MiB\", shared_by = 8 }\n"
                           "controller = { channels = 8, channel_bandwidth = \"25.6 GB/s\" }\n"
                           "tlb = { walkers = 3 }\n"} +
               kXgmi);
  CHECK(zen3.line_buffers.super_queue == 64);
  CHECK(zen3.tlb.l2_4k == 2048);
  CHECK(zen3.tlb.walkers == 3);
  CHECK(zen3.virtual_interrupts);
  CHECK(zen3.l2.shared_by == 2);  // the threads of a core
  CHECK(zen3.controller.latency == sim::Duration{100'000});
  CHECK(zen3.controller.channels == 8);
  // Over a preset's, beneath the scenario's own.
  const auto over = [](const std::string& more) {
    return read_text("[host]\nuse = \"skylake-8180-2s\"\ncpu = \"ice-lake\"\n" + more + kRest,
                     "a.toml")
        .points.front()
        .scenario.host.hardware;
  };
  CHECK(over("").l1.size == sim::Bytes{48 * 1024});
  CHECK(over("l1 = { size = \"32 KiB\" }\n").l1.size == sim::Bytes{32 * 1024});
  CHECK(over("").sockets == 2);
  CHECK_THROWS_WITH(study(std::string{"cpu = \"zen33\"\n"} + kCaches + kXgmi),
                    Catch::Contains("host.cpu: no preset \"zen33\"") &&
                        Catch::Contains("did you mean \"zen3\"") &&
                        Catch::Contains("tenancy list cpus"));
  CHECK_THROWS_WITH(study(std::string{"cpu = 3\n"} + kCaches + kXgmi), Catch::Contains("host.cpu"));
}

TEST_CASE("a generation is all of what it is, whatever stands beneath") {
  const auto keys = [](std::string_view name) {
    const Node& cpu = find(document(*find_preset("cpus", name)), "cpu")->value;
    std::set<std::string> all;
    for (const Entry& entry : *cpu.table()) {
      if (entry.key == "l2" || entry.key == "cpu_numbering" || entry.key == "smt_yield") continue;
      all.insert(entry.key);
      if (entry.value.table() == nullptr) continue;
      for (const Entry& own : *entry.value.table()) all.insert(entry.key + "." + own.key);
    }
    return all;
  };
  const std::set<std::string> known = keys("skylake");
  CHECK(known.contains("tlb.nested_paging"));
  for (const PresetInfo& cpu : list_presets("cpus")) {
    INFO(cpu.name);
    CHECK(keys(cpu.name) == known);
  }
  const Description old = read_text("[host]\nuse = \"skylake-8180-2s\"\n" + std::string{kRest},
                                    "a.toml", {.overrides = {{"host.cpu", "nehalem"}}})
                              .points.front()
                              .scenario.host.hardware;
  CHECK(old.pause == sim::Cycles{10});
  CHECK_FALSE(old.page_modification_log);
  CHECK(old.tlb.walkers == 1);
  CHECK(old.line_buffers.fill == 10);
  CHECK(old.cores_per_node == 28);
}

TEST_CASE("a generation in a file of its own may use one of the library") {
  const tests::TemporaryFolder folder;
  folder.write("cpu.toml", "[cpu]\nuse = \"zen3\"\nvm_round_trip = \"900 cycles\"\n");
  const Description own =
      read_text(host(std::string{"cpu = \"cpu.toml\"\n"} + kCaches + kXgmi) + kRest,
                folder.path("a.toml"))
          .points.front()
          .scenario.host.hardware;
  CHECK(own.tlb.walkers == 6);
  CHECK(own.vm_round_trip == sim::Cycles{900});
}

TEST_CASE("generations can be swept") {
  const Study swept = study(std::string{kCaches} + kXgmi +
                            "[sweep]\n\"host.cpu\" = [\"skylake\", "
                            "\"zen2\"]\n");
  REQUIRE(swept.points.size() == 2);
  CHECK(swept.points[0].scenario.host.hardware.line_buffers.fill == 12);
  CHECK(swept.points[1].scenario.host.hardware.line_buffers.fill == 22);
}

TEST_CASE("a link that says no latency has its kind's") {
  const Description host = hardware(std::string{kCaches} + kXgmi);
  CHECK(host.links.front().latency == sim::Duration{92'000});
  CHECK(hardware(std::string{kCaches} + kXgmi + "latency = \"70 ns\"\n").links.front().latency ==
        sim::Duration{70'000});
  CHECK(hardware(std::string{kCaches} +
                 "[[host.link]]\nfrom = 0\nto = 1\nbandwidth = \"19.2 GB/s\"\n")
            .links.front()
            .latency == models::topology::Link{}.latency);
}

TEST_CASE("node_link joins the nodes of each socket") {
  const Description host = hardware(
      "nodes_per_socket = 4\nl2 = { size = \"1 MiB\", latency = \"4 ns\" }\n"
      "llc = { size = \"8 MiB\", shared_by = 8 }\n"
      "controller = { channel_bandwidth = \"25.6 GB/s\", latency = \"90 ns\" }\n"
      "node_link = { bandwidth = \"100 GB/s\" }\n" +
      std::string{"[[host.link]]\nfrom = 0\nto = 4\nkind = \"xgmi\"\nbandwidth = \"96 GB/s\"\n"});
  CHECK(host.links.size() == 1 + 2 * 6);
  const models::topology::Topology topology{host};
  const auto idle_ns = [&](int from, int to) {
    return topology.route(from, to).idle_latency_s * 1e9;
  };
  CHECK(idle_ns(0, 0) == Approx(90));
  CHECK(idle_ns(5, 7) == Approx(100));
  CHECK(idle_ns(0, 4) == Approx(182));
  CHECK(idle_ns(1, 7) == Approx(202));  // over node 0's and node 4's
  // Pairs that have a link of their own keep it.
  const Description both = hardware(
      "nodes_per_socket = 2\nnode_link = { bandwidth = \"100 GB/s\" }\n" + std::string{kCaches} +
      "[[host.link]]\nfrom = 1\nto = 0\nbandwidth = \"50 GB/s\"\n[[host.link]]\nfrom = 0\nto = "
      "2\nbandwidth = \"50 GB/s\"\n");
  CHECK(both.links.size() == 3);
  CHECK_THROWS_WITH(study("node_link = { bandwith = \"1 GB/s\" }\n" + std::string{kCaches} + kXgmi),
                    Catch::Contains("did you mean \"bandwidth\""));
  CHECK_THROWS_WITH(study("nodes_per_socket = 2\nnode_link = 3\n" + std::string{kCaches} + kXgmi),
                    Catch::Contains("host.node_link") && Catch::Contains("a table"));
  CHECK_THROWS_WITH(
      study("nodes_per_socket = 2\n" + std::string{kCaches} +
            "[[host.link]]\nfrom = 0\nto = 2\nkind = \"xgmi\"\nbandwidth = \"96 GB/s\"\n"),
      Catch::Contains("no link leads from node 0 to node 1") && Catch::Contains("node_link"));
}

TEST_CASE("what is not said is less certain than what is") {
  const Study silent = study(std::string{kCaches} + kXgmi);
  const UncertainParameter* latency = uncertain(silent, "host.controller.latency");
  REQUIRE(latency != nullptr);
  CHECK(latency->value == Approx(90.0));  // description.hpp's
  CHECK(silent.points.front().scenario.host.hardware.controller.latency ==
        models::topology::MemoryController{}.latency);
  CHECK(silent.points.front().scenario.host.hardware.llc.latency == Description{}.llc.latency);
  CHECK(silent.points.front().scenario.host.hardware.controller.efficiency ==
        models::topology::MemoryController{}.efficiency);
  CHECK(latency->deviation / latency->value > 0.1);
  REQUIRE(uncertain(silent, "host.link.*.latency") != nullptr);
  CHECK(uncertain(silent, "host.link.*.latency")->value == Approx(92.0));
  CHECK(uncertain(study(std::string{kCaches} + kXgmi + "latency = \"70 ns\"\n"),
                  "host.link.*.latency") == nullptr);
  const Study of_make = study("cpu = \"zen3\"\n" + std::string{kCaches} + kXgmi);
  REQUIRE(uncertain(of_make, "host.controller.latency") != nullptr);
  CHECK(uncertain(of_make, "host.controller.latency")->deviation < 0.1 * 100);
  const Study said = study(
      "l2 = { size = \"1 MiB\", latency = \"4 ns\" }\n"
      "llc = { size = \"8 MiB\", shared_by = 8 }\n"
      "controller = { channel_bandwidth = \"25.6 GB/s\", latency = \"90 ns\" }\n" +
      std::string{kXgmi});
  CHECK(uncertain(said, "host.controller.latency") == nullptr);
}

TEST_CASE("a host that says nothing of its cores is told what they are taken for, once") {
  const Study silent = study(std::string{kCaches} + kXgmi + "[sweep]\n\"vm.a.count\" = [1, 2]\n");
  CHECK(std::count_if(silent.notes.begin(), silent.notes.end(), [](const std::string& note) {
          return note.find("tenancy list cpus") != std::string::npos;
        }) == 1);
  CHECK(study("cpu = \"zen3\"\n" + std::string{kCaches} + kXgmi).notes.empty());
  CHECK(study("tlb = { l2_4k = 512 }\n" + std::string{kCaches} + kXgmi).notes.empty());
  const tests::TemporaryFolder folder;
  folder.write("mine.toml", host(std::string{kCaches} + kXgmi));
  CHECK(read_text("[host]\nuse = \"mine.toml\"\n" + std::string{kRest}, folder.path("a.toml"))
            .notes.size() == 1);
}
