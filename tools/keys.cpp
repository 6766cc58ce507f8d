// tenancy keys: every key of the scenario language, and every metric of the results.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/results.hpp"
#include "scenarios/keys.hpp"
#include "sim/error.hpp"
#include "tools/commands.hpp"

namespace tools {

namespace {

struct Arguments {
  std::string prefix;
  bool metrics = false;
};

void nothing_found(const std::string& prefix, std::string_view list) {
  throw sim::ConfigError{
      fmt::format("nothing starts with \"{}\"; {} shows everything", prefix, list)};
}

// "vm.guest.count" of a scenario is "vm.<name>.count" in the table, "host.link[0].to"
// "host.link.to".
std::string as_in_table(std::string prefix) {
  for (std::size_t open; (open = prefix.find('[')) != std::string::npos;) {
    const std::size_t close = std::min(prefix.find(']', open), prefix.size() - 1);
    prefix.erase(open, close - open + 1);
  }
  constexpr std::string_view kVm = "vm.";
  if (!prefix.starts_with(kVm) || prefix.starts_with("vm.<")) return prefix;
  const std::size_t end = std::min(prefix.find('.', kVm.size()), prefix.size());
  return "vm.<name>" + prefix.substr(end);
}

// "vm" means the keys of a VM, not those of "vmm", unless no name ends where the prefix does.
std::vector<scenarios::KeyInfo> find_in_table(const std::string& prefix) {
  std::vector<scenarios::KeyInfo> keys = scenarios::key_infos(prefix);
  const auto ends_a_name = [&](const scenarios::KeyInfo& key) {
    return prefix.empty() || prefix.ends_with('.') || key.path.size() == prefix.size() ||
           key.path[prefix.size()] == '.';
  };
  if (std::any_of(keys.begin(), keys.end(), ends_a_name))
    std::erase_if(keys, [&](const auto& key) { return !ends_a_name(key); });
  if (!keys.empty()) return keys;
  // A table of a preset's own file: "workload" is "vm.<name>.workload".
  keys = scenarios::key_infos("");
  std::erase_if(keys, [&](const auto& key) {
    const std::size_t found = key.path.find("." + prefix);
    const std::size_t end = found + 1 + prefix.size();
    return found == std::string::npos || (end < key.path.size() && key.path[end] != '.');
  });
  return keys;
}

// "vm.workload" is what [vm.workload] in a scenario is, of no name.
std::vector<scenarios::KeyInfo> find_keys(const std::string& prefix) {
  const auto keys = find_in_table(as_in_table(prefix));
  if (!keys.empty() || !prefix.starts_with("vm.")) return keys;
  return find_in_table(as_in_table("vm.<name>" + prefix.substr(2)));
}

void print_keys(const std::string& prefix) {
  const auto keys = find_keys(prefix);
  if (keys.empty()) nothing_found(prefix, "tenancy keys");
  for (const scenarios::KeyInfo& key : keys) {
    const std::string standard =
        key.standard.empty() ? "" : fmt::format("; default {}", key.standard);
    fmt::print("{}\n    {}{}\n    {}\n", key.path, key.type, standard, key.meaning);
  }
}

struct Line {
  std::string name;
  std::string_view unit;
  std::string_view sentence;
  std::string_view better;
};

std::string_view text(models::Better better) {
  switch (better) {
    case models::Better::more:
      return "; more is better";
    case models::Better::less:
      return "; less is better";
    case models::Better::neither:
      break;
  }
  return "";
}

void print_metrics(const std::string& prefix) {
  std::vector<Line> lines;
  for (const auto& kind : models::metric_catalogue())
    lines.push_back({std::string{kind.name}, kind.unit, kind.sentence, text(kind.better)});
  for (int c = 0; c < models::kCauses; ++c) {
    const auto cause = static_cast<models::Cause>(c);
    lines.push_back({fmt::format("vm.<vm>.time.{}", name(cause)), "1", sentence(cause), ""});
  }
  std::erase_if(lines, [&](const Line& line) { return !line.name.starts_with(prefix); });
  if (lines.empty()) nothing_found(prefix, "tenancy keys --metrics");
  std::size_t widest = 0;
  for (const Line& line : lines) widest = std::max(widest, line.name.size());
  for (const Line& line : lines)
    fmt::print("{:<{}}  {:<4}  {}{}\n", line.name, widest, line.unit, line.sentence, line.better);
}

}  // namespace

void add_keys(CLI::App& app, int& status) {
  CLI::App* command = app.add_subcommand("keys", "Explain the keys of scenarios, or the metrics");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("prefix", arguments->prefix, "Only what starts with this, as in vm")
      ->type_name("PREFIX");
  command->add_flag("--metrics", arguments->metrics,
                    "The metrics of results, and the causes that time goes to");
  command->footer(
      "Examples:\n"
      "  tenancy keys              every key with its type, default and meaning\n"
      "  tenancy keys vm           what a scenario may say about a VM\n"
      "  tenancy keys --metrics    what results say, for [report] show and for scripts");
  command->callback([arguments, &status] {
    arguments->metrics ? print_metrics(arguments->prefix) : print_keys(arguments->prefix);
    status = kDone;
  });
}

}  // namespace tools
