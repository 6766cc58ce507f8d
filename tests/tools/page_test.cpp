#include "tools/report/page.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tools/report/answer.hpp"

using namespace tools::report;

namespace {

std::string between(const std::string& text, const std::string& from, const std::string& to) {
  const std::size_t begin = text.find(from);
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find(to, begin) - begin);
}

std::size_t times(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

}  // namespace

TEST_CASE("without scripts the page has the answer and the table") {
  scenarios::Study study;
  scenarios::StudyResults results;
  study.settings.title = "<b>bold</b> & more";
  study.baseline.assign(2, 0);
  for (const std::int64_t count : {1, 64}) {
    scenarios::PointResults& point = results.points.emplace_back();
    point.at = {{"vm.guest.count", count}};
    point.replications = 5;
    const double share = count == 1 ? 1.0 : 0.5;
    point.metrics = {{"vm.guest.throughput.relative", {share, share, share}}};
    point.time.emplace_back().object = "vm.guest";
    point.time.back().share[static_cast<std::size_t>(models::Cause::running)] = 1.0;
    point.reasons = {{}};
    scenarios::Point& own = study.points.emplace_back();
    own.at = point.at;
    own.scenario.host.vms.emplace_back().name = "guest";
  }
  const std::string page = study_page(study, results);
  const std::string plain = between(page, "<noscript>", "</noscript>");
  CHECK(plain.find("<h1>&lt;b&gt;bold&lt;/b&gt; &amp; more</h1>") != std::string::npos);
  CHECK(plain.find("<p>" + answer(study, results) + "</p>") != std::string::npos);
  CHECK(times(plain, "<tr>") == 1 + 2);
  CHECK(plain.find("<th class=\"number\">count</th>") != std::string::npos);
  CHECK(plain.find("<td class=\"number\">64</td><td class=\"number\">50.0 % ± 0.0</td>") !=
        std::string::npos);
  CHECK(plain.find("@PLAIN@") == std::string::npos);
}
