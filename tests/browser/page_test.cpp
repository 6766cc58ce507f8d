// The report page in a real browser: it renders, complains of nothing, and shows the JSON's
// numbers.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/browser/browser.hpp"
#include "tests/temporary_folder.hpp"
#include "tests/tools/program.hpp"

using nlohmann::json;
using tests::Browser;

namespace {

constexpr const char* kStudy = R"(
[study]
title = "A <script>document.title='broken'</script> & \"quoted\" title"
duration = "50 ms"
warmup = "20 ms"
replications = 2
[host]
use = "opteron-6272-4s"
[vmm]
use = "kvm-3.10"
[[vm]]
name = "guest"
count = 1
memory = "1 GiB"
workload = "kernel-compile"
[sweep]
"vm.guest.count" = [1, 8]
"vm.guest.pin" = ["none", "core"]
)";

// The page of the study above and the JSON of the same run.
struct StudyPage {
  StudyPage() {
    const std::string study = folder.write("study.toml", kStudy);
    page = folder.path("page.html");
    const tests::Outcome run =
        tests::tenancy({"run", study, "--html", page, "--json", folder.path("r.json"), "-q"});
    INFO(run.err);
    REQUIRE(run.status == 0);
    results = json::parse(tests::read(folder.path("r.json")));
  }
  tests::TemporaryFolder folder;
  std::string page;
  json results;
};

}  // namespace

TEST_CASE("the study's page renders without a complaint and shows the JSON's numbers",
          "[browser]") {
  const StudyPage study;
  Browser browser;
  browser.open(study.page);
  CHECK(browser.complaints().empty());
  // Texts are texts: the title's markup did nothing.
  CHECK(browser.run("return document.querySelector('h1').textContent") ==
        study.results.at("study"));
  CHECK(browser.run("return document.title") == study.results.at("study"));

  const json scaling = browser.run(
      "return tenancyCharts.scaling.data.datasets.filter(d => !d.label.startsWith('_'))"
      ".map(d => ({label: d.label, data: d.data}))");
  REQUIRE(scaling.size() == 2);
  std::size_t compared = 0;
  for (const json& point : study.results.at("points")) {
    const std::string pin = point.at("at").at("vm.guest.pin");
    for (const json& line : scaling) {
      if (line.at("label") != "pin " + pin) continue;
      for (const json& drawn : line.at("data")) {
        if (drawn.at("x") != point.at("at").at("vm.guest.count")) continue;
        const double value = point.at("metrics").at("vm.guest.throughput.relative").at("value");
        CHECK(drawn.at("y").get<double>() == Approx(100.0 * value));
        ++compared;
      }
    }
  }
  CHECK(compared == 4);

  const json bars = browser.run(
      "const d = tenancyCharts.time.data.datasets;"
      "return tenancyCharts.time.data.labels.map((_, i) => d.reduce((s, one) => s + one.data[i], "
      "0))");
  REQUIRE(bars.size() == 4);
  for (const json& sum : bars) CHECK(sum.get<double>() == Approx(100.0).margin(0.3));
}

TEST_CASE("the host's drawing has each node and colours it by its utilisation", "[browser]") {
  const StudyPage study;
  Browser browser;
  browser.open(study.page);
  const std::string drawing =
      browser.run("return document.querySelector('svg.host').textContent").get<std::string>();
  for (int node = 0; node < 8; ++node)
    CHECK(drawing.find("node " + std::to_string(node)) != std::string::npos);
  // The last point chosen: its controllers' figures are those of the JSON.
  const json last = study.results.at("points").back();
  browser.run(
      "const s = document.querySelector('section select'); s.value = s.options.length - 1;"
      "s.dispatchEvent(new Event('change')); return null");
  const std::string shown =
      browser.run("return document.querySelector('svg.host').textContent").get<std::string>();
  char wanted[64];
  std::snprintf(wanted, sizeof wanted, "memory controller: %.1f %%",
                100.0 * last.at("utilisation").at("node0.controller").get<double>());
  CHECK(shown.find(wanted) != std::string::npos);
}

TEST_CASE("on a phone nothing sticks out of the page", "[browser]") {
  const StudyPage study;
  Browser browser{360};
  browser.open(study.page);
  CHECK(browser.complaints().empty());
  CHECK(browser.run("return innerWidth").get<int>() <= 360);
  CHECK(browser.run("return document.documentElement.scrollWidth").get<int>() <= 360);
}

TEST_CASE("in the dark the page and its charts are dark", "[browser]") {
  const StudyPage study;
  Browser browser;
  browser.open(study.page);
  const json light = browser.run("return tenancyCharts.time.options.scales.x.ticks.color");
  browser.prefer_dark();
  CHECK(browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(21, 23, 26)");
  CHECK(browser.run("return tenancyCharts.time.options.scales.x.ticks.color") != light);
  CHECK(browser.complaints().empty());
}

TEST_CASE("each chart can be reached by keyboard, has a name, and its numbers as a table",
          "[browser]") {
  const StudyPage study;
  Browser browser;
  browser.open(study.page);
  CHECK(
      browser.run("return [...document.querySelectorAll('canvas')].every(c => c.tabIndex === 0 && "
                  "c.getAttribute('aria-label') && c.closest('section').querySelector('table'))") ==
      true);
  CHECK(browser.run("return document.querySelector('a.skip').hash") == "#main");
}

TEST_CASE("the validation's page draws each compared point", "[browser]") {
  const tests::TemporaryFolder folder;
  const tests::Outcome run = tests::tenancy(
      {"validate", "--subsystem", "scheduler", "--json", "--html", folder.path("v.html")});
  REQUIRE(run.status == 0);
  const json report = json::parse(run.out);
  std::size_t compared = 0;
  for (const json& point : report.at("points")) compared += !point.at("relative_error").is_null();
  Browser browser;
  browser.open(folder.path("v.html"));
  CHECK(browser.complaints().empty());
  CHECK(
      browser.run("return tenancyCharts.scatter.data.datasets.filter(d => !d.label.startsWith('_'))"
                  ".reduce((n, d) => n + d.data.length, 0)") == compared);
}
