// End to end: explain, compare and calibrate as users meet them.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/tools/program.hpp"

using nlohmann::json;
using tests::Outcome;
using tests::tenancy;

namespace {

constexpr const char* kCrowded = R"([study]
title = "crowded"
duration = "0.2 s"
warmup = "0.1 s"
replications = 3
[host]
use = "nehalem-x5570-2s"
[vmm]
use = "kvm-4.19"
[[vm]]
name = "guest"
count = 16
memory = "256 MiB"
numa = "interleave"
workload = "pointer-chase"
)";

}  // namespace

TEST_CASE("explain says what each mechanism costs the worst VM and what would help it") {
  const tests::TemporaryFolder folder;
  const std::string study = folder.write("crowded.toml", kCrowded);
  const Outcome text = tenancy({"explain", study});
  REQUIRE(text.status == 0);
  CHECK_THAT(text.out, Catch::Contains("one mechanism switched off") &&
                           Catch::Contains("vm.guest.pin = \"core\"") && Catch::Contains("% ±"));
  const Outcome machine = tenancy({"explain", study, "--json"});
  REQUIRE(machine.status == 0);
  const json e = json::parse(machine.out);
  CHECK(e.at("vm") == "guest");
  bool remote = false;
  for (const json& cause : e.at("causes")) {
    CHECK(cause.at("ci").at(0) <= cause.at("gain"));
    CHECK(cause.at("gain") <= cause.at("ci").at(1));
    if (cause.at("change") == "remote-latency") remote = cause.at("gain") > 0.05;
  }
  CHECK(remote);  // half of its memory is remote, and it does little else than miss
}

TEST_CASE(
    "explain is about p99 where requests come by themselves, unless it is asked for another") {
  const tests::TemporaryFolder folder;
  std::string text = kCrowded;
  const std::string workload = "\"pointer-chase\"";
  text.replace(text.find(workload), workload.size(),
               "{ use = \"spin\", unit = \"1 Minstr\", burst = \"1 Minstr\", "
               "arrivals = \"2 kHz\" }");
  text.replace(text.find("count = 16"), 10, "count = 64");
  const Outcome run = tenancy({"explain", folder.write("open.toml", text)});
  INFO(run.err);
  REQUIRE(run.status == 0);
  CHECK_THAT(run.out, Catch::StartsWith("Here latency.p99 of guest is") &&
                          Catch::Contains("How latency.p99 of guest would change"));
  const Outcome asked = tenancy({"explain", folder.path("open.toml"), "--metric", "throughput"});
  CHECK_THAT(asked.out, Catch::StartsWith("Here each guest VM runs at") &&
                            Catch::Contains("What guest would gain"));
  const Outcome table = tenancy({"run", folder.path("open.toml")});
  CHECK_THAT(table.out, Catch::Contains("p99 of each guest VM's requests is"));
}

TEST_CASE("explain says which point of a sweep it is about, though nothing is slow there") {
  const tests::TemporaryFolder folder;
  const std::string text =
      "[study]\nduration = \"100 ms\"\nwarmup = \"10 ms\"\nreplications = 2\n[host]\n"
      "use = \"nehalem-x5570-2s\"\n[[vm]]\nname = \"guest\"\nmemory = \"1 GiB\"\n"
      "workload = \"spin\"\npin = \"core\"\n[sweep]\n\"vm.guest.count\" = [1, 2]\n";
  const Outcome run = tenancy({"explain", folder.write("idle.toml", text)});
  REQUIRE(run.status == 0);
  CHECK_THAT(run.out, Catch::StartsWith("No VM runs slower") &&
                          Catch::Contains("What follows is with ") && Catch::Contains("guest VM"));
}

TEST_CASE("compare finds a difference where there is one and none where there is none") {
  const tests::TemporaryFolder folder;
  const std::string study = folder.write("crowded.toml", kCrowded);
  const Outcome same = tenancy({"compare", study, study});
  REQUIRE(same.status == 0);
  CHECK_THAT(same.out, Catch::Contains("no difference"));
  const Outcome changed = tenancy({"compare", study, "--change", "vm.guest.count=4", "--json"});
  REQUIRE(changed.status == 0);
  const json metrics = json::parse(changed.out).at("points").at(0).at("metrics");
  const json throughput = metrics.at("vm.guest.throughput");
  CHECK(throughput.at("differs") == true);
  CHECK(throughput.at("second").at("value") > throughput.at("first").at("value"));
}

TEST_CASE("compare notes that a swept key is swept no more") {
  const tests::TemporaryFolder folder;
  const std::string study =
      folder.write("swept.toml", std::string{kCrowded} + "[sweep]\n\"vm.guest.count\" = [1, 2]\n");
  const Outcome outcome = tenancy({"compare", study, "--set", "vm.guest.count=1", "--change",
                                   "vm.guest.pin=core", "--duration", "20 ms"});
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  CHECK_THAT(outcome.out, Catch::Contains("Note: vm.guest.count = 1 as given"));
  const Outcome refused = tenancy({"compare", study, "--change", "vm.guest.count=1"});
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err, Catch::Contains("sweeps this key"));
}

TEST_CASE("questions that make no sense are refused with exit status 2 and say what is needed") {
  const tests::TemporaryFolder folder;
  const std::string study = folder.write("crowded.toml", kCrowded);
  const std::vector<std::pair<std::vector<std::string>, const char*>> questions{
      {{"compare", study}, "--change"},
      {{"compare", study, "overcommit"}, "no point in common"},
      {{"compare", study, "--change", "vm.guest.pin=core", "--metric", "throughputs"},
       "did you mean \"throughput\"?"},
      {{"explain", "no-such-study"}, "no-such-study"},
      {{"explain", study, "--vm", "guests"}, "did you mean \"guest\"?"},
      {{"explain", study, "--vm", "guest-3"}, "has the VM classes guest"},
      {{"explain", study, "--metric", "latncy.p99"}, "did you mean \"latency.p99\"?"},
      {{"explain", study, "--metric", "cpu.share"}, "neither more nor less"},
      {{"explain", study, "--metric", "net.latency.p99"}, "there are "},
      {{"explain", study, "--at", "vm.guest.count=2"}, "has no sweep"},
      {{"explain", study, "--vm", "guest", "--set", "vm.guest.workload=idle"}, "it does no work"},
      {{"explain", "overcommit", "--at", "vm.guest.count=7"}, "no such point"},
      {{"calibrate"}, "required"},
      {{"calibrate", "no-such-preset"}, "no-such-preset"},
      {{"calibrate", "opteron-6272-4s", "--key", "nonsense"}, "nonsense"},
      {{"run", study, "--html", "-"}, "--html"},
      {{"run", study, "--html", "/nowhere/page.html"}, "/nowhere/page.html"}};
  for (const auto& [arguments, wanted] : questions) {
    const Outcome outcome = tenancy(arguments);
    INFO(wanted << ": " << outcome.err);
    CHECK(outcome.status == 2);
    CHECK(outcome.err.find(wanted) != std::string::npos);
    CHECK(outcome.out.empty());
  }
}

TEST_CASE("explain judges the VM, the point and the metric that are asked for") {
  const tests::TemporaryFolder folder;
  const std::string study = folder.write(
      "crowded.toml", std::string{kCrowded} +
                          "[[vm]]\nname = \"lone\"\nmemory = \"256 MiB\"\npin = [\"3\"]\n"
                          "workload = \"pointer-chase\"\n"
                          "[sweep]\n\"vm.guest.count\" = [4, 16]\n");
  const Outcome machine = tenancy({"explain", study, "--vm", "lone", "--at", "count=4", "--metric",
                                   "memory.latency", "--json", "--duration", "50 ms"});
  INFO(machine.err);
  REQUIRE(machine.status == 0);
  const json e = json::parse(machine.out);
  CHECK(e.at("vm") == "lone");
  CHECK(e.at("at").at("vm.guest.count") == 4);
  CHECK(e.at("metric") == "memory.latency");
  CHECK(e.at("less_is_better") == true);
  double last = -1.0;
  for (const json& cause : e.at("causes")) {  // what lessens it most comes first
    CHECK(cause.at("gain").get<double>() >= last);
    last = cause.at("gain").get<double>();
  }
}
