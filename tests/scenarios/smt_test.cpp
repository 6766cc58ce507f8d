#include "scenarios/smt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "scenarios/read.hpp"

using namespace scenarios;

namespace {

Study read(const std::string& host, const std::string& rest = "") {
  return read_text(fmt::format("[host]\n{}\n[vmm]\nuse = \"kvm-5.15\"\n[[vm]]\nname = \"guest\"\n"
                               "memory = \"1 GiB\"\nworkload = \"kernel-compile\"\n{}",
                               host, rest),
                   "a.toml");
}

// Two nodes of four cores of two threads; a core has an L2, a die of two cores an LLC and a port.
const std::string kOwn = R"(
sockets = 2
cores_per_node = 4
threads_per_core = 2
frequency = "2 GHz"
memory = "16 GiB"
l2 = { size = "1 MiB", shared_by = 2, latency = "5 ns" }
llc = { size = "8 MiB", shared_by = 4, latency = "15 ns" }
chiplet = { shared_by = 4, read_bandwidth = "50 GB/s", write_bandwidth = "25 GB/s" }
controller = { channels = 2, channel_bandwidth = "20 GB/s" }
[[host.link]]
from = 0
to = 1
bandwidth = "20 GB/s"
)";

bool any_note(const Study& study, const std::string& part) {
  return std::any_of(study.notes.begin(), study.notes.end(),
                     [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

}  // namespace

TEST_CASE("with SMT off cores have one thread and share caches and dies as before") {
  const auto hardware = read("smt = false" + kOwn).points.front().scenario.host.hardware;
  CHECK(hardware.threads_per_core == 1);
  CHECK(hardware.l2.shared_by == 2 / 2);
  CHECK(hardware.llc.shared_by == 4 / 2);
  CHECK(hardware.chiplet.shared_by == 4 / 2);
  const auto with = read("smt = true" + kOwn).points.front().scenario.host.hardware;
  CHECK(with.threads_per_core == 2);
  CHECK(with.llc.shared_by == 4);
  CHECK(with.chiplet.shared_by == 4);
}

TEST_CASE("SMT is swept over presets' hosts, whatever shares their caches") {
  for (const char* host : {"epyc-7763-2s", "icelake-8360y-2s", "xeon-e5345-2s"}) {
    INFO(host);
    const Study study =
        read(fmt::format("use = \"{}\"", host), "[sweep]\n\"host.smt\" = [true, false]\n");
    const auto& on = study.points.at(0).scenario.host.hardware;
    const auto& off = study.points.at(1).scenario.host.hardware;
    CHECK(off.threads_per_core == 1);
    CHECK(off.llc.shared_by * on.threads_per_core == on.llc.shared_by);
    CHECK(off.chiplet.shared_by * on.threads_per_core == on.chiplet.shared_by);
    CHECK(off.cores_per_node == on.cores_per_node);
  }
}

TEST_CASE("what was read with SMT off is the same when read again") {
  const Study study = read("smt = false" + kOwn);
  const nlohmann::ordered_json told = resolved(study.points.front().scenario);
  const auto again = read_text(told.dump(), "again.json").points.front().scenario;
  CHECK(resolved(again) == told);
  CHECK(again.host.hardware.llc.shared_by == 2);
}

TEST_CASE("another host of a cluster has an SMT switch of its own") {
  const Study study = read("smt = false" + kOwn,
                           "[cluster.network]\nbandwidth = \"10 Gbit/s\"\n"
                           "[cluster.host.b]\nhardware = \"epyc-7763-2s\"\n"
                           "[cluster.host.c.hardware]\nuse = \"epyc-7763-2s\"\nsmt = false\n");
  const auto& others = study.points.front().scenario.host.others;
  CHECK(others.at(0).hardware.threads_per_core == 2);
  CHECK(others.at(1).hardware.threads_per_core == 1);
  CHECK(others.at(1).hardware.llc.shared_by == 8);
}

TEST_CASE("fewer threads a core than a preset's say how SMT is switched off") {
  // Its eight dies of 16 threads would become four of 16 cores.
  const Study study =
      read("use = \"epyc-7763-2s\"", "[sweep]\n\"host.threads_per_core\" = [1, 2]\n");
  CHECK(std::count_if(study.notes.begin(), study.notes.end(), [](const std::string& note) {
          return note.starts_with("host.threads_per_core = 1 where the preset has 2");
        }) == 1);
  CHECK(any_note(study, "host.smt = false"));
  CHECK(read("use = \"epyc-7763-2s\"\nthreads_per_core = 2").notes.empty());
  CHECK(read("use = \"epyc-7763-2s\"\nsmt = false").notes.empty());
  // Who says what is shared, too, means it.
  CHECK(read("use = \"epyc-7763-2s\"\nthreads_per_core = 1\nllc.shared_by = 8\n"
             "chiplet.shared_by = 8")
            .notes.empty());
  // All 56 threads of a socket share its LLC, of which 28 are left.
  CHECK_THROWS_WITH(read("use = \"skylake-8180-2s\"\nthreads_per_core = 1"),
                    Catch::Contains("56 does not divide the 28 threads") &&
                        Catch::Contains("set host.smt = false"));
}

TEST_CASE("smt is true or false") {
  CHECK_THROWS_WITH(read("smt = 1" + kOwn), Catch::Contains("host.smt: got 1, need true or false"));
}
