#include "tools/report/study_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include "scenarios/prediction.hpp"
#include "tools/report/answer.hpp"
#include "tools/report/grid.hpp"
#include "tools/report/limit_answer.hpp"
#include "tools/report/notes.hpp"
#include "tools/report/why.hpp"
#include "tools/report/wording.hpp"

namespace tools::report {

namespace {

using scenarios::PointResults;

constexpr int kTenths = 1000;

struct Row {
  const PointResults* point;
  std::size_t vm_class;
  std::array<int, models::kCauses> tenths;

  const models::TimeShares& time() const { return point->time[vm_class]; }
};

struct Table {
  const scenarios::Study& study;
  std::vector<std::string> keys;      // of the sweep, short
  std::vector<std::string> shown;     // metrics of [report] show
  std::vector<models::Cause> causes;  // that take time in some row
  std::vector<Row> rows;
  bool several_classes = false;
  bool predicted = false;  // the presets say how sure they are
};

// A metric that a row shows: "cpu.steal" means that of the row's class.
std::string metric_of(const Row& row, const std::string& shown) {
  const std::string own = fmt::format("{}.{}", row.time().object, shown);
  return find_metric(*row.point, own) != nullptr ? own : shown;
}

// The VM classes as the first point that has them describes them: at others they may be missing.
std::vector<const models::VmDescription*> classes_of(const scenarios::Study& study) {
  std::vector<const models::VmDescription*> all;
  const auto add = [&](const models::HostDescription& host) {
    for (const models::VmDescription& vm : host.vms) {
      const bool known = std::any_of(all.begin(), all.end(),
                                     [&](const auto* other) { return other->name == vm.name; });
      if (!known) all.push_back(&vm);
    }
  };
  for (const scenarios::Point& point : study.points) {
    add(point.scenario.host);
    for (const models::HostDescription& other : point.scenario.host.others) add(other);
  }
  return all;
}

// "latency.p50", "vm.web.latency.p99"; not "io.latency.p99".
bool is_latency(const std::string& metric) {
  const std::size_t at = metric.find("latency.");
  if (at == 0 || at == std::string::npos) return at == 0;
  return metric.starts_with("vm.") && std::count(metric.begin(), metric.end(), '.') == 3;
}

// Where requests come by themselves, throughput says how many came; nobody need ask for their time.
bool asks_for_latency(const scenarios::Study& study) {
  const std::vector<const models::VmDescription*> vms = classes_of(study);
  return std::none_of(study.show.begin(), study.show.end(), is_latency) &&
         std::any_of(vms.begin(), vms.end(),
                     [](const auto* vm) { return vm->workload.arrivals.count() > 0; });
}

Table make_table(const scenarios::Study& study, const scenarios::StudyResults& results) {
  Table table{study, {}, {}, {}, {}, false, !results.parameters.empty()};
  std::set<std::string_view> classes;
  std::array<bool, models::kCauses> occurs{};
  for (const auto& point : results.points) {
    table.keys = short_keys(point.at);
    for (std::size_t v = 0; v < point.time.size(); ++v) {
      table.rows.push_back({&point, v, rounded(point.time[v].share, kTenths)});
      classes.insert(point.time[v].object);
      for (std::size_t c = 0; c < occurs.size(); ++c)
        occurs[c] = occurs[c] || table.rows.back().tenths[c] > 0;
    }
  }
  table.several_classes = classes.size() > 1;
  for (std::size_t c = 0; c < occurs.size(); ++c) {
    if (occurs[c]) table.causes.push_back(static_cast<models::Cause>(c));
  }
  for (const std::string& metric : study.show) {
    if (!metric.ends_with("throughput.relative")) table.shown.push_back(metric);
  }
  if (study.show.empty()) {  // what jobs and connections did, when nobody asks for anything else
    bool disks = false, nics = false, servers = false, boots = false;
    const std::vector<const models::VmDescription*> vms = classes_of(study);
    for (const models::VmDescription* one : vms) {
      const models::VmDescription& vm = *one;
      disks = disks || vm.workload.io.any();
      boots = boots || vm.workload.boot.any();
      using models::workload::Conversation;
      const Conversation conversation = vm.workload.net.conversation;
      const bool answers = conversation == Conversation::serve || conversation == Conversation::ask;
      servers = servers || answers;
      nics = nics || (vm.workload.net.any() && !answers);
    }
    for (const models::VmDescription* vm : vms) {
      for (const models::workload::IoTest& test : vm->workload.tests) {
        const std::string metric = fmt::format("test.{}.bandwidth", test.name);
        if (std::find(table.shown.begin(), table.shown.end(), metric) == table.shown.end())
          table.shown.push_back(metric);
      }
    }
    if (disks) table.shown.insert(table.shown.end(), {"io.rate", "io.bandwidth", "io.latency.p99"});
    if (nics) table.shown.push_back("net.throughput");
    if (servers) table.shown.push_back("net.transactions");
    if (boots)
      table.shown.insert(table.shown.end(), {"boot.time.mean", "boot.time.p50", "boot.time.p99"});
    for (const auto& migration : study.points.front().scenario.host.migrations) {
      const std::string object = "migration." + migration.vm;
      table.shown.insert(table.shown.end(), {object + ".time", object + ".downtime"});
    }
  }
  if (asks_for_latency(study)) table.shown.emplace_back("latency.p99");
  return table;
}

Cell relative_cell(const Row& row) {
  const scenarios::Estimate* estimate = relative(*row.point, row.time().object);
  if (estimate == nullptr) return {"-"};
  const Colour colour = estimate->hi < 0.7   ? Colour::red
                        : estimate->hi < 0.9 ? Colour::yellow
                                             : Colour::none;
  return {share(*estimate, row.point->replications), colour};
}

// Where a measurement would fall.
Cell prediction_cell(const Row& row) {
  const scenarios::Estimate* prediction = relative_prediction(*row.point, row.time().object);
  return {prediction ? interval(*prediction) : "-"};
}

Cell shown_cell(const Row& row, const std::string& shown) {
  return {value(*row.point, metric_of(row, shown))};
}

std::string percent(int tenths) {
  return fmt::format("{}.{}", tenths / 10, tenths % 10);
}

Grid grid_of(const Table& table, bool narrow) {
  Grid grid;
  for (const std::string& key : table.keys) grid.columns.push_back({key, true});
  if (table.several_classes) grid.columns.push_back({"VM"});
  grid.columns.push_back({narrow ? "relative" : "relative performance", true});
  if (table.predicted) grid.columns.push_back({narrow ? "predicted" : "prediction interval", true});
  for (const std::string& metric : table.shown) grid.columns.push_back({metric, true});
  for (const models::Cause cause : table.causes)
    grid.columns.push_back(
        {narrow ? std::string{short_label(cause)} : fmt::format("{} %", label(cause)), true});
  if (!narrow) grid.columns.push_back({"why slower than the baseline"});

  for (const Row& row : table.rows) {
    std::vector<Cell>& cells = grid.rows.emplace_back();
    for (const auto& coordinate : row.point->at) cells.push_back({text(coordinate.second)});
    if (table.several_classes) cells.push_back({std::string{class_name(row.time().object)}});
    cells.push_back(relative_cell(row));
    if (table.predicted) cells.push_back(prediction_cell(row));
    for (const std::string& metric : table.shown) cells.push_back(shown_cell(row, metric));
    for (const models::Cause cause : table.causes)
      cells.push_back({percent(row.tenths[static_cast<std::size_t>(cause)])});
    if (!narrow) cells.push_back({why(table.study, *row.point, row.vm_class)});
  }
  return grid;
}

// "64, none, guest": a row's name outside the table.
std::string row_name(const Table& table, const Row& row) {
  std::vector<std::string> parts;
  for (std::size_t k = 0; k < row.point->at.size(); ++k)
    parts.push_back(fmt::format("{} {}", table.keys[k], text(row.point->at[k].second)));
  if (table.several_classes || parts.empty()) parts.emplace_back(class_name(row.time().object));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string reasons_below(const Table& table) {
  std::string out;
  for (const Row& row : table.rows) {
    const std::string causes = why(table.study, *row.point, row.vm_class);
    if (!causes.empty()) out += fmt::format("- {}: {}\n", row_name(table, row), causes);
  }
  return out.empty() ? out : "\nWhy slower than the baseline:\n" + out;
}

std::string paragraphs(const Table& table, const Layout& layout) {
  std::string out;
  for (const Row& row : table.rows) {
    if (!out.empty()) out += '\n';
    out += coloured(row_name(table, row), Colour::bold, layout.colours) + '\n';
    const Cell cell = relative_cell(row);
    out += fmt::format("- relative performance: {}\n",
                       coloured(cell.text, cell.colour, layout.colours));
    if (table.predicted)
      out += fmt::format("- prediction interval: {}\n", prediction_cell(row).text);
    for (const std::string& metric : table.shown)
      out += fmt::format("- {}: {}\n", metric, shown_cell(row, metric).text);
    for (const models::Cause cause : table.causes) {
      const int tenths = row.tenths[static_cast<std::size_t>(cause)];
      if (tenths > 0) out += fmt::format("- {}: {} %\n", label(cause), percent(tenths));
    }
    if (const std::string causes = why(table.study, *row.point, row.vm_class); !causes.empty())
      out += fmt::format("- why slower: {}\n", causes);
  }
  return out;
}

std::string body(const Table& table, const Layout& layout) {
  const Grid full = grid_of(table, false);
  if (width(full) <= layout.columns) return markdown(full, layout.colours);
  const Grid narrow = grid_of(table, true);
  if (width(narrow) <= layout.columns)
    return markdown(narrow, layout.colours) + reasons_below(table);
  return paragraphs(table, layout);
}

std::string footnotes(const scenarios::Study& study, const scenarios::StudyResults& results) {
  const auto& settings = study.settings;
  std::string out =
      settings.replications < 2
          ? fmt::format("\nOne replication, so no intervals; seed {}.", settings.seed)
          : fmt::format("\n± is the {:g} % interval of {} replications, seed {}.",
                        100.0 * settings.confidence, settings.replications, settings.seed);
  out += " Time is of all vCPU time and adds up to 100 %.\n";
  if (!results.parameters.empty()) {
    std::vector<std::string_view> keys;
    for (const auto& parameter : results.parameters) keys.emplace_back(parameter.key);
    out += fmt::format(
        "The {:g} % prediction interval, where a measurement would fall, adds what is uncertain of "
        "presets, machines and models: {}.\n",
        100.0 * scenarios::kPredictionLevel, fmt::join(keys, ", "));
  }
  out += notes(study, results);
  if (results.interrupted)
    out += fmt::format("Interrupted: {} of {} points, some with fewer replications.\n",
                       results.points.size(), study.points.size());
  return out;
}

}  // namespace

std::array<int, models::kCauses> rounded(const std::array<double, models::kCauses>& shares,
                                         int whole) {
  std::array<int, models::kCauses> parts{};
  std::array<double, models::kCauses> rest{};
  std::array<std::size_t, models::kCauses> order{};
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t c = 0; c < shares.size(); ++c) {
    const double exact = std::clamp(shares[c], 0.0, 1.0) * whole;
    parts[c] = static_cast<int>(std::floor(exact));
    rest[c] = exact - parts[c];
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rest[a] > rest[b]; });
  const int missing = whole - std::accumulate(parts.begin(), parts.end(), 0);
  for (std::size_t i = 0; i < order.size() && static_cast<int>(i) < missing; ++i) ++parts[order[i]];
  return parts;
}

Grid study_grid(const scenarios::Study& study, const scenarios::StudyResults& results) {
  return grid_of(make_table(study, results), false);
}

std::string study_table(const scenarios::Study& study, const scenarios::StudyResults& results,
                        const Layout& layout) {
  const Table table = make_table(study, results);
  std::string out;
  if (!study.settings.title.empty())
    out += coloured(study.settings.title, Colour::bold, layout.colours) + "\n\n";
  const std::string worst = answer(study, results);
  if (!worst.empty()) out += worst + "\n";
  if (const std::string limits = limit_answer(study, results); !limits.empty())
    out += (worst.empty() ? "" : "\n") + limits;
  if (!table.rows.empty()) out += '\n' + body(table, layout);
  return out + footnotes(study, results);
}

}  // namespace tools::report
