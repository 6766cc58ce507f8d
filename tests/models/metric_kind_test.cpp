#include "models/metric_kind.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace models;

namespace {

// "vm.<vm>.throughput" of a VM called a.b.
std::string concrete(std::string_view pattern) {
  std::string name;
  bool inside = false;
  for (const char c : pattern) {
    if (c == '<') name += "a.b";
    inside = c == '<' || (inside && c != '>');
    if (!inside && c != '>') name += c;
  }
  return name;
}

// The catalogue's entry that fixes most of a metric, from all of it.
const MetricKind* closest(std::string_view metric) {
  std::size_t most = 0;
  const MetricKind* best = nullptr;
  for (const MetricKind& kind : metric_catalogue()) {
    if (matched(kind.name, metric) <= most) continue;
    most = matched(kind.name, metric);
    best = &kind;
  }
  return best;
}

}  // namespace

TEST_CASE("a metric is of the pattern that fixes most of its name") {
  REQUIRE(concrete("vm.<vm>.test.<test>.rate") == "vm.a.b.test.a.b.rate");
  for (const MetricKind& kind : metric_catalogue()) {
    const std::string metric = concrete(kind.name);
    INFO(metric);
    REQUIRE(kind_of(metric) != nullptr);
    CHECK(kind_of(metric) == closest(metric));
  }
  CHECK(kind_of("cluster.b.host.switches") == kind_of("host.switches"));
  CHECK(kind_of("cluster.b.switches") == nullptr);
  CHECK(kind_of("vm.web.unheard_of") == nullptr);
  CHECK(kind_of("web.throughput") == nullptr);
  CHECK(kind_of("") == nullptr);
}

TEST_CASE("metrics tell of storage, of a network or of computing") {
  for (const char* metric :
       {"vm.web.io.latency.p99", "vm.web.test.first.rate", "host.disk.sda.reads",
        "host.array.md0.member_writes", "storage.nas.bandwidth"})
    CHECK(subject_of(metric) == Subject::storage);
  for (const char* metric : {"vm.web.net.throughput", "migration.web.downtime", "host.nic.dropped"})
    CHECK(subject_of(metric) == Subject::network);
  for (const char* metric : {"vm.web.throughput", "vm.web.memory.latency", "host.migrations",
                             "vm.web.numa.migrated", "nothing.known"})
    CHECK(subject_of(metric) == Subject::computing);
}

TEST_CASE("what is a share ends at 1, what is timed has a stopwatch") {
  CHECK(is_share("vm.web.cpu.steal"));
  CHECK(is_share("host.cpu.utilisation"));
  CHECK(is_share("host.link.utilisation.max"));
  CHECK_FALSE(is_share("vm.web.throughput.relative"));
  CHECK_FALSE(is_share("vm.web.io.kicks"));
  CHECK(is_timed("vm.web.io.latency.p99"));
  CHECK(is_timed("vm.web.net.throughput"));
  CHECK_FALSE(is_timed("vm.web.image.reads"));
  CHECK_FALSE(is_timed("vm.web.memory.present"));
}

TEST_CASE("of a metric, and of its ratio to the baseline, more or less is better, or it depends") {
  CHECK(better("vm.web.throughput") == Better::more);
  CHECK(better("vm.web.test.first.latency.p99") == Better::less);
  CHECK(better("vm.web.latency.p99.relative") == Better::less);
  CHECK(better("vm.web.cpu.share") == Better::neither);
  CHECK(better("vm.web.unheard_of") == Better::neither);
  CHECK(relative_of("vm.web.latency.p99.relative") == "vm.web.latency.p99");
  CHECK(relative_of("vm.web.latency.p99").empty());
}
