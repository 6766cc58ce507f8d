// tenancy validate: hold the simulator's predictions against recorded measurements.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "tools/commands.hpp"
#include "tools/interrupt.hpp"
#include "tools/output_file.hpp"
#include "tools/report/page.hpp"
#include "tools/terminal.hpp"
#include "validation/report.hpp"
#include "validation/validate.hpp"

namespace tools {

namespace {

struct Arguments {
  validation::ValidateOptions options;
  std::string html;
  bool json = false;
};

int validate(Arguments& arguments) {
  std::unique_ptr<OutputFile> html;
  if (!arguments.html.empty()) html = std::make_unique<OutputFile>(arguments.html);
  const Interrupt interrupt;
  ProgressBar progress{true};
  arguments.options.cancel = interrupt.flag();
  arguments.options.progress = [&](std::size_t done, std::size_t total) {
    progress.show(done, total);
  };
  const validation::Report report = validation::validate(arguments.options);
  progress.clear();
  if (html) html->commit(report::validation_page(report));
  const std::string text =
      arguments.json ? validation::to_json(report).dump(2) + "\n" : validation::table(report);
  std::fwrite(text.data(), 1, text.size(), stdout);
  for (const std::string& failure : report.failures) fmt::print(stderr, "tenancy: {}\n", failure);
  if (!report.failures.empty())
    fmt::print(stderr, "tenancy: {} case{} failed; their points count as uncovered\n",
               report.failures.size(), report.failures.size() == 1 ? "" : "s");
  if (!report.interrupted) return report.failures.empty() ? kDone : kWrongInput;
  fmt::print(stderr, "tenancy: interrupted; cases that did not run count as uncovered\n");
  return kInterrupted;
}

}  // namespace

void add_validate(CLI::App& app, int& status) {
  CLI::App* command =
      app.add_subcommand("validate", "Hold predictions against recorded measurements");
  auto arguments = std::make_shared<Arguments>();
  validation::ValidateOptions& options = arguments->options;
  command->add_option("--subsystem", options.subsystem, "Only points of this subsystem")
      ->type_name("NAME");
  command->add_flag("--json", arguments->json, "As JSON, with every point");
  command
      ->add_option("--html", arguments->html, "A page with scatter plots and every point into FILE")
      ->type_name("FILE");
  command->add_option("--data", options.data, "Recorded data from this folder (repeatable)")
      ->type_name("DIR")
      ->expected(1)
      ->take_all();
  command->add_option("--cases", options.cases, "Cases from this folder (repeatable)")
      ->type_name("DIR")
      ->expected(1)
      ->take_all();
  command->add_option("--jobs,-j", options.jobs, "Threads; 0 is one for each core")
      ->check(CLI::Range(0, 1024))
      ->type_name("N");
  command->footer(
      "Examples:\n"
      "  tenancy validate                    every recorded point\n"
      "  tenancy validate --subsystem numa   those of one subsystem\n"
      "  tenancy validate --json             for machines; fields in validation/README.md");
  command->callback([arguments, &status] { status = validate(*arguments); });
}

}  // namespace tools
