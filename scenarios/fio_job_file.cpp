#include "scenarios/fio_job_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <set>
#include <utility>

#include "scenarios/nearest.hpp"

namespace scenarios {
namespace {

// What is simulated; other names for it.
const std::map<std::string, std::string, std::less<>> kSimulated{
    {"rw", "rw"},
    {"readwrite", "rw"},
    {"bs", "bs"},
    {"blocksize", "bs"},
    {"bssplit", "bssplit"},
    {"size", "size"},
    {"filesize", "filesize"},
    {"io_size", "io_size"},
    {"io_limit", "io_size"},
    {"loops", "loops"},
    {"numjobs", "numjobs"},
    {"iodepth", "iodepth"},
    {"ioengine", "ioengine"},
    {"direct", "direct"},
    {"buffered", "buffered"},
    {"rwmixread", "rwmixread"},
    {"rwmixwrite", "rwmixwrite"},
    {"filename", "filename"},
    {"nrfiles", "nrfiles"},
    {"offset", "offset"},
    {"fsync", "fsync"},
    {"fdatasync", "fsync"},
    {"sync", "sync"},
    {"end_fsync", "end_fsync"},
    {"fsync_on_close", "end_fsync"},
    {"invalidate", "invalidate"},
    {"thinktime", "thinktime"},
    {"rate_iops", "rate_iops"},
    {"rate", "rate"},
    {"runtime", "runtime"},
    {"timeout", "runtime"},
    {"time_based", "time_based"},
    {"ramp_time", "ramp_time"},
    {"startdelay", "startdelay"},
    {"stonewall", "stonewall"},
    {"wait_for_previous", "stonewall"},
};

// What changes reports, logs, contents or the order of random offsets, not their times.
const std::set<std::string_view> kPassedOver{"name",
                                             "description",
                                             "directory",
                                             "filename_format",
                                             "group_reporting",
                                             "new_group",
                                             "thread",
                                             "norandommap",
                                             "softrandommap",
                                             "randrepeat",
                                             "allrandrepeat",
                                             "randseed",
                                             "random_generator",
                                             "refill_buffers",
                                             "scramble_buffers",
                                             "zero_buffers",
                                             "buffer_pattern",
                                             "lat_percentiles",
                                             "clat_percentiles",
                                             "slat_percentiles",
                                             "percentile_list",
                                             "disable_lat",
                                             "disable_clat",
                                             "disable_slat",
                                             "disable_bw_measurement",
                                             "gtod_reduce",
                                             "write_bw_log",
                                             "write_lat_log",
                                             "write_iops_log",
                                             "write_hist_log",
                                             "log_avg_msec",
                                             "log_hist_msec",
                                             "per_job_logs",
                                             "bwavgtime",
                                             "iopsavgtime",
                                             "unlink",
                                             "create_serialize",
                                             "create_fsync",
                                             "create_on_open",
                                             "fallocate",
                                             "openfiles",
                                             "exitall",
                                             "exit_what",
                                             "continue_on_error",
                                             "mem",
                                             "iomem",
                                             "lockmem",
                                             "overwrite",
                                             "significant_figures",
                                             "unified_rw_reporting",
                                             "kb_base",
                                             "unit_base"};

std::string trimmed(std::string_view text) {
  const auto space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return std::string{text};
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// A number and what stands behind it; nothing: not a number.
std::optional<std::pair<double, std::string>> number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || !(value >= 0) || !std::isfinite(value)) return {};
  return std::pair{value, lower(trimmed({end, text.data() + text.size()}))};
}

void take_line(FioJob& into, const std::string& line, const Location& at, Problems& problems) {
  const std::size_t equals = line.find('=');
  const std::string name = trimmed(std::string_view{line}.substr(0, equals));
  const std::string value = equals == std::string::npos ? "" : trimmed(line.substr(equals + 1));
  const auto simulated = kSimulated.find(name);
  if (value.find("${") != std::string::npos) {
    problems.add(at, fmt::format("{}: variables are not filled in; write the value", name));
  } else if (simulated != kSimulated.end()) {
    into.take(simulated->second, value, at);
  } else if (!kPassedOver.contains(name)) {
    std::vector<std::string_view> known;
    for (const auto& [one, meant] : kSimulated) known.push_back(one);
    const std::string near = nearest(name, known);
    problems.add(
        at, fmt::format("{}: this option of fio is not simulated{}; take it out, or describe the "
                        "job as [[vm.workload.test]]",
                        name, near.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", near)));
  }
}

}  // namespace

const FioOption* FioJob::find(std::string_view option) const {
  const auto found = options_.find(option);
  return found == options_.end() ? nullptr : &found->second;
}

const Location& FioJob::at(std::string_view option) const {
  const FioOption* found = find(option);
  return found != nullptr ? found->at : at_;
}

void FioJob::take(const std::string& option, const std::string& value, const Location& at) {
  options_[option] = {value, at};
}

void refuse(const FioOption& option, std::string_view name, std::string_view need,
            Problems& problems) {
  problems.add(option.at, fmt::format("{}={}: need {}", name, option.value, need));
}

std::optional<double> fio_size(const std::string& text) {
  static const std::map<std::string, double, std::less<>> units{
      {"", 1.0},     {"b", 1.0},     {"k", 0x1p10}, {"kb", 0x1p10}, {"m", 0x1p20}, {"mb", 0x1p20},
      {"g", 0x1p30}, {"gb", 0x1p30}, {"t", 0x1p40}, {"tb", 0x1p40}, {"ki", 1e3},   {"kib", 1e3},
      {"mi", 1e6},   {"mib", 1e6},   {"gi", 1e9},   {"gib", 1e9},   {"ti", 1e12},  {"tib", 1e12}};
  const auto value = number(text);
  if (!value || !units.contains(value->second)) return {};
  return value->first * units.find(value->second)->second;
}

std::optional<std::string> FioJob::alike(std::string_view name, Problems& problems) const {
  const FioOption* option = find(name);
  if (option == nullptr) return {};
  std::string_view rest = option->value;
  std::string first = trimmed(rest.substr(0, rest.find(',')));
  while (rest.find(',') != std::string_view::npos) {
    rest.remove_prefix(rest.find(',') + 1);
    const std::string other = trimmed(rest.substr(0, rest.find(',')));
    if (other.empty() || other == first) continue;
    refuse(*option, name, "the same for reads and writes", problems);
    return {};
  }
  return first;
}

std::optional<double> FioJob::bytes(std::string_view name, Problems& problems) const {
  const auto text = alike(name, problems);
  if (!text) return {};
  const auto size_B = fio_size(*text);
  if (!size_B) refuse(*find(name), name, "a size such as 4k, 512m or 10g (k is 1024)", problems);
  return size_B;
}

std::optional<double> FioJob::seconds(std::string_view name, double unit_s,
                                      Problems& problems) const {
  const FioOption* option = find(name);
  if (option == nullptr) return {};
  static const std::map<std::string, double, std::less<>> units{
      {"us", 1e-6}, {"usec", 1e-6}, {"ms", 1e-3},  {"msec", 1e-3},
      {"s", 1.0},   {"m", 60.0},    {"h", 3600.0}, {"d", 86400.0}};
  const auto value = number(option->value);
  if (value && value->second.empty()) return value->first * unit_s;
  if (value && units.contains(value->second))
    return value->first * units.find(value->second)->second;
  refuse(*option, name, "a time such as 30s or 500ms", problems);
  return {};
}

std::int64_t FioJob::whole(std::string_view name, std::int64_t otherwise,
                           Problems& problems) const {
  const FioOption* option = find(name);
  if (option == nullptr) return otherwise;
  const auto value = number(option->value);
  if (value && value->second.empty() && value->first <= 1e9 &&
      value->first == std::floor(value->first))
    return static_cast<std::int64_t>(value->first);
  refuse(*option, name, "a whole number", problems);
  return otherwise;
}

bool FioJob::truth(std::string_view name, bool otherwise) const {
  const FioOption* option = find(name);
  if (option == nullptr) return otherwise;
  const std::string value = lower(option->value);
  return value.empty() || (value != "0" && value != "false" && value != "none");
}

std::vector<FioJob> read_fio_file(std::string_view text, const std::string& file,
                                  Problems& problems) {
  std::vector<FioJob> jobs;
  Location at{std::make_shared<const std::string>(file), 0, 1};
  FioJob global{"global", at, {}};
  bool in_global = false, any = false;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    const std::string line = trimmed(text.substr(from, end - from));
    from = end + 1;
    ++at.line;
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      const std::string name = trimmed(std::string_view{line}.substr(1, line.find(']') - 1));
      any = true;
      in_global = lower(name) == "global";
      if (line.back() != ']' || name.empty()) {
        problems.add(at, "a section is written [name]");
      } else if (!in_global) {
        jobs.push_back(global.named(name, at));
      }
    } else if (!any) {
      problems.add(at, "an option before the first section; begin with [global]");
    } else if (in_global || !jobs.empty()) {
      take_line(in_global ? global : jobs.back(), line, at, problems);
    }
  }
  if (jobs.empty()) problems.add({at.file, 1, 1}, "no job: need a section beside [global]");
  return jobs;
}

}  // namespace scenarios
