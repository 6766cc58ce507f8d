// End to end: the program as users and scripts meet it.
#include "tests/tools/program.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

using nlohmann::json;
using tests::Outcome;
using tests::tenancy;

namespace {

constexpr const char* kSmall = R"(
[study]
title = "small"
duration = "50 ms"
warmup = "10 ms"
replications = 2

[host]
use = "nehalem-x5570-2s"

[vmm]
use = "kvm-3.10"

[[vm]]
name = "guest"
count = 1
vcpus = 1
memory = "64 MiB"
pin = "core"
workload = "superpi"

[sweep]
"vm.guest.count" = [1, 4]

[report]
baseline = { "vm.guest.count" = 1 }
)";

bool has_digit(const std::string& text) {
  return text.find_first_of("0123456789") != std::string::npos;
}

std::string without(std::string text, const std::string& part) {
  for (std::size_t at; (at = text.find(part)) != std::string::npos;) text.erase(at, part.size());
  return text;
}

}  // namespace

TEST_CASE("every help text has an example") {
  for (const char* command :
       {"run", "explain", "compare", "list", "keys", "validate", "calibrate"}) {
    const Outcome help = tenancy({command, "--help"});
    CHECK(help.status == 0);
    CHECK(help.out.find(std::string{"tenancy "} + command) != std::string::npos);
    CHECK(help.out.find("Example") != std::string::npos);
    CHECK(help.err.empty());
  }
  const Outcome help = tenancy({"--help"});
  CHECK(help.status == 0);
  CHECK(help.out.find("tenancy run") != std::string::npos);
  const Outcome version = tenancy({"--version"});
  CHECK(version.status == 0);
  CHECK(version.out.starts_with("tenancy "));
}

TEST_CASE("a study's answer is a table, with each time adding up to 100 %") {
  const tests::TemporaryFolder folder;
  const Outcome run = tenancy({"run", folder.write("small.toml", kSmall)});
  CHECK(run.err.empty());
  REQUIRE(run.status == 0);
  CHECK(run.out.starts_with("small\n"));
  CHECK(run.out.find("| count | relative performance |") != std::string::npos);
}

TEST_CASE("JSON is the same bytes for any number of jobs") {
  const tests::TemporaryFolder folder;
  const std::string file = folder.write("small.toml", kSmall);
  const Outcome one = tenancy({"run", file, "--json", "--seed", "7", "--jobs", "1"});
  const Outcome two = tenancy({"run", file, "--json", "--seed", "7", "--jobs", "2"});
  REQUIRE(one.status == 0);
  CHECK(one.out == two.out);
  const json results = json::parse(one.out);
  CHECK(results.at("seed") == 7);
  REQUIRE(results.at("points").size() == 2);
  for (const json& point : results.at("points")) {
    double sum = 0.0;
    for (const json& share : point.at("time").at("vm.guest")) sum += share.get<double>();
    CHECK(std::abs(sum - 1.0) < 1e-9);
    const json& relative = point.at("metrics").at("vm.guest.throughput.relative");
    CHECK(relative.at("ci").at(0) <= relative.at("value"));
    CHECK(relative.at("value") <= relative.at("ci").at(1));
  }
  CHECK(tenancy({"run", file, "--json", "--seed", "8"}).out != one.out);
}

TEST_CASE("results go to files that are there whole, next to the table") {
  const tests::TemporaryFolder folder;
  const std::string file = folder.write("small.toml", kSmall);
  const Outcome run = tenancy(
      {"run", file, "--json", folder.path("r.json"), "--csv", folder.path("r.csv"), "--check"});
  CHECK(run.err.empty());
  REQUIRE(run.status == 0);
  CHECK(run.out.find("relative performance") != std::string::npos);
  CHECK(json::parse(tests::read(folder.path("r.json"))).at("study") == "small");
  CHECK(tests::read(folder.path("r.csv"))
            .starts_with("vm.guest.count,metric,value,lo,hi,unit,pi_lo,pi_hi\n"));
  CHECK(folder.files() == 3);  // no temporary is left
}

TEST_CASE("options of the command line win over the file") {
  const tests::TemporaryFolder folder;
  const std::string file = folder.write("small.toml", kSmall);
  const Outcome run =
      tenancy({"run", file, "--json", "--replications", "3", "--duration", "20 ms", "--set",
               "vm.guest.memory=128 MiB", "--without", "cold-caches", "--without", "smt"});
  REQUIRE(run.status == 0);
  const json results = json::parse(run.out);
  CHECK(results.at("replications") == 3);
  CHECK(results.at("points").at(0).at("replications") == 3);
  const std::string scenario = results.at("scenario").dump();
  CHECK(scenario.find("20 ms") != std::string::npos);
  CHECK(scenario.find("128 MiB") != std::string::npos);
  CHECK(scenario.find("cold-caches") != std::string::npos);
}

TEST_CASE("wrong input is exit status 2 with a message, and nothing runs") {
  const tests::TemporaryFolder folder;
  struct Bad {
    const char* name;
    std::string text;
    bool located;
  };
  const std::vector<Bad> table{
      {"broken", "[host\nuse = \"x\"", true},
      {"unknown key", "[study]\ntitle = \"t\"\nduraton = \"1 s\"\n", true},
      {"missing unit", "[study]\ntitle = \"t\"\nduration = 20\n", true},
      {"wrong unit", "[study]\ntitle = \"t\"\nduration = \"20 GB\"\n", true},
      {"negative", "[study]\ntitle = \"t\"\nduration = \"-1 s\"\n", true},
      {"unknown preset", "[study]\ntitle = \"t\"\n[host]\nuse = \"no-such-host\"\n", true},
      {"absurd",
       "[study]\ntitle = \"t\"\n[[vm]]\nname = \"a\"\ncount = 1099511627776\nworkload = "
       "\"idle\"\n",
       true},
      {"empty", "", false},
      {"binary", std::string("\0\1\2\x7f", 4), true},
      {"deep", "a = " + std::string(5000, '[') + std::string(5000, ']'), true},
  };
  for (const Bad& bad : table) {
    INFO(bad.name);
    const std::string file = folder.write("bad.toml", bad.text);
    const Outcome run = tenancy({"run", file});
    INFO(run.err);
    CHECK(run.status == 2);
    CHECK(run.out.empty());
    CHECK_FALSE(run.err.empty());
    if (bad.located) CHECK(has_digit(without(run.err, file)));
  }
}

TEST_CASE("wrong command lines are exit status 2 and say what would be right") {
  const tests::TemporaryFolder folder;
  const std::string file = folder.write("small.toml", kSmall);
  const std::vector<std::pair<std::vector<std::string>, std::string>> table{
      {{}, "subcommand"},
      {{"rnu"}, "did you mean \"run\"?"},
      {{"run", "no-such-file.toml"}, "no-such-file"},
      {{"run", file, "--jobs", "-1"}, "--jobs"},
      {{"run", file, "--jobs", "many"}, "--jobs"},
      {{"run", file, "--set", "vm.guest.count"}, "key=value"},
      {{"run", file, "--set", "vm.guest.cuont=2"}, "cuont"},
      {{"run", file, "--limit", "latncy.p99 <= 5 ms"}, "did you mean \"latency.p99\"?"},
      {{"run", file, "--without", "gravity"}, "gravity"},
      {{"run", file, "--seed", "x"}, "seed"},
      {{"run", file, "--replications", "0"}, "replications"},
      {{"run", file, "--duration", "5"}, "duration"},
      {{"run", file, "--json", "/no/such/folder/r.json"}, "/no/such/folder/r.json"},
      {{"run", "--json", file}, "tenancy run"},
      {{"run", file, "--json", "--csv"}, "standard output"},
      {{"run", file, "--journal", file}, "not a journal"},
      {{"run", file, "--frobnicate"}, "--frobnicate"},
      {{"list", "planets"}, "planets"},
      {{"keys", "no.such.prefix"}, "no.such.prefix"},
      {{"validate", "--subsystem", "astrology"}, "astrology"},
  };
  for (const auto& [arguments, expected] : table) {
    const Outcome run = tenancy(arguments);
    INFO(run.err);
    CHECK(run.status == 2);
    CHECK(run.err.find(expected) != std::string::npos);
  }
  CHECK(tests::read(file) == kSmall);
}

TEST_CASE("a journal takes an interrupted study up where it stopped") {
  const tests::TemporaryFolder folder;
  const std::string file = folder.write("small.toml", kSmall);
  const std::string journal = folder.path("journal");
  const Outcome first = tenancy({"run", file, "--json", "--journal", journal});
  REQUIRE(first.status == 0);
  const std::string full = tests::read(journal);
  folder.write("journal", full.substr(0, full.size() - 20));
  const Outcome second = tenancy({"run", file, "--json", "--journal", journal});
  CHECK(second.out == first.out);
  CHECK(tests::read(journal).size() == full.size());
}

TEST_CASE("Ctrl-C, or SIGTERM, ends a long run with what is done and exit status 130") {
  const int signal = GENERATE(SIGINT, SIGTERM);
  const tests::TemporaryFolder folder;
  // Its first runs take milliseconds, the whole study hours.
  const std::string file = folder.write("small.toml", kSmall);
  const std::string journal = folder.path("journal");
  tests::Program program{{"run", file, "--json", "--replications", "10000", "--journal", journal}};
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (tests::read(journal).size() < 4000 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  program.send(signal);
  const Outcome run = program.wait();
  INFO(run.err);
  CHECK(run.status == 130);
  const json results = json::parse(run.out);
  CHECK(results.at("interrupted") == true);
  REQUIRE_FALSE(results.at("points").empty());
  CHECK(results.at("points").at(0).at("replications") < 10000);
}

TEST_CASE("an explanation is told part by part, and Ctrl-C leaves what was told") {
  const tests::TemporaryFolder folder;
  // What follows the study takes four times as long.
  const std::string file = folder.write("small.toml", kSmall);
  tests::Program program{{"explain", file, "--set", "vm.guest.workload=\"interactive\"", "--set",
                          "vm.guest.memory=\"1 GiB\"", "--duration", "200 s"}};
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{120};
  while (program.out().empty() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  program.send(SIGINT);
  const Outcome explanation = program.wait();
  INFO(explanation.err);
  CHECK(explanation.status == 130);
  CHECK(explanation.out.find("baseline (1 guest VM)") != std::string::npos);
  CHECK(explanation.err.find("interrupted before the explanation was complete") !=
        std::string::npos);
}

TEST_CASE("a full disk behind a redirection is a failure") {
  const tests::TemporaryFolder folder;
  const std::string file = folder.write("small.toml", kSmall);
  const Outcome run = tenancy({"run", file, "--json", "/dev/full"});
  CHECK(run.status == 1);
  CHECK(run.err.find("/dev/full") != std::string::npos);
}

TEST_CASE("lists and keys print what is built in") {
  const Outcome hosts = tenancy({"list", "hosts"});
  CHECK(hosts.status == 0);
  CHECK(hosts.out.find("opteron-6272-4s") != std::string::npos);
  const Outcome all = tenancy({"list"});
  CHECK(all.out.find("numa-consolidation") != std::string::npos);
  CHECK(all.out.find("kernel-compile") != std::string::npos);
  CHECK(all.out.find("kvm-3.10") != std::string::npos);
  const Outcome keys = tenancy({"keys", "vm"});
  CHECK(keys.status == 0);
  CHECK(keys.out.find("vcpus") != std::string::npos);
  CHECK(keys.out.find("duration") == std::string::npos);
  CHECK(keys.out.find("vmm.") == std::string::npos);
  const Outcome key = tenancy({"keys", "vm.guest.vcpus"});
  CHECK(key.out.starts_with("vm.<name>.vcpus\n"));
  const Outcome element = tenancy({"keys", "host.link[0]"});
  CHECK(element.out.starts_with("host.link.from\n"));
  const Outcome table = tenancy({"keys", "workload.net"});  // as a preset's file says it
  CHECK(table.out.starts_with("vm.<name>.workload.net."));
  const Outcome nameless = tenancy({"keys", "vm.workload.test[0].span"});  // as a scenario says it
  CHECK(nameless.out.starts_with("vm.<name>.workload.test.span\n"));
  const Outcome metrics = tenancy({"keys", "--metrics"});
  CHECK(metrics.status == 0);
  CHECK(metrics.out.find("vm.<vm>.throughput.relative") != std::string::npos);
  CHECK(metrics.out.find("link_queueing") != std::string::npos);
  CHECK(metrics.out.find("front-side bus, or at a compute die's port") != std::string::npos);
  CHECK(metrics.out.find("95th percentile of that time; less is better") != std::string::npos);
}

TEST_CASE("a swept key that is set leaves one point, and the output says so") {
  const tests::TemporaryFolder folder;
  const std::string file = folder.write("small.toml", kSmall);
  const Outcome table = tenancy({"run", file, "--set", "vm.guest.count=2"});
  REQUIRE(table.status == 0);
  CHECK(table.out.find("Note: vm.guest.count = 2 as given, its sweep is left out.") !=
        std::string::npos);
  const json results =
      json::parse(tenancy({"run", file, "--set", "vm.guest.count=2", "--json"}).out);
  CHECK(results.at("points").size() == 1);
  CHECK(results.at("notes").size() == 2);  // and the baseline's
}

TEST_CASE("a limit of the command line is answered by how many fit") {
  const tests::TemporaryFolder folder;
  const std::string file = folder.write("small.toml", kSmall);
  const Outcome run = tenancy({"run", file, "--limit", "throughput >= 50 % of baseline"});
  INFO(run.out);
  REQUIRE(run.status == 0);
  CHECK(run.out.find("4 guest VMs fit, the most that was tried") != std::string::npos);
}

TEST_CASE("a sweep may begin without a guest of a class") {
  const tests::TemporaryFolder folder;
  std::string text = kSmall;
  text.replace(text.find("[1, 4]"), 6, "[0, 1]");
  text.replace(text.find("[sweep]"), 0,
               "[[vm]]\nname = \"other\"\nmemory = \"64 MiB\"\npin = [\"3\"]\n"
               "workload = \"superpi\"\n");
  const std::string file = folder.write("small.toml", text);
  const Outcome run = tenancy({"run", file, "--json", "--html", folder.path("page.html")});
  INFO(run.err);
  REQUIRE(run.status == 0);
  const json points = json::parse(run.out).at("points");
  CHECK(points.at(0).at("metrics").at("vm.guest.throughput").is_null());
  CHECK(points.at(0).at("metrics").at("vm.other.throughput").is_object());
  CHECK(points.at(1).at("metrics").at("vm.guest.throughput").is_object());
}
