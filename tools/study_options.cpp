#include "tools/study_options.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "scenarios/read.hpp"
#include "sim/error.hpp"

namespace tools {

namespace {

std::vector<scenarios::Override> overrides(const StudyOptions& options) {
  std::vector<scenarios::Override> all;
  for (const std::string& text : options.settings) all.push_back(setting("--set", text));
  if (!options.seed.empty()) all.push_back({"study.seed", options.seed});
  if (!options.replications.empty()) all.push_back({"study.replications", options.replications});
  if (!options.duration.empty()) all.push_back({"study.duration", options.duration});
  // A JSON array of strings is a TOML one, too.
  if (!options.without.empty())
    all.push_back({"model.without", nlohmann::json(options.without).dump()});
  if (!options.limits.empty())
    all.push_back({"report.limit", nlohmann::json(options.limits).dump()});
  return all;
}

scenarios::Variables environment() {
  scenarios::Variables all;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string text = *one;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) all.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return all;
}

}  // namespace

scenarios::Override setting(const char* option, const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos)
    throw sim::ConfigError{
        fmt::format("{}: got \"{}\", need key=value as in vm.guest.count=32", option, text)};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

scenarios::Study read_study(const StudyOptions& options) {
  return scenarios::read_file(options.file, {overrides(options), {}, {}, environment()});
}

scenarios::RunOptions run_options(const StudyOptions& options, const Interrupt& interrupt,
                                  ProgressBar& progress) {
  scenarios::RunOptions run;
  run.jobs = options.jobs;
  run.cancel = interrupt.flag();
  run.progress = [&progress](const scenarios::Progress& p) { progress.show(p.done, p.total); };
  run.journal = options.journal;
  return run;
}

void add_study_options(CLI::App& command, StudyOptions& options) {
  command
      .add_option("study", options.file,
                  "Scenario file, - for standard input, or the name of a built-in study "
                  "(tenancy list studies)")
      ->capture_default_str()
      ->type_name("FILE|STUDY");
  command.add_option("--seed", options.seed, "Seed of all random streams")->type_name("N");
  command.add_option("--jobs,-j", options.jobs, "Threads; 0 is one for each core")
      ->check(CLI::Range(0, 1024))
      ->type_name("N");
  command.add_option("--replications", options.replications, "Runs of each point")->type_name("N");
  command.add_option("--duration", options.duration, "Measured part of each run, as in \"5 s\"")
      ->type_name("TIME");
  command
      .add_option("--set", options.settings,
                  "Give a key another value, as in vm.guest.memory=\"4 GiB\" (repeatable); a key "
                  "that the study sweeps is swept no more")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  command
      .add_option("--without", options.without,
                  "Switch a mechanism off, as in link-bandwidth (repeatable)")
      ->type_name("MECHANISM")
      ->expected(1)
      ->take_all();
  command
      .add_option("--journal", options.journal,
                  "Keep finished runs in FILE and take up an interrupted study from it")
      ->type_name("FILE");
}

}  // namespace tools
