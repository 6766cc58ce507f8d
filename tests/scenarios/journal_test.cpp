#include "scenarios/journal.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>

#include "scenarios/run.hpp"
#include "sim/error.hpp"
#include "tests/scenarios/fake_model.hpp"

using namespace scenarios;

namespace {

// A path in a folder of its own, removed with it.
class TemporaryFile {
 public:
  TemporaryFile() {
    std::string name = (std::filesystem::temp_directory_path() / "tenancy-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
    folder_ = name;
  }
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  std::string path() const { return (folder_ / "journal").string(); }
  std::string text() const {
    std::ifstream file{path(), std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
  }
  void write(const std::string& text) const { std::ofstream{path(), std::ios::binary} << text; }

 private:
  std::filesystem::path folder_;
};

models::Results some_results() {
  models::Results results;
  results.metrics = {{"vm.guest.throughput", 0.1 + 0.2},
                     {"vm.guest.latency.p99", std::numeric_limits<double>::quiet_NaN()}};
  models::TimeShares time;
  time.object = "vm.guest";
  time.share[3] = 1.0 / 3.0;
  time.per_unit_s[3] = 1e-300;
  results.time = {time};
  results.utilisation = {{"node0.cpus", 2.0 / 3.0}};
  results.violations = {"a \"quoted\" violation"};
  results.events = std::numeric_limits<std::uint64_t>::max();
  return results;
}

}  // namespace

TEST_CASE("a journal gives back every bit of a run") {
  const TemporaryFile file;
  const models::Results written = some_results();
  Journal{file.path()}.append("key", written);
  const Journal journal{file.path()};
  const models::Results* read = journal.find("key");
  REQUIRE(read != nullptr);
  CHECK(read->metrics[0].value == written.metrics[0].value);
  CHECK(std::isnan(read->metrics[1].value));
  CHECK(read->time[0].object == "vm.guest");
  CHECK(read->time[0].share == written.time[0].share);
  CHECK(read->time[0].per_unit_s == written.time[0].per_unit_s);
  CHECK(read->utilisation[0].utilisation == written.utilisation[0].utilisation);
  CHECK(read->violations == written.violations);
  CHECK(read->events == written.events);
  CHECK(journal.find("other") == nullptr);
}

TEST_CASE("a last line cut short is dropped and the journal goes on") {
  const TemporaryFile file;
  {
    Journal journal{file.path()};
    journal.append("a", some_results());
    journal.append("b", some_results());
  }
  const std::string text = file.text();
  file.write(text.substr(0, text.size() - 10));
  {
    Journal journal{file.path()};
    CHECK(journal.find("a") != nullptr);
    CHECK(journal.find("b") == nullptr);
    journal.append("b", some_results());
  }
  CHECK(file.text() == text);
}

TEST_CASE("a header cut short is written again") {
  const TemporaryFile file;
  file.write("{\"tenancy-");
  Journal{file.path()}.append("a", some_results());
  CHECK(Journal{file.path()}.find("a") != nullptr);
}

TEST_CASE("damage before the last line is reported with its line") {
  const TemporaryFile file;
  {
    Journal journal{file.path()};
    journal.append("a", some_results());
    journal.append("b", some_results());
  }
  std::string text = file.text();
  SECTION("a changed digit") {
    text[text.find("0.3000")] = '7';
  }
  SECTION("no JSON") {
    text[text.find('\n') + 1] = '!';
  }
  file.write(text);
  CHECK_THROWS_AS(Journal{file.path()}, sim::ConfigError);
  CHECK_THROWS_WITH(Journal{file.path()}, Catch::Contains("journal:2: damaged"));
  CHECK(file.text() == text);
}

TEST_CASE("a file that is no journal is refused and stays as it is") {
  const TemporaryFile file;
  const std::string text = GENERATE(as<std::string>{}, "precious\ndata\n", "precious data");
  file.write(text);
  CHECK_THROWS_AS(Journal{file.path()}, sim::ConfigError);
  CHECK(file.text() == text);
}

TEST_CASE("a journal that cannot be opened is an error that names it") {
  CHECK_THROWS_WITH(Journal{"/no/such/folder/journal"}, Catch::Contains("/no/such/folder/journal"));
}

TEST_CASE("an interrupted study taken up from its journal gives the same results") {
  const TemporaryFile file;
  const Study study = fake::study({1, 2, 3});
  const StudyResults whole = run(study, {}, fake::model());

  std::atomic<bool> cancel = false;
  RunOptions options;
  options.jobs = 1;
  options.journal = file.path();
  options.cancel = &cancel;
  options.progress = [&](const Progress& progress) { cancel = progress.done == 5; };
  CHECK(run(study, options, fake::model()).interrupted);

  std::atomic<int> simulated = 0;
  Model counting = fake::model();
  counting.simulate = [&](const auto& host, const auto& length, const auto& simulate_options) {
    ++simulated;
    return fake::simulate(host, length, simulate_options);
  };
  RunOptions again;
  again.journal = file.path();
  const StudyResults resumed = run(study, again, counting);
  CHECK(simulated == 12 - 5);
  CHECK_FALSE(resumed.interrupted);
  for (std::size_t i = 0; i < whole.points.size(); ++i) {
    for (std::size_t m = 0; m < whole.points[i].metrics.size(); ++m) {
      const Estimate& a = whole.points[i].metrics[m].estimate;
      const Estimate& b = resumed.points[i].metrics[m].estimate;
      CHECK(a.value == b.value);
      CHECK(a.lo == b.lo);
      CHECK(a.hi == b.hi);
    }
  }
}

TEST_CASE("keys tell scenarios, seeds and checks apart, but not what only reports use") {
  Scenario scenario = fake::study({2}).points[0].scenario;
  const std::string text = run_text(scenario);
  const std::string key = run_key(text, 1, false);
  CHECK(run_key(text, 2, false) != key);
  CHECK(run_key(text, 1, true) != key);
  Scenario more = scenario;
  more.study.replications = 50;
  more.study.title = "another title";
  CHECK(run_text(more) == text);
  Scenario larger = scenario;
  larger.host.vms[0].count = 3;
  CHECK(run_text(larger) != text);
}
