// tenancy run: simulate a study and print, or write, its answer.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/prediction.hpp"
#include "scenarios/run.hpp"
#include "scenarios/sweep.hpp"
#include "sim/error.hpp"
#include "tools/commands.hpp"
#include "tools/interrupt.hpp"
#include "tools/output_file.hpp"
#include "tools/report/page.hpp"
#include "tools/report/results_csv.hpp"
#include "tools/report/results_json.hpp"
#include "tools/report/study_table.hpp"
#include "tools/study_options.hpp"
#include "tools/terminal.hpp"

namespace tools {

namespace {

constexpr const char* kStandardOutput = "-";

struct Arguments {
  StudyOptions study;
  std::string json;  // empty: not asked for; "-": standard output
  std::string csv;
  std::string html;
  bool check = false;
  bool quiet = false;
};

// `--json study.toml` is a forgotten file name, not a wish to overwrite the study.
void refuse_scenario(const char* option, const std::string& path) {
  if (path.ends_with(".toml"))
    throw sim::ConfigError{
        fmt::format("{} {}: results do not go into a scenario file; write the scenario first: "
                    "tenancy run {} {}",
                    option, path, path, option)};
}

void to_output(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

// Where --json or --csv goes: a file, standard output, or nowhere.
class Sink {
 public:
  Sink(const char* option, const std::string& path) {
    if (path == kStandardOutput) {
      to_standard_output_ = true;
    } else if (!path.empty()) {
      refuse_scenario(option, path);
      file_.emplace(path);
    }
  }
  bool wanted() const { return to_standard_output_ || file_; }
  bool to_standard_output() const { return to_standard_output_; }
  void write(const std::string& text) {
    if (to_standard_output_) to_output(text);
    if (file_) file_->commit(text);
  }

 private:
  bool to_standard_output_ = false;
  std::optional<OutputFile> file_;
};

int report_violations(const scenarios::StudyResults& results) {
  std::size_t count = 0;
  for (const auto& point : results.points) {
    for (const std::string& violation : point.violations) {
      fmt::print(stderr, "violated: {}: {}\n", scenarios::text(point.at), violation);
      ++count;
    }
  }
  if (count == 0) return kDone;
  fmt::print(stderr, "tenancy: {} broken invariant{}\n", count, count == 1 ? "" : "s");
  return kFailed;
}

int run(const Arguments& arguments) {
  const scenarios::Study study = read_study(arguments.study);
  Sink json{"--json", arguments.json};
  Sink csv{"--csv", arguments.csv};
  Sink html{"--html", arguments.html};
  if (html.to_standard_output())
    throw sim::ConfigError{"--html: a page goes into a file; name one, as in --html answer.html"};
  if (json.to_standard_output() && csv.to_standard_output())
    throw sim::ConfigError{"--json and --csv cannot both go to standard output; name a file"};

  const Interrupt interrupt;
  ProgressBar progress{!arguments.quiet};
  scenarios::RunOptions options = run_options(arguments.study, interrupt, progress);
  options.check = arguments.check;
  const scenarios::StudyResults results = scenarios::run_and_predict(study, options);
  progress.clear();

  if (json.wanted()) json.write(report::results_json(study, results).dump(2) + "\n");
  if (html.wanted()) html.write(report::study_page(study, results));
  if (csv.wanted()) csv.write(report::results_csv(study, results));
  if (!json.to_standard_output() && !csv.to_standard_output() && !arguments.quiet)
    to_output(report::study_table(study, results, output_layout()));
  const int checked = report_violations(results);
  if (!results.interrupted) return checked;
  fmt::print(stderr, "tenancy: interrupted; {} of {} points have results\n", results.points.size(),
             study.points.size());
  return kInterrupted;
}

void add_options(CLI::App& command, Arguments& arguments) {
  add_study_options(command, arguments.study);
  command.add_option("--json", arguments.json, "Results as JSON, to FILE or standard output")
      ->expected(0, 1)
      ->default_str(kStandardOutput)
      ->type_name("FILE");
  command.add_option("--csv", arguments.csv, "Results as CSV, to FILE or standard output")
      ->expected(0, 1)
      ->default_str(kStandardOutput)
      ->type_name("FILE");
  command
      .add_option("--html", arguments.html,
                  "A page for people into FILE: charts, the host, all numbers; needs no network")
      ->type_name("FILE");
  command
      .add_option("--limit", arguments.study.limits,
                  "Say up to which count this is kept, as in \"latency.p99 <= 2 x baseline\" "
                  "(repeatable)")
      ->type_name("LIMIT")
      ->expected(1)
      ->take_all();
  command.add_flag("--check", arguments.check, "Verify invariants; exit 1 if one is broken");
  command.add_flag("--quiet,-q", arguments.quiet, "No table and no progress bar");
}

}  // namespace

void add_run(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("run", "Simulate a study and print its answer");
  auto arguments = std::make_shared<Arguments>();
  add_options(*command, *arguments);
  command->footer(
      "Examples:\n"
      "  tenancy run                                   the study numa-consolidation\n"
      "  tenancy run my.toml --json results.json       a table, and JSON into a file\n"
      "  tenancy run my.toml --html results.html       a table, and a page with charts\n"
      "  tenancy run --limit \"throughput >= 80 % of baseline\"   how many guests fit\n"
      "  tenancy run overcommit --set vm.guest.memory=\"512 MiB\" --without cold-caches\n"
      "\n"
      "Exit status: 0 done, 1 failed, 2 the input is wrong, 130 interrupted.");
  command->callback([arguments, &status] { status = run(*arguments); });
}

}  // namespace tools
