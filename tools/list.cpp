// tenancy list: the presets and studies that are built in, with the sources of their figures.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "scenarios/library.hpp"
#include "scenarios/section.hpp"
#include "sim/error.hpp"
#include "tools/commands.hpp"

namespace tools {

namespace {

constexpr std::array<std::string_view, 6> kKinds{"hosts",     "cpus",    "vmms",
                                                 "workloads", "devices", "studies"};

void print_kind(std::string_view kind) {
  const auto presets = scenarios::list_presets(kind);
  if (presets.empty()) {
    fmt::print("no {} are built in\n", kind);
    return;
  }
  std::size_t widest = 0;
  for (const auto& preset : presets) widest = std::max(widest, preset.name.size());
  for (const auto& preset : presets) {
    // A title that repeats the name says nothing.
    const std::string& first = preset.title == preset.name ? preset.source : preset.title;
    fmt::print("{:<{}}  {}\n", preset.name, widest, first);
    if (&first != &preset.source && !preset.source.empty())
      fmt::print("{:<{}}  source: {}\n", "", widest, preset.source);
  }
}

void list(const std::string& kind) {
  if (!kind.empty()) {
    if (std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end()) {
      const std::string near = scenarios::nearest(kind, {kKinds.begin(), kKinds.end()});
      throw sim::ConfigError{
          fmt::format("list: got \"{}\", need one of {}{}", kind, fmt::join(kKinds, ", "),
                      near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near))};
    }
    return print_kind(kind);
  }
  for (const std::string_view each : kKinds) {
    fmt::print("{}{}\n", each == kKinds.front() ? "" : "\n", each);
    print_kind(each);
  }
}

}  // namespace

void add_list(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("list", "Show what is built in, with its sources");
  auto kind = std::make_shared<std::string>();
  command
      ->add_option("kind", *kind,
                   "hosts, cpus, vmms, workloads, devices or studies; all when missing")
      ->type_name("KIND");
  command->footer(
      "Examples:\n"
      "  tenancy list            everything\n"
      "  tenancy list hosts      what [host] use = \"...\" may name\n"
      "  tenancy list cpus       what [host] cpu = \"...\" may name\n"
      "  tenancy list studies    what tenancy run may name");
  command->callback([kind, &status] {
    list(*kind);
    status = kDone;
  });
}

}  // namespace tools
