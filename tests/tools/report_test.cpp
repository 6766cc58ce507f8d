#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

#include "scenarios/run.hpp"
#include "tools/report/answer.hpp"
#include "tools/report/grid.hpp"
#include "tools/report/limit_answer.hpp"
#include "tools/report/notes.hpp"
#include "tools/report/results_csv.hpp"
#include "tools/report/results_json.hpp"
#include "tools/report/study_table.hpp"
#include "tools/report/why.hpp"
#include "tools/report/wording.hpp"

using namespace tools::report;
using models::Cause;

namespace {

struct Finished {
  scenarios::Study study;
  scenarios::StudyResults results;
};

scenarios::PointResults point(std::int64_t count, const std::string& pin, double relative,
                              double half) {
  scenarios::PointResults point;
  point.at = {{"vm.guest.count", count}, {"vm.guest.pin", pin}};
  point.replications = 5;
  point.metrics = {{"vm.guest.throughput", {relative, relative - half, relative + half}},
                   {"vm.guest.throughput.relative", {relative, relative - half, relative + half}},
                   {"vm.guest.cpu.steal", {0.25, 0.25, 0.25}},
                   {"host.switches", {1234.0, 1234.0, 1234.0}}};
  models::TimeShares time;
  time.object = "vm.guest";
  time.share[static_cast<std::size_t>(Cause::running)] = 2.0 / 3.0;
  time.share[static_cast<std::size_t>(Cause::steal)] = 1.0 / 3.0;
  point.time = {time};
  point.reasons = {{}};
  if (relative < 1.0)
    point.reasons[0] = {{Cause::link_queueing, 0.41},
                        {Cause::remote_memory, 0.33},
                        {Cause::steal, 0.20},
                        {Cause::smt, 0.06}};
  point.utilisation = {{"node0.cpus", 0.5}};
  return point;
}

// The study of the README: 1 pinned guest as the baseline, 64 unpinned ones.
Finished finished() {
  Finished f;
  f.study.settings.title = "How many guests?";
  f.study.baseline.assign(2, 0);
  f.results.points = {point(1, "core", 1.0, 0.0), point(64, "none", 0.547, 0.006)};
  for (const auto& p : f.results.points) {
    scenarios::Scenario scenario;
    models::VmDescription vm;
    vm.name = "guest";
    vm.count = static_cast<int>(std::get<std::int64_t>(p.at[0].second));
    scenario.host.vms = {vm};
    f.study.points.push_back({p.at, scenario});
  }
  return f;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

}  // namespace

TEST_CASE("quantities have three digits and the prefix of their size") {
  CHECK(quantity(0.5474, "1") == "54.7 %");
  CHECK(quantity(0.0000041, "s") == "4.10 us");
  CHECK(quantity(90e-9, "s") == "90.0 ns");
  CHECK(quantity(25.6e9, "B/s") == "25.6 GB/s");
  CHECK(quantity(1234.0, "1/s") == "1.23k/s");
  CHECK(quantity(999.96, "Hz") == "1.00 kHz");
  CHECK(quantity(2.0, "count") == "2");
  CHECK(quantity(1.3, "count") == "1.30");  // an array's amplification
  CHECK(quantity(1234.5, "count") == "1234");
  CHECK(quantity(0.0, "s") == "0 s");
  CHECK(quantity(0.0, "1/s") == "0/s");
  CHECK(quantity(std::numeric_limits<double>::quiet_NaN(), "s") == "-");
}

TEST_CASE("keys are as short as they are unique") {
  const scenarios::SweepValue any = std::int64_t{1};
  CHECK(short_keys({{"vm.guest.count", any}, {"vm.guest.pin", any}}) ==
        std::vector<std::string>{"count", "pin"});
  CHECK(short_keys({{"vm.a.count", any}, {"vm.b.count", any}}) ==
        std::vector<std::string>{"a.count", "b.count"});
  CHECK(short_keys({{"host.use", any}}) == std::vector<std::string>{"host"});
}

TEST_CASE("rounded shares sum to the whole") {
  std::array<double, models::kCauses> thirds{};
  thirds[0] = thirds[1] = thirds[2] = 1.0 / 3.0;
  const auto parts = rounded(thirds, 1000);
  CHECK(parts[0] == 334);
  CHECK(parts[1] == 333);
  CHECK(parts[2] == 333);
  CHECK(std::accumulate(parts.begin(), parts.end(), 0) == 1000);
}

TEST_CASE("the answer is the slowest class, how slow it is, and why") {
  const Finished f = finished();
  CHECK(answer(f.study, f.results) ==
        "With 64 guest VMs, unpinned, each guest VM runs at 54.7 % ± 0.6 of the baseline "
        "(1 guest VM, pinned to cores); the extra time is link queueing 41 %, remote memory 33 %, "
        "steal 20 %.");
}

TEST_CASE("a class that does other work than in the baseline is not the answer") {
  Finished f = finished();
  f.study.points[1].scenario.host.vms[0].workload.name = "stream";
  CHECK(answer(f.study, f.results).starts_with("No VM runs slower"));
}

TEST_CASE("what is shown as 100.0 % of the baseline is not slower than it") {
  Finished f = finished();
  for (auto& metric : f.results.points[1].metrics) {
    if (metric.name.ends_with("throughput.relative")) metric.estimate = {0.9997, 0.9996, 0.9998};
  }
  CHECK(answer(f.study, f.results).starts_with("No VM runs slower"));
}

TEST_CASE("a host that is swept opens the sentence") {
  Finished f = finished();
  f.results.points[1].at[0] = {"host.use", std::string{"old"}};
  f.study.points[1].at = f.results.points[1].at;
  CHECK(answer(f.study, f.results).starts_with("On old, unpinned, each guest VM runs at 54.7 %"));
}

TEST_CASE("more running time for the same work is a slower core") {
  CHECK(text(std::vector<scenarios::Reason>{{Cause::running, 0.996}, {Cause::idle, 0.004}}, 3) ==
        "slower core 100 %");
}

TEST_CASE("a VM that may use up a quota or a limit is not said to wait for others alone") {
  Finished f = finished();
  f.results.points[1].reasons[0] = {{Cause::steal, 1.0}};
  models::VmDescription& vm = f.study.points[1].scenario.host.vms[0];
  CHECK(answer(f.study, f.results).ends_with("the extra time is steal 100 %."));
  vm.limit = sim::Hertz{1e9};
  CHECK(answer(f.study, f.results).ends_with("the extra time is steal and throttling 100 %."));
  vm.limit = {};
  vm.cputune.global_quota = sim::Duration{25'000'000'000};
  CHECK(answer(f.study, f.results).ends_with("the extra time is steal and throttling 100 %."));
  CHECK(study_table(f.study, f.results).find("steal and throttling 100 %") != std::string::npos);
}

TEST_CASE("more running time is a slower core, or more work, or may be either") {
  Finished f = finished();
  const auto extra = [&](double times) {
    f.results.points[1].reasons[0] = {{Cause::running, 1.0, times}};
    return why(f.study, f.results.points[1], 0);
  };
  const auto each_host = [&](auto change) {
    for (scenarios::Point& one : f.study.points) change(one.scenario.host);
  };
  each_host([](auto& host) { host.hardware.frequency = sim::Hertz{2e9}; });
  CHECK(extra(1.1) == "running 100 %");  // the clock is steady, and nothing else is known
  each_host([](auto& host) { host.hardware.turbo = {sim::Hertz{3e9}, sim::Hertz{2.5e9}}; });
  CHECK(extra(1.1) == "slower core 100 %");
  each_host([](auto& host) { host.vms[0].workload.io.jobs = 1; });
  CHECK(extra(1.1) == "slower core or more work 100 %");
  CHECK(extra(1.3) == "more work per unit 100 %");  // turbo explains 3.0 / 2.5 at most
  each_host([](auto& host) { host.without = {models::Mechanism::turbo}; });
  CHECK(extra(1.1) == "more work per unit 100 %");
  each_host([](auto& host) { host.vms[0].workload.io.jobs = 0; });
  f.study.points[1].scenario.host.hardware.frequency = sim::Hertz{1e9};
  CHECK(extra(2.0) == "slower core 100 %");
}

TEST_CASE("a difference is told, or that there is none, or that it cannot be") {
  const auto of = [](double value, double half) {
    return scenarios::Difference{.metric = "vm.a.throughput",
                                 .first = {100, 100, 100},
                                 .second = {100 + value, 100 + value, 100 + value},
                                 .difference = {value, value - half, value + half}};
  };
  CHECK(verdict(of(43, 6)) == "+43.0 % ± 6.0");
  CHECK(verdict(of(1, 3)) == "no difference");
  CHECK(verdict(of(43, 190)) == "+43.0 % ± 190.0: cannot be told");
}

TEST_CASE("what is large but not certain is told with its estimate") {
  CHECK(undecided({"vm.web.count = 0", "", {7.68, -1.0, 16.0}}) ==
        "vm.web.count = 0 (+768 %, too few replications to tell)");
  CHECK(undecided({"smt", "", {-0.11, -0.3, 0.1}}) == "smt (-11 %, too few replications to tell)");
  CHECK(undecided({"ticks", "", {0.1, -0.1, 0.3}}) == "ticks");
}

TEST_CASE("of VMs whose requests come by themselves the answer tells p99, and the table shows it") {
  Finished f = finished();
  for (scenarios::Point& one : f.study.points)
    one.scenario.host.vms[0].workload.arrivals = sim::Hertz{20};
  const auto p99 = [&](double times, double half) {
    f.results.points[1].metrics.push_back(
        {"vm.guest.latency.p99.relative", {times, times - half, times + half}});
    f.results.points[1].metrics.push_back({"vm.guest.latency.p99", {0.0123, 0.0123, 0.0123}});
  };
  p99(3.2, 0.25);
  CHECK(answer(f.study, f.results) ==
        "With 64 guest VMs, unpinned, p99 of each guest VM's requests is 3.20 (2.95 .. 3.45) times "
        "that of the baseline (1 guest VM, pinned to cores).");
  const std::string table = study_table(f.study, f.results);
  CHECK(table.find("| latency.p99 |") != std::string::npos);
  CHECK(table.find("12.3 ms") != std::string::npos);
  f.study.show = {"vm.guest.latency.p50"};
  CHECK(study_table(f.study, f.results).find("| latency.p99 |") == std::string::npos);
  f.study.show = {"vm.guest.io.latency.p99"};
  CHECK(study_table(f.study, f.results).find("| latency.p99 |") != std::string::npos);
  f.results.points[1] = point(64, "none", 0.547, 0.006);
  p99(1.1, 0.2);
  CHECK(answer(f.study, f.results) ==
        "p99 of no VM's requests is above that of the baseline (1 guest VM, pinned to cores) by "
        "more than the interval.");
}

TEST_CASE("what is certainly slower goes before what may be slower still") {
  Finished f = finished();
  f.results.points[0].time[0].object = "vm.guest";
  for (auto& metric : f.results.points[0].metrics) {
    if (metric.name.ends_with("throughput.relative")) metric.estimate = {0.4, -0.1, 1.2};
  }
  CHECK(
      answer(f.study, f.results).starts_with("With 64 guest VMs, unpinned, each guest VM runs at"));
  CHECK(slowest(f.study, f.results).point == &f.results.points[1]);
  CHECK(slowest(f.study, f.results).certain);
}

TEST_CASE("who asks for no metric is told about p99 where requests come by themselves") {
  Finished f = finished();
  CHECK(slowest(f.study, f.results).metric == "throughput");
  for (scenarios::Point& one : f.study.points)
    one.scenario.host.vms[0].workload.arrivals = sim::Hertz{20};
  f.results.points[1].metrics.push_back({"vm.guest.latency.p99.relative", {3.2, 2.9, 3.5}});
  const Slowest found = slowest(f.study, f.results);
  REQUIRE(found.point == &f.results.points[1]);
  CHECK(found.metric == "latency.p99");
  CHECK(slowest(f.study, f.results, {"guest", "throughput"}).metric == "throughput");
}

TEST_CASE("a slowdown within the interval is no answer") {
  Finished f = finished();
  f.results.points[1] = point(64, "none", 0.999, 0.01);
  CHECK(answer(f.study, f.results) ==
        "No VM runs slower than the baseline (1 guest VM, pinned to cores) by more than the "
        "interval.");
}

TEST_CASE("the table is aligned Markdown with the causes that occur") {
  const Finished f = finished();
  const auto all = lines(study_table(f.study, f.results));
  REQUIRE(all.size() == 10);
  CHECK(all[0] == "How many guests?");
  CHECK(
      all[4].starts_with("| count |  pin | relative performance | running % | steal % | why slower "
                         "than the baseline "));
  CHECK(all[6].starts_with("|     1 | core |        100.0 % ± 0.0 |      66.7 |    33.3 |  "));
  CHECK(all[7] ==
        "|    64 | none |         54.7 % ± 0.6 |      66.7 |    33.3 | "
        "link queueing 41 %, remote memory 33 %, steal 20 % |");
  for (std::size_t i = 4; i < 8; ++i) CHECK(width(all[i]) == width(all[4]));
}

TEST_CASE("the table shows the metrics asked for in human units") {
  Finished f = finished();
  f.study.show = {"throughput.relative", "cpu.steal", "host.switches"};
  const std::string text = study_table(f.study, f.results);
  CHECK(text.find("| cpu.steal | host.switches |") != std::string::npos);
  CHECK(text.find("|    25.0 % |       1.23k/s |") != std::string::npos);
}

TEST_CASE("a migration that has not completed has no time and no downtime in tables") {
  scenarios::PointResults p = point(1, "core", 1.0, 0.0);
  p.metrics.push_back({"migration.guest.time", {19.0, 19.0, 19.0}});
  p.metrics.push_back({"migration.guest.downtime", {0.0, 0.0, 0.0}});
  p.metrics.push_back({"migration.guest.rounds", {1.0, 1.0, 1.0}});
  p.metrics.push_back({"migration.guest.completed", {0.0, 0.0, 0.0}});
  CHECK(value(p, "migration.guest.time") == "-");
  CHECK(value(p, "migration.guest.downtime") == "-");
  CHECK(value(p, "migration.guest.rounds") == "1");
  p.metrics.back().estimate = {0.5, 0.0, 1.0};  // in one of two replications
  CHECK(value(p, "migration.guest.time") == "19.0 s");
  CHECK(value(p, "migration.guest.downtime") == "0 s");
  CHECK(value(p, "migration.guest.transferred") == "-");
}

TEST_CASE("a table without a wish shows how long migrations take and what they cost") {
  Finished f = finished();
  f.study.points.front().scenario.host.migrations.push_back({.vm = "guest", .to = "b"});
  for (auto& p : f.results.points) {
    p.metrics.push_back({"migration.guest.time", {3.5, 3.5, 3.5}});
    p.metrics.push_back({"migration.guest.downtime", {0.25, 0.25, 0.25}});
  }
  const std::string text = study_table(f.study, f.results);
  CHECK(text.find("| migration.guest.time | migration.guest.downtime |") != std::string::npos);
  CHECK(text.find("3.50 s") != std::string::npos);
}

TEST_CASE("no line of a narrow terminal's table is longer than the terminal") {
  const Finished f = finished();
  for (const std::size_t columns : {100U, 60U, 40U}) {
    const auto all = lines(study_table(f.study, f.results, {columns, false}));
    for (const std::string& line : all) {
      if (line.starts_with("|")) CHECK(width(line) <= columns);
    }
  }
  // 60 columns hold a narrower table with the reasons below it, 40 no table at all.
  const std::string narrow = study_table(f.study, f.results, {60, false});
  CHECK(narrow.find("- count 64, pin none: link queueing 41 %") != std::string::npos);
  const std::string paragraphs = study_table(f.study, f.results, {40, false});
  CHECK(paragraphs.find('|') == std::string::npos);
  CHECK(paragraphs.find("- relative performance: 54.7 % ± 0.6") != std::string::npos);
}

TEST_CASE("colours appear only where they are wanted and do not move columns") {
  const Finished f = finished();
  CHECK(study_table(f.study, f.results).find('\x1b') == std::string::npos);
  const std::string text = study_table(f.study, f.results, {200, true});
  CHECK(text.find("\x1b[31m54.7 % ± 0.6\x1b[0m") != std::string::npos);
}

TEST_CASE("a bar in a cell does not end it") {
  const Grid grid{{{"a|b"}}, {{{"c|d"}}}};
  CHECK(markdown(grid, false) == "| a\\|b |\n| ---- |\n| c\\|d |\n");
}

TEST_CASE("one replication has no interval and the table says so") {
  Finished f = finished();
  f.study.settings.replications = 1;
  for (auto& p : f.results.points) p.replications = 1;
  const std::string text = study_table(f.study, f.results);
  CHECK(text.find("±") == std::string::npos);
  CHECK(text.find("One replication, so no intervals") != std::string::npos);
}

TEST_CASE("JSON carries what the contract names, typed and in SI units") {
  const Finished f = finished();
  const auto json = results_json(f.study, f.results);
  CHECK(json.at("tenancy") == scenarios::program_version());
  CHECK(json.at("study") == "How many guests?");
  CHECK(json.at("seed") == 1);
  CHECK(json.at("interrupted") == false);
  const auto& p = json.at("points").at(1);
  CHECK(p.at("at").at("vm.guest.count") == 64);
  CHECK(p.at("at").at("vm.guest.pin") == "none");
  const auto& metric = p.at("metrics").at("vm.guest.throughput.relative");
  CHECK(metric.at("value") == 0.547);
  CHECK(metric.at("ci").at(0) == 0.547 - 0.006);
  CHECK(metric.at("unit") == "1");
  CHECK(p.at("time").at("vm.guest").size() == models::kCauses);
  CHECK(p.at("reasons").at("vm.guest").at("link_queueing") == 0.41);
  CHECK(p.at("utilisation").at("node0.cpus") == 0.5);
}

TEST_CASE("a point's patch makes the scenario that point's") {
  const Finished f = finished();
  const auto json = results_json(f.study, f.results);
  const auto first = json.at("scenario").patch(json.at("points").at(0).at("scenario_patch"));
  CHECK(first == json.at("scenario"));
  CHECK(json.at("points").at(1).at("scenario_patch").size() >= 1);
}

TEST_CASE("CSV quotes what RFC 4180 wants quoted") {
  CHECK(csv_field("plain") == "plain");
  CHECK(csv_field("a,b") == "\"a,b\"");
  CHECK(csv_field("say \"so\"") == "\"say \"\"so\"\"\"");
}

TEST_CASE("CSV has a line for each point and metric") {
  const Finished f = finished();
  const auto all = lines(results_csv(f.study, f.results));
  CHECK(all[0] == "vm.guest.count,vm.guest.pin,metric,value,lo,hi,unit,pi_lo,pi_hi");
  CHECK(all[1] == "1,core,vm.guest.throughput,1,1,1,1/s,,");
  CHECK(all.size() == 1 + 2 * (4 + models::kCauses));
}

namespace {

// 1, 16 and 64 guests, unpinned; the first is the baseline.
Finished three_counts() {
  Finished f = finished();
  f.results.points = {point(1, "none", 1.0, 0.0), point(16, "none", 0.8, 0.05),
                      point(64, "none", 0.547, 0.006)};
  f.study.points.resize(1);
  for (const auto& p : f.results.points) f.study.points.push_back({p.at, {}});
  f.study.points.erase(f.study.points.begin());
  f.study.baseline.assign(3, 0);
  return f;
}

}  // namespace

TEST_CASE("of VMs that do no work the answer is what limits keep, if there are any") {
  Finished f = three_counts();
  for (auto& p : f.results.points) p.metrics.clear();
  CHECK(answer(f.study, f.results) == "No VM did work that could be compared with a baseline.");
  f.study.limits = {{"throughput >= 60 % of baseline", "throughput.relative", false, 0.6}};
  CHECK(answer(f.study, f.results).empty());
}

TEST_CASE("a limit's answer is how many fit, and what the next one is at") {
  Finished f = three_counts();
  CHECK(limit_answer(f.study, f.results).empty());
  f.study.limits = {{"throughput >= 60 % of baseline", "throughput.relative", false, 0.6}};
  CHECK(limit_answer(f.study, f.results) ==
        "Limit throughput >= 60 % of baseline: 16 guest VMs fit; at 64, throughput is "
        "54.7 % (54.1 % .. 55.3 %) of the baseline.\n");
  CHECK(study_table(f.study, f.results).find("16 guest VMs fit") != std::string::npos);
  const auto json = results_json(f.study, f.results).at("limit");
  CHECK(json.at("along") == "vm.guest.count");
  CHECK(json.at("answers").at(0).at("kept") == 16);
  CHECK(json.at("answers").at(0).at("at").at("vm.guest.pin") == "none");
  CHECK(json.at("answers").at(0).at("points").at(2).at("kept") == false);
}

TEST_CASE("a limit that all keep, that none keeps, or that replications leave open is told so") {
  Finished f = three_counts();
  const auto answer_to = [&](bool at_most, double bound) {
    f.study.limits = {{"L", "throughput.relative", at_most, bound}};
    return limit_answer(f.study, f.results);
  };
  CHECK_THAT(answer_to(false, 0.5), Catch::Contains("64 guest VMs fit, the most that was tried"));
  f.study.left_out = {
      {{{"vm.guest.count", std::int64_t{96}}, {"vm.guest.pin", std::string{"none"}}},
       "host.memory: short"}};
  CHECK_THAT(answer_to(false, 0.5), Catch::Contains("64 guest VMs fit, the host is too small for "
                                                    "96; at 64, throughput is 54.7 %"));
  const auto json = results_json(f.study, f.results);
  CHECK(json.at("limit").at("answers").at(0).at("too_large") == 96);
  CHECK(json.at("left_out").at(0).at("why") == "host.memory: short");
  CHECK(json.at("left_out").at(0).at("at").at("vm.guest.count") == 96);
  CHECK_THAT(answer_to(true, 0.5), Catch::Contains("not kept; at 1, throughput is 100.0 %"));
  CHECK_THAT(answer_to(true, 0.9), Catch::Contains("kept from 16 guest VMs on; at 1"));
  CHECK_THAT(answer_to(false, 0.78),
             Catch::Contains("16 guest VMs fit") &&
                 Catch::Contains("the limit lies within the interval at 16"));
  for (auto& p : f.results.points) p.metrics[1].prediction = scenarios::Estimate{0.5, 0.5, 1.5};
  CHECK_THAT(answer_to(false, 0.6),
             Catch::Contains("on the safe side of prediction intervals: less than 1 guest VM"));
  f.study.limits = {{"L", "net.latency.p99", true, 1.0}};
  CHECK_THAT(limit_answer(f.study, f.results), Catch::Contains("no point has this metric"));
}

TEST_CASE("a question about a metric is answered by its worst value, at whichever end that is") {
  Finished f = finished();
  for (std::size_t i = 0; i < 2; ++i) {
    const double factor = i == 0 ? 1.0 : 2.3;
    f.results.points[i].metrics.push_back(
        {"vm.guest.latency.p99.relative", {factor, factor - 0.2, factor + 0.3}});
  }
  const Question latency{"guest", "latency.p99"};
  CHECK(
      answer(f.study, slowest(f.study, f.results, latency)) ==
      "With 64 guest VMs, unpinned, latency.p99 of guest is 2.30 (2.10 .. 2.60) times that of the "
      "baseline (1 guest VM, pinned to cores).");
  const Question steal{"", "cpu.steal"};  // no ratio: by itself
  const Slowest found = slowest(f.study, f.results, steal);
  REQUIRE(found.point != nullptr);
  CHECK_FALSE(found.relative);
  CHECK_THAT(answer(f.study, found), Catch::Contains("cpu.steal of guest is 25.0 %"));
  CHECK(slowest(f.study, f.results, {"other", "throughput"}).point == nullptr);
}

TEST_CASE("a note is said once, with how many points it is of") {
  Finished f = three_counts();
  CHECK(notes(f.study, f.results).empty());
  f.study.notes = {"vm.guest.count = 3 as given"};
  for (auto& p : f.results.points) p.notes = {"swap is full"};
  f.results.points[1].notes.push_back("guest-3 was killed");
  f.results.points[1].notes.push_back("guest-7 was killed");
  f.results.points[1].notes.push_back("16 pages were lost");
  f.results.points[2].notes.push_back("64 pages were lost");
  CHECK(
      notes(f.study, f.results) ==
      "Note: vm.guest.count = 3 as given.\n"
      "At 3 of 3 points: swap is full.\n"
      "vm.guest.count = 16, vm.guest.pin = none: guest-3 was killed, and 1 more like this.\n"
      "At 2 of 3 points, as with vm.guest.count = 16, vm.guest.pin = none: 16 pages were lost.\n");
  CHECK(results_json(f.study, f.results).at("notes").at(0) == "vm.guest.count = 3 as given");
}

TEST_CASE("a class that is not there at a point has null for its metrics there") {
  Finished f = finished();
  scenarios::PointResults& without = f.results.points[0];
  without.time.clear();
  without.reasons.clear();
  std::erase_if(without.metrics, [](const auto& m) { return m.name.starts_with("vm.guest."); });
  const auto json = results_json(f.study, f.results);
  const auto& metrics = json.at("points").at(0).at("metrics");
  CHECK(metrics.at("vm.guest.throughput").is_null());
  CHECK(metrics.at("host.switches").at("value") == 1234.0);
  CHECK(json.at("points").at(1).at("metrics").at("vm.guest.throughput").is_object());
}
