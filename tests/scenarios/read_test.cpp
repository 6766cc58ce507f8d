#include "scenarios/read.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "scenarios/library.hpp"
#include "tests/scenarios/small_scenario.hpp"

using scenarios::read_text;
using tests::kSmall;
using tests::refusal;

namespace {

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  return text.replace(text.find(what), what.size(), with);
}

}  // namespace

TEST_CASE("every embedded study reads") {
  for (const auto& preset : scenarios::embedded_presets()) {
    if (preset.kind != "studies") continue;
    INFO(preset.name);
    CHECK_FALSE(scenarios::read_file(std::string{preset.name}).points.empty());
  }
}

TEST_CASE("every embedded preset can be used") {
  for (const auto& preset : scenarios::embedded_presets()) {
    INFO(preset.kind << " " << preset.name);
    const std::string name{preset.name};
    if (preset.kind == "hosts")
      CHECK(refusal(replaced(kSmall, "opteron-6272-4s", name)) == "accepted");
    if (preset.kind == "vmms") CHECK(refusal(replaced(kSmall, "kvm-3.10", name)) == "accepted");
    if (preset.kind == "workloads") {
      std::string text = replaced(replaced(kSmall, "kernel-compile", name), "2 GiB", "8 GiB");
      text = replaced(text, "[vmm]\n",
                      "[[host.disk]]\nname = \"sda\"\ndevice = \"ram-disk\"\n"
                      "[[host.nic]]\nname = \"eth0\"\nrate = \"10 Gbit/s\"\n[vmm]\n");
      CHECK(refusal(text + "[[vm.disk]]\non = \"sda\"\n[[vm.nic]]\non = \"eth0\"\n") == "accepted");
    }
  }
}

TEST_CASE("a key set on the command line wins over the file") {
  const auto study = read_text(kSmall, "a.toml", {{{"vm.guest.count", "7"}}, {}, {}});
  CHECK(study.points.at(0).scenario.host.vms.at(0).count == 7);
}

TEST_CASE("a resolved scenario reads back as itself") {
  for (const auto& preset : scenarios::embedded_presets()) {
    if (preset.kind != "studies") continue;
    INFO(preset.name);
    for (const auto& point : scenarios::read_file(std::string{preset.name}).points) {
      const std::string text = scenarios::resolved(point.scenario).dump();
      const auto again = read_text(text, "result.json");
      REQUIRE(again.points.size() == 1);
      REQUIRE(scenarios::resolved(again.points[0].scenario).dump() == text);
    }
  }
}

TEST_CASE("mistakes are refused where they stand") {
  CHECK(refusal("") == "a.toml:1:1: the file is empty; `tenancy list studies` shows examples");
  CHECK_THAT(refusal(replaced(kSmall, "\"2 s\"", "20")), Catch::StartsWith("a.toml:2:"));
  CHECK_THAT(refusal(replaced(kSmall, "duration", "duratoin")),
             Catch::StartsWith("a.toml:2:1: ") && Catch::Contains("duration"));
  CHECK_THAT(refusal(kSmall + "count = 0\n"), Catch::StartsWith("a.toml:11:"));
  CHECK_THAT(refusal(kSmall + "count = -1\n"), Catch::Contains("vm.guest.count"));
  CHECK_THAT(refusal(kSmall + "vcpus = 4096\n"), Catch::Contains("vm.guest.vcpus"));
  CHECK_THAT(refusal(replaced(kSmall, "opteron-6272-4s", "opteron-6272-4")),
             Catch::StartsWith("a.toml:4:") && Catch::Contains("opteron-6272-4s"));
  CHECK_THAT(
      refusal(kSmall + "[[vm]]\nname = \"guest\"\nmemory = \"1 GiB\"\nworkload = \"idle\"\n"),
      Catch::Contains("two [[vm]] tables have this name"));
  CHECK_THAT(refusal(kSmall + "[sweep]\n\"vm.gest.count\" = [1]\n"),
             Catch::Contains("did you mean \"guest\"?"));
  CHECK_THAT(refusal(kSmall + "x = [\n"), Catch::StartsWith("a.toml:"));
  CHECK(refusal(kSmall + "x = " + std::string(5000, '[')) != "accepted");
  CHECK(refusal(std::string("\0\x7f"
                            "ELF\2",
                            6)) != "accepted");
}

TEST_CASE("a mistake in an array of tables names the element") {
  CHECK_THAT(refusal(kSmall + "[[host.link]]\nfrom = 0\nto = 1\nbandwidth = 5\n"),
             Catch::Contains("host.link[0].bandwidth: got 5"));
  CHECK_THAT(refusal(kSmall + "[vm.disk]\non = \"sda\"\n"),
             Catch::Contains("vm.guest.disk: ") && Catch::Contains("begun with [[vm.disk]]"));
}

TEST_CASE("a disk that lies on nothing known is refused where it says so, with what there is") {
  const std::string disk = kSmall + "[[vm.disk]]\nimage = \"qcow2\"\non = \"sda\"\n";
  CHECK(refusal(disk) ==
        "a.toml:13:1: vm.guest.disk.on: no disk, array or volume is named \"sda\"; "
        "the host has array0, hdd");
  CHECK_THAT(refusal(replaced(disk, "opteron-6272-4s", "nehalem-x5570-2s")),
             Catch::StartsWith("a.toml:13:1: vm.guest.disk.on: ") &&
                 Catch::Contains("describe one in [[host.disk]]"));
  CHECK(refusal(replaced(disk, "sda", "array0")) == "accepted");
}

TEST_CASE("a host that describes disks has none of its preset's") {
  const std::string own =
      kSmall + "[[host.disk]]\nname = \"sda\"\ndevice = \"ssd-sata\"\n[[vm.disk]]\non = ";
  CHECK(refusal(own + "\"sda\"\n") == "accepted");
  CHECK_THAT(refusal(own + "\"array0\"\n"), Catch::Contains("the host has sda"));
  CHECK_THAT(refusal(kSmall + "[[host.array]]\nname = \"r\"\nlevel = 10\ndisks = [\"x\"]\n"),
             Catch::Contains("did you mean \"raid10\"?"));
}

TEST_CASE("hardware that nobody has is refused where it stands") {
  const auto with = [](const std::string& key) {
    return refusal(replaced(kSmall, "use = \"opteron-6272-4s\"\n",
                            "use = \"opteron-6272-4s\"\n" + key + "\n"));
  };
  CHECK(with("frequency = \"2000 GHz\"\nturbo = []") ==
        "a.toml:5:1: host.frequency: got 2000 GHz, need 0.1 to 10 GHz");
  CHECK(with("turbo = [\"1 GHz\"]") ==
        "a.toml:5:1: host.turbo: 1 GHz is below the nominal clock of 2.1 GHz");
  CHECK_THAT(with("llc = { latency = \"10 ms\" }"),
             Catch::Contains("a.toml:5:9: host.llc.latency"));
  CHECK_THAT(with("l2 = { latency = \"40 ns\" }"), Catch::Contains("a.toml:5:8: host.l2.latency"));
  CHECK(with("frequency = \"2.4 GHz\"") == "accepted");
}

TEST_CASE("of a file of several points' results the first is run again, and that is said") {
  const auto small = read_text(tests::kSmall, "a.toml");
  const std::string scenario = scenarios::resolved(small.points[0].scenario).dump();
  const auto again = [&](const std::string& points) {
    return read_text("{\"scenario\": " + scenario + ", \"points\": " + points + "}", "r.json")
        .notes;
  };
  CHECK(again("[{}]").empty());
  CHECK(again("[{}, {}]") ==
        std::vector<std::string>{
            "r.json holds the results of 2 points; what is run again is the first of them"});
}

TEST_CASE("a mistake of some points of a sweep says of which") {
  const std::string swept =
      refusal(kSmall +
              "vcpus = 4\n[[vm.nic]]\n[[host.nic]]\nname = \"eth0\"\n"
              "rate = \"10 Gbit/s\"\n[sweep]\n\"vm.guest.nic.queues\" = [1, 4, 8, 16]\n");
  // The same of 16, so it is said once.
  CHECK(swept ==
        "a.toml:12:6: vm.guest.nic: queues: 8 for 4 vCPUs, at most one each (with "
        "vm.guest.nic.queues = 8, and 1 more)");
  const std::string all =
      refusal(kSmall + "[sweep]\n\"vm.guest.vcpus\" = [1, 2]\n[[vm]]\nname = 1\n");
  CHECK(all != "accepted");
  CHECK(all.find("(with") == std::string::npos);
}

TEST_CASE("disks that no guest uses make nothing uncertain, be the guests on another host") {
  const auto unsure_of_disks = [](const std::string& text) {
    const auto study = read_text(text, "a.toml");
    return std::any_of(study.uncertain.begin(), study.uncertain.end(),
                       [](const auto& one) { return one.key.starts_with("device."); });
  };
  const std::string disk = "[[vm.disk]]\non = \"array0\"\n";
  CHECK_FALSE(unsure_of_disks(kSmall));
  CHECK(unsure_of_disks(kSmall + disk));
  CHECK(unsure_of_disks(kSmall + "on = \"b\"\n" + disk + "[cluster.host.b]\n"));
}

TEST_CASE("what is reported of a VM class is of one that is there") {
  const std::string report = "[report]\nshow = [\"vm.guest.cpu.steal\", \"vm.gest.cpu.steal\"]\n";
  CHECK(refusal(kSmall + report) ==
        "a.toml:12:31: report.show: \"vm.gest.cpu.steal\": no [[vm]] is named \"gest\", did you "
        "mean \"guest\"?");
}

TEST_CASE("a word that stands for a table goes on standing for its key when others are set") {
  const std::string disk = kSmall + "[[vm.disk]]\non = \"array0\"\ncache = \"none\"\n";
  const auto mode = [&](const std::string& more) {
    return read_text(disk + more, "a.toml").points.back().scenario.host.vms[0].disks[0].cache.mode;
  };
  using models::storage::cache::Mode;
  CHECK(mode("") == Mode::none);
  CHECK(mode("[sweep]\n\"vm.guest.disk.cache.mode\" = [\"none\", \"writeback\"]\n") ==
        Mode::writeback);
  CHECK(mode("[sweep]\n\"vm.guest.disk.cache.size\" = [\"1 GiB\"]\n") == Mode::none);
}

TEST_CASE("a raw image has no holes, be it a word or a table") {
  const auto preallocation = [](const std::string& image) {
    const std::string disk = "[[vm.disk]]\non = \"array0\"\nimage = " + image + "\n";
    return read_text(kSmall + disk, "a.toml")
        .points[0]
        .scenario.host.vms[0]
        .disks[0]
        .image.preallocation;
  };
  using models::storage::image::Preallocation;
  CHECK(preallocation("\"raw\"") == Preallocation::full);
  CHECK(preallocation("{ format = \"raw\" }") == Preallocation::full);
  CHECK(preallocation("{ format = \"raw\", preallocation = \"off\" }") == Preallocation::off);
  CHECK(preallocation("{ format = \"qcow2\" }") == Preallocation::off);
  const std::string swept = "[sweep]\n\"vm.guest.disk.image.cluster\" = [\"1 MiB\"]\n";
  CHECK(preallocation("\"qcow2\"\n" + swept) == Preallocation::off);
  CHECK(preallocation("\"raw\"\n" + swept) == Preallocation::full);
}

TEST_CASE("all mistakes of a file are reported at once") {
  const std::string all = refusal(replaced(kSmall, "\"2 s\"", "20") + "count = -1\nvcpus = 0\n");
  CHECK(std::count(all.begin(), all.end(), '\n') == 2);
}

TEST_CASE("mutated files end in a study or in ScenarioError") {
  constexpr std::uint64_t kSeed = 7;
  INFO("seed " << kSeed);
  std::mt19937_64 random{kSeed};
  const std::string whole =
      kSmall + "count = 2\npin = [\"0-3\"]\n[sweep]\n\"vm.guest.vcpus\" = [1, 2]\n";
  int refused = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string text = whole;
    for (std::uint64_t edits = 1 + random() % 4; edits > 0 && !text.empty(); --edits) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = static_cast<char>(random() % 256);
          break;
        case 1:
          text.erase(at, random() % 8);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 16));
      }
    }
    CAPTURE(text);
    try {
      const auto study = read_text(text, "mutated.toml");  // not in CHECK, which catches
      CHECK_FALSE(study.points.empty());
    } catch (const scenarios::ScenarioError&) {
      ++refused;
    }
  }
  CHECK(refused > 500);
}

TEST_CASE("a guest that reads what nobody writes is refused, with the nearest name") {
  CHECK(refusal(kSmall + "reads_from = \"gest\"\n") ==
        "a.toml:11:1: vm.guest.reads_from: no [[vm]] is named \"gest\", did you mean \"guest\"?");
}

TEST_CASE("what a client meant is told: CPU sets, quoted keys, metrics, sizes") {
  CHECK(refusal(kSmall + "pin = \"0-3\"\n").find("CPU sets in an array, one a vCPU: [\"0-3\"]") !=
        std::string::npos);
  CHECK(refusal(kSmall + "pin = []\n").find("got an empty array") != std::string::npos);
  CHECK(refusal(kSmall + "[sweep]\nvm.guest.count = [1, 2]\n").find("keys in quotes") !=
        std::string::npos);
  CHECK(refusal(kSmall + "[report]\nshow = [\"cpu.steel\"]\n").find("\"cpu.steal\"?") !=
        std::string::npos);
  CHECK(
      refusal(replaced(kSmall, "\"kernel-compile\"", "{ use = \"fio\", io = { bs = \"4 KiB\" } }"))
          .find("did you mean \"block\"?") != std::string::npos);
  CHECK(refusal(replaced(kSmall, "memory", "ram")).find("did you mean \"memory\"?") !=
        std::string::npos);
  const std::string small = refusal(replaced(kSmall, "2 GiB", "64 MiB"));
  CHECK(small.find("MiB, more than the VM's memory of 64 MiB") != std::string::npos);
}

TEST_CASE("a key with dots in quotes is one, on the command line, too") {
  CHECK(refusal(kSmall, {.overrides = {{"sweep.\"vm.guest.count\"", "[1, 2]"}},
                         .ignore = {},
                         .assumed = {}}) == "accepted");
}

TEST_CASE("nodes that differ, dies and memory without CPUs are read and written out") {
  const std::string host =
      "[host]\nuse = \"nehalem-x5570-2s\"\nnode_memory = [\"48 GiB\", \"0 GiB\"]\n"
      "node_channels = [3, 2]\n[host.chiplet]\nshared_by = 4\nread_bandwidth = \"20 GB/s\"\n"
      "write_bandwidth = \"10 GB/s\"\n[[host.memory_node]]\non = 1\nmemory = \"64 GiB\"\n"
      "bandwidth = \"17 GB/s\"\nlatency = \"280 ns\"\n";
  const std::string text =
      host + "[[vm]]\nname = \"a\"\nmemory = \"1 GiB\"\nnuma = \"strict:2\"\nworkload = \"spin\"\n";
  const auto study = read_text(text, "a.toml");
  const auto& hardware = study.points.front().scenario.host.hardware;
  CHECK(hardware.node_memory.size() == 2);
  CHECK(hardware.node_channels == std::vector<int>{3, 2});
  CHECK(hardware.chiplet.shared_by == 4);
  REQUIRE(hardware.memory_nodes.size() == 1);
  CHECK(hardware.memory_nodes.front().on == 1);
  CHECK(refusal(replaced(text, "[3, 2]", "[3, 2.5]")).find("whole numbers from 1 to 64") !=
        std::string::npos);
  CHECK(refusal(replaced(text, "[3, 2]", "3")).find("an array such as [6, 4]") !=
        std::string::npos);
}

TEST_CASE("points of one VM each are compared with the first, unless their work differs") {
  const auto swept = [](const std::string& key, const std::string& values) {
    return read_text(kSmall + "[sweep]\n\"" + key + "\" = [" + values + "]\n", "a.toml");
  };
  const auto one = swept("vm.guest.memory", "\"2 GiB\", \"4 GiB\"");
  CHECK(one.baseline.front() == 0U);
  REQUIRE(one.notes.size() == 1);
  CHECK_THAT(one.notes.front(), Catch::Contains("compared with the first one"));
  const auto counts = swept("vm.guest.count", "1, 2");
  CHECK(counts.baseline.empty());
  CHECK(counts.notes.empty());
  CHECK(swept("vm.guest.workload", "\"kernel-compile\", \"spin\"").baseline.empty());
  CHECK(read_text(kSmall, "a.toml").baseline.empty());
  const auto said = read_text(kSmall +
                                  "[sweep]\n\"vm.guest.vcpus\" = [1, 2]\n"
                                  "[report]\nbaseline = { \"vm.guest.vcpus\" = 2 }\n",
                              "a.toml");
  CHECK(said.baseline.front() == 1U);
  CHECK(said.notes.empty());
}

TEST_CASE("a class of which there are none is not there, and something has to run") {
  const std::string text = kSmall +
                           "[[vm]]\nname = \"other\"\nmemory = \"1 GiB\"\nworkload = \"spin\"\n" +
                           "[sweep]\n\"vm.guest.count\" = [0, 2]\n";
  const auto study = read_text(text, "a.toml");
  REQUIRE(study.points.size() == 2);
  CHECK(study.points[0].scenario.host.vms.size() == 1);
  CHECK(study.points[1].scenario.host.vms.size() == 2);
  CHECK_THAT(refusal(kSmall + "[sweep]\n\"vm.guest.count\" = [0, 2]\n"),
             Catch::Contains("nothing runs") && Catch::Contains("(with vm.guest.count = 0)"));
  CHECK(refusal(replaced(text, "[0, 2]", "[0]") + "[report]\nshow = [\"vm.guest.throughput\"]\n") ==
        "accepted");
  CHECK_THAT(refusal("vm = []\n" + kSmall.substr(0, kSmall.find("[[vm]]"))),
             Catch::Contains("needs a guest"));
}

TEST_CASE("the ratio of any metric to the baseline can be shown") {
  const auto study = read_text(kSmall + "[report]\nshow = [\"latency.p99.relative\"]\n", "a.toml");
  CHECK(study.relative == std::vector<std::string>{"latency.p99"});
  CHECK_THAT(refusal(kSmall + "[report]\nshow = [\"latency.relative\"]\n"),
             Catch::Contains("a metric's name"));
}

TEST_CASE("mistakes in values of the command line have no line") {
  CHECK_THAT(refusal(kSmall, {.overrides = {{"report.show", "[\"throughput\", \"speed\"]"}}}),
             Catch::StartsWith("--set report.show: report.show: got \"speed\""));
}

TEST_CASE("cores of a host that says nothing of sleep states have C1") {
  const auto states = [](const std::string& host) {
    return read_text(replaced(kSmall, "use = \"opteron-6272-4s\"\n", host), "a.toml")
        .points.at(0)
        .scenario.host.hardware.idle_states;
  };
  const auto silent = states("use = \"opteron-6272-4s\"\n");
  REQUIRE(silent.size() == 1);
  CHECK(silent[0].name == "C1");
  CHECK(silent[0].exit_latency == sim::Duration{2'000'000});
  CHECK(states("use = \"opteron-6272-4s\"\nidle_state = []\n").empty());
  CHECK(states("use = \"skylake-8180-2s\"\n").size() > 1);
}
