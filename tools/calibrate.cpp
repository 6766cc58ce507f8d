// tenancy calibrate: fit a preset's uncertain numbers to recorded measurements.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "scenarios/uncertain.hpp"
#include "sim/error.hpp"
#include "tools/commands.hpp"
#include "tools/interrupt.hpp"
#include "tools/output_file.hpp"
#include "tools/report/grid.hpp"
#include "tools/terminal.hpp"
#include "validation/calibrate.hpp"
#include "validation/fitted_preset.hpp"
#include "validation/remarks.hpp"

namespace tools {

namespace {

using Json = nlohmann::ordered_json;
using validation::Calibration;

struct Arguments {
  validation::CalibrateOptions options;
  std::string output;
  bool json = false;
};

std::string today() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm local{};
  localtime_r(&now, &local);
  char text[16];
  std::strftime(text, sizeof text, "%Y-%m-%d", &local);
  return text;
}

std::string shown(const scenarios::UncertainParameter& parameter, double value) {
  return fmt::format("{:.4g}{}{}", value, parameter.unit.empty() ? "" : " ", parameter.unit);
}

std::string parameters_text(const Calibration& c, bool colours) {
  report::Grid grid{{{"parameter"},
                     {"preset", true},
                     {"fitted", true},
                     {"standard error", true},
                     {"bounds", true},
                     {"remark"}},
                    {}};
  for (std::size_t j = 0; j < c.parameters.size(); ++j) {
    const auto& parameter = c.parameters[j];
    const auto& fitted = c.fit.parameters[j];
    const bool held = !fitted.held.empty();
    grid.rows.push_back({{parameter.key},
                         {shown(parameter, parameter.value)},
                         {held ? "held" : shown(parameter, fitted.value)},
                         {held ? "-" : shown(parameter, fitted.standard_error)},
                         {fmt::format("{} .. {}", shown(parameter, *parameter.low),
                                      shown(parameter, *parameter.high))},
                         {held              ? "not identified: " + fitted.held
                          : fitted.at_bound ? "at its bound"
                                            : ""}});
  }
  return report::markdown(grid, colours);
}

std::string correlations_text(const Calibration& c) {
  std::string out;
  for (Eigen::Index a = 0; a < c.fit.correlation.rows(); ++a) {
    for (Eigen::Index b = a + 1; b < c.fit.correlation.cols(); ++b) {
      const auto& one = c.parameters[static_cast<std::size_t>(a)].key;
      const auto& other = c.parameters[static_cast<std::size_t>(b)].key;
      const bool both = c.fit.parameters[static_cast<std::size_t>(a)].held.empty() &&
                        c.fit.parameters[static_cast<std::size_t>(b)].held.empty();
      if (both) out += fmt::format("- {} and {}: {:+.2f}\n", one, other, c.fit.correlation(a, b));
    }
  }
  return out.empty() ? out : "\nCorrelation of their errors:\n" + out;
}

std::string values_text(const Calibration& c, bool colours) {
  report::Grid grid{{{"recorded value"},
                     {"recorded", true},
                     {"preset", true},
                     {"fitted", true},
                     {"error", true},
                     {"unit"}},
                    {}};
  for (const auto& value : c.values) {
    const std::string name =
        value.value == "value" ? value.point : fmt::format("{} {}", value.point, value.value);
    grid.rows.push_back(
        {{name},
         {fmt::format("{:.4g}", value.recorded)},
         {fmt::format("{:.4g}", value.before)},
         {fmt::format("{:.4g}", value.after)},
         {value.recorded == 0.0
              ? "-"
              : fmt::format("{:+.1f} %", 100.0 * (value.after / value.recorded - 1.0))},
         {value.unit}});
  }
  return report::markdown(grid, colours);
}

std::string as_text(const Calibration& c, bool colours) {
  std::string out = fmt::format(
      "{}{}\n{}\nRoot mean square of predicted / recorded - 1: {:.1f} % before, {:.1f} % after; "
      "{} simulations of all cases.\n",
      parameters_text(c, colours), correlations_text(c), values_text(c, colours),
      100.0 * validation::root_mean_square(c.values, false),
      100.0 * validation::root_mean_square(c.values, true), c.fit.evaluations);
  for (const std::string& remark : validation::remarks(c))
    out += fmt::format("Beware: {}.\n", remark);
  return out;
}

Json as_json(const Calibration& c) {
  Json parameters = Json::array();
  for (std::size_t j = 0; j < c.parameters.size(); ++j) {
    const auto& parameter = c.parameters[j];
    const auto& fitted = c.fit.parameters[j];
    Json correlation = Json::object();
    for (std::size_t k = 0; k < c.parameters.size(); ++k)
      correlation[c.parameters[k].key] =
          c.fit.correlation(static_cast<Eigen::Index>(j), static_cast<Eigen::Index>(k));
    parameters.push_back(
        {{"preset", parameter.file},
         {"key", parameter.key},
         {"unit", parameter.unit},
         {"before", parameter.value},
         {"value", fitted.value},
         {"standard_error", fitted.held.empty() ? Json(fitted.standard_error) : Json(nullptr)},
         {"low", *parameter.low},
         {"high", *parameter.high},
         {"identified", fitted.held.empty()},
         {"remark", fitted.held},
         {"at_bound", fitted.at_bound},
         {"correlation", std::move(correlation)}});
  }
  Json values = Json::array();
  for (const auto& value : c.values)
    values.push_back({{"point", value.point},
                      {"value", value.value},
                      {"unit", value.unit},
                      {"recorded", value.recorded},
                      {"before", value.before},
                      {"after", value.after}});
  return {{"parameters", std::move(parameters)},
          {"values", std::move(values)},
          {"rms_before", validation::root_mean_square(c.values, false)},
          {"rms_after", validation::root_mean_square(c.values, true)},
          {"remarks", validation::remarks(c)},
          {"evaluations", c.fit.evaluations}};
}

int calibrate(Arguments& arguments) {
  std::unique_ptr<OutputFile> output;
  if (!arguments.output.empty()) output = std::make_unique<OutputFile>(arguments.output);
  const Interrupt interrupt;
  ProgressBar progress{true};
  arguments.options.cancel = interrupt.flag();
  // How many simulations a fit takes is not known beforehand: the bar shows those of the last 50.
  arguments.options.progress = [&](int evaluations) {
    progress.show(static_cast<std::size_t>(evaluations),
                  static_cast<std::size_t>((evaluations / 50 + 1) * 50));
  };
  try {
    const Calibration c = validation::calibrate(arguments.options);
    progress.clear();
    const std::string text =
        arguments.json ? as_json(c).dump(2) + "\n" : as_text(c, output_layout().colours);
    if (output)
      output->commit(validation::fitted_preset(validation::preset_text(c.preset_file), c, today()));
    std::fwrite(text.data(), 1, text.size(), stdout);
    if (output) fmt::print(stderr, "Written: {}\n", arguments.output);
    return kDone;
  } catch (const validation::Interrupted&) {
    progress.clear();
    fmt::print(stderr, "tenancy: interrupted; nothing was written\n");
    return kInterrupted;
  }
}

void add_options(CLI::App& command, Arguments& arguments) {
  validation::CalibrateOptions& options = arguments.options;
  command
      .add_option("preset", options.preset,
                  "Host, VMM or workload: a name of the library, or a path that ends in .toml")
      ->required()
      ->type_name("PRESET");
  command
      .add_option("--data", options.data, "Recorded data, else those of the program (repeatable)")
      ->type_name("FILE");
  command
      .add_option("--cases", options.cases,
                  "Cases from this folder, else those of the program (repeatable)")
      ->type_name("DIR")
      ->expected(1)
      ->take_all();
  command
      .add_option("--key", options.keys, "Fit only this key, as in controller.latency (repeatable)")
      ->type_name("KEY")
      ->expected(1)
      ->take_all();
  command
      .add_option("--error", options.error,
                  "Relative standard error of the recorded values, as in 0.02")
      ->check(CLI::Range(1e-6, 1.0))
      ->capture_default_str()
      ->type_name("SHARE");
  command.add_option("--replications", options.replications, "Runs of each point")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str()
      ->type_name("N");
  command.add_option("--jobs,-j", options.jobs, "Threads; 0 is one for each core")
      ->check(CLI::Range(0, 1024))
      ->type_name("N");
  command
      .add_option("--output,-o", arguments.output,
                  "Write the preset with the fitted numbers, their errors and provenance to FILE")
      ->type_name("FILE");
  command.add_flag("--json", arguments.json, "The fit as JSON");
}

}  // namespace

void add_calibrate(CLI::App& app, int& status) {
  CLI::App* command =
      app.add_subcommand("calibrate", "Fit a preset's uncertain numbers to recorded measurements");
  auto arguments = std::make_shared<Arguments>();
  add_options(*command, *arguments);
  command->footer(
      "The numbers are the preset's [[...uncertain]] entries with low and high. They are fitted "
      "to\n"
      "points of role \"calibrate\"; `validate` points are not read. An example from start to end\n"
      "stands in validation/README.md.\n"
      "\n"
      "Examples:\n"
      "  tenancy calibrate opteron-6272-4s -o fitted.toml\n"
      "  tenancy calibrate my-host.toml --data measured.toml --cases my-cases -o fitted.toml");
  command->callback([arguments, &status] { status = calibrate(*arguments); });
}

}  // namespace tools
