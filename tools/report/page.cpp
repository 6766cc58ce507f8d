#include "tools/report/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/run.hpp"
#include "sim/error.hpp"
#include "tools/report/answer.hpp"
#include "tools/report/grid.hpp"
#include "tools/report/limit_answer.hpp"
#include "tools/report/notes.hpp"
#include "tools/report/results_json.hpp"
#include "tools/report/study_table.hpp"
#include "tools/report/wording.hpp"
#include "validation/report.hpp"

namespace tools::report {

using PageFiles = std::vector<std::pair<std::string_view, std::string_view>>;
const PageFiles& page_files();  // made by the build

namespace {

using Json = nlohmann::ordered_json;

std::string_view file(std::string_view name) {
  for (const auto& [path, text] : page_files()) {
    if (path.ends_with(name)) return text;
  }
  throw sim::ModelError{"the page has no part " + std::string{name}};
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

std::string escaped(std::string text) {
  text = replaced(std::move(text), "&", "&amp;");
  text = replaced(std::move(text), "<", "&lt;");
  return replaced(std::move(text), ">", "&gt;");
}

// JSON inside a script element: nothing in it may end the element or look like a link to load.
std::string script_json(const Json& json) {
  std::string text = replaced(json.dump(), "<", "\\u003c");
  return replaced(std::move(text), "//", "\\/\\/");
}

// Text of several lines, as paragraphs.
std::string paragraphs(const std::string& text) {
  std::string out;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    if (end > from) out += "<p>" + escaped(text.substr(from, end - from)) + "</p>\n";
    from = end + 1;
  }
  return out;
}

std::string markup(const Grid& grid) {
  const auto row = [&](const char* tag, auto text_of) {
    std::string out = "<tr>";
    for (std::size_t c = 0; c < grid.columns.size(); ++c)
      out += fmt::format("<{0}{1}>{2}</{0}>", tag, grid.columns[c].right ? " class=\"number\"" : "",
                         escaped(text_of(c)));
    return out + "</tr>\n";
  };
  std::string out = "<table>\n" + row("th", [&](std::size_t c) { return grid.columns[c].heading; });
  for (const auto& cells : grid.rows)
    out += row("td", [&](std::size_t c) { return cells[c].text; });
  return out + "</table>";
}

// What is there without scripts: `plain`, which is markup.
std::string page(const std::string& title, const std::string& plain, const Json& data) {
  // The library's notice names its site; as text without a scheme, since the page loads nothing.
  const std::string charts = replaced(std::string{file("chart.min.js")}, "https://", "");
  const std::pair<std::string_view, std::string> parts[] = {
      {"@TITLE@", escaped(title)}, {"@STYLE@", std::string{file("page.css")}},
      {"@PLAIN@", plain},          {"@DATA@", script_json(data)},
      {"@CHARTS@", charts},        {"@SCRIPT@", std::string{file("page.js")}},
  };
  std::string out;
  std::string_view rest = file("page.html");
  for (const auto& [mark, text] : parts) {
    const std::size_t at = rest.find(mark);
    out.append(rest.substr(0, at)).append(text);
    rest.remove_prefix(at + mark.size());
  }
  return out.append(rest);
}

Json labels() {
  Json all = Json::object();
  for (int c = 0; c < models::kCauses; ++c) {
    const auto cause = static_cast<models::Cause>(c);
    all[std::string{models::name(cause)}] = label(cause);
  }
  return all;
}

// Index of the point that the answer is about; the first when nothing is slower than elsewhere.
std::ptrdiff_t worst(const scenarios::Study& study, const scenarios::StudyResults& results) {
  const Slowest found = slowest(study, results);
  return found.point != nullptr ? found.point - results.points.data() : 0;
}

// What the drawing of the host needs to know at each point.
Json drawings(const scenarios::Study& study, const scenarios::StudyResults& results) {
  Json all = Json::array();
  for (const auto& point : results.points) {
    const auto own = std::find_if(study.points.begin(), study.points.end(),
                                  [&](const scenarios::Point& p) { return p.at == point.at; });
    const auto& host = own->scenario.host.hardware;
    all.push_back({{"name", host.name},
                   {"sockets", host.sockets},
                   {"nodes_per_socket", host.nodes_per_socket},
                   {"cores_per_node", host.cores_per_node},
                   {"threads_per_core", host.threads_per_core}});
  }
  return all;
}

}  // namespace

std::string study_page(const scenarios::Study& study, const scenarios::StudyResults& results) {
  const std::string& own = study.settings.title;
  const std::string title = own.empty() ? "Tenancy" : own;
  const std::string first = answer(study, results);
  const std::string text =
      first + (first.empty() ? "" : "\n") + limit_answer(study, results) + notes(study, results);
  const std::string plain =
      "<h1>" + escaped(title) + "</h1>\n" + paragraphs(text) + markup(study_grid(study, results));
  return page(title, plain,
              {{"kind", "study"},
               {"answer", text},
               {"labels", labels()},
               {"worst", worst(study, results)},
               {"drawings", drawings(study, results)},
               {"results", results_json(study, results)}});
}

std::string validation_page(const validation::Report& report) {
  const std::string title = "Predictions against recorded measurements";
  return page(title, "<h1>" + title + "</h1>",
              {{"kind", "validation"},
               {"tenancy", scenarios::program_version()},
               {"report", validation::to_json(report)}});
}

}  // namespace tools::report
