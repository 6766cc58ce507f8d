// The `tenancy` command: picks the subcommand and turns whatever goes wrong into a message and an
// exit status.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/read.hpp"
#include "scenarios/run.hpp"
#include "scenarios/section.hpp"
#include "sim/error.hpp"
#include "tools/commands.hpp"

namespace {

// CLI11 says only that an argument was not expected; a mistyped subcommand deserves more.
bool unknown_subcommand(const CLI::App& app, int argc, const char* const* argv) {
  if (argc < 2) return false;
  const std::string given = argv[1];
  if (given.starts_with('-')) return false;
  std::vector<std::string_view> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == given) return false;
    names.emplace_back(command->get_name());
  }
  fmt::print(stderr, "tenancy: no subcommand \"{}\"{}\nSubcommands: {}\n", given,
             scenarios::did_you_mean(given, names), fmt::join(names, ", "));
  return true;
}

int parse_and_run(CLI::App& app, int argc, const char* const* argv) {
  int status = tools::kDone;
  tools::add_run(app, status);
  tools::add_explain(app, status);
  tools::add_compare(app, status);
  tools::add_list(app, status);
  tools::add_keys(app, status);
  tools::add_validate(app, status);
  tools::add_calibrate(app, status);
  if (unknown_subcommand(app, argc, argv)) return tools::kWrongInput;
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& mistake) {
    fmt::print(stderr, "tenancy: {}\nRun tenancy --help, or a subcommand with --help.\n",
               mistake.what());
    return tools::kWrongInput;
  }
  return status;
}

// What was printed must have arrived: a full disk behind a redirection is a failure.
int flushed(int status) {
  std::cout.flush();
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.good()) return status;
  fmt::print(stderr, "tenancy: cannot write to standard output\n");
  return status == tools::kDone ? tools::kFailed : status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    CLI::App app{"Tenancy simulates a virtualized host: how fast each guest runs, and why.",
                 "tenancy"};
    app.set_version_flag("--version",
                         std::string{"tenancy "} += std::string{scenarios::program_version()});
    app.require_subcommand(1);
    app.footer(
        "Examples:\n"
        "  tenancy run                      the study numa-consolidation, as a table\n"
        "  tenancy run my.toml --json       results for machines\n"
        "  tenancy list studies             what is built in\n"
        "  tenancy keys vm                  what a scenario may say about a VM\n");
    return flushed(parse_and_run(app, argc, argv));
  } catch (const scenarios::ScenarioError& mistakes) {
    fmt::print(stderr, "{}\n", mistakes.what());
    return tools::kWrongInput;
  } catch (const sim::ConfigError& mistake) {
    fmt::print(stderr, "tenancy: {}\n", mistake.what());
    return tools::kWrongInput;
  } catch (const std::bad_alloc&) {
    std::fputs("tenancy: not enough memory\n", stderr);
    return tools::kFailed;
  } catch (const sim::ModelError& fault) {
    fmt::print(stderr, "tenancy: internal error, please report it: {}\n", fault.what());
    return tools::kFailed;
  } catch (const std::exception& failure) {
    fmt::print(stderr, "tenancy: {}\n", failure.what());
    return tools::kFailed;
  }
}
