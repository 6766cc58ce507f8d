#include "scenarios/fio_job_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <utility>

#include "scenarios/fio_options.hpp"

namespace scenarios {
namespace {

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

// What a line says before the first ; or #.
std::string without_comment(std::string_view line) {
  return trimmed(line.substr(0, std::min(line.find(';'), line.find('#'))));
}

// Fills in variables and fio's keywords.
void fill_in(FioOption& option, const Variables& variables) {
  std::string& text = option.value;
  for (std::size_t from = text.find("${"); from != std::string::npos;
       from = text.find("${", from)) {
    const std::size_t end = text.find('}', from);
    if (end == std::string::npos) return;
    const std::string variable = text.substr(from + 2, end - from - 2);
    const auto value = variables.find(variable);
    if (value == variables.end()) {
      option.wrong = fmt::format(
          "${{{0}}} is not set; set it (env {0}=… tenancy …), or write the value", variable);
      return;
    }
    text.replace(from, end + 1 - from, value->second);
    from += value->second.size();
  }
  static const std::string kPageSize = "$pagesize";
  for (std::size_t from = text.find(kPageSize); from != std::string::npos;
       from = text.find(kPageSize))
    text.replace(from, kPageSize.size(), "4096");
  for (const char* keyword : {"$ncpus", "$mb_memory"}) {
    if (text.find(keyword) != std::string::npos)
      option.wrong = fmt::format("{} is not filled in; write the guest's number", keyword);
  }
}

void take_line(FioJob& into, const std::string& line, const Location& at,
               const Variables& variables) {
  const std::size_t equals = line.find('=');
  const std::string name = trimmed(std::string_view{line}.substr(0, equals));
  FioOption option{equals == std::string::npos ? "" : trimmed(line.substr(equals + 1)), at};
  fill_in(option, variables);
  into.take(fio_option_name(name.starts_with("include ") ? "include" : name), std::move(option));
}

// Once, though points of a sweep and sections below [global] have the same.
void add_note(const std::string& name, const FioOption& option, std::vector<std::string>& notes) {
  const std::string passed_over = fio_option_note(name, option.value);
  if (passed_over.empty()) return;
  std::string note =
      fmt::format("{}:{}: {}: {}", *option.at.file, option.at.line, name, passed_over);
  if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(std::move(note));
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

void FioJob::take(const std::string& name, FioOption option) {
  options_[name] = std::move(option);
}

bool FioJob::simulated(std::vector<std::string>& notes, Problems& problems) const {
  const FioOption* engine = find("ioengine");
  if (engine != nullptr && engine->wrong.empty() &&
      fio_engine(engine->value) == FioEngine::outside) {
    std::string near = fio_engine_near(engine->value);
    if (engine->value.starts_with(near)) near.clear();  // io_uring_cmd is no io_uring
    problems.add(engine->at,
                 fmt::format("ioengine={}: outside of what is simulated{}; need one that reads and "
                             "writes files or disks (psync, libaio, io_uring, posixaio, mmap), or "
                             "take its jobs out",
                             engine->value,
                             near.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", near)));
    return false;
  }
  if (const FioOption* zones = find("zonemode"); zones != nullptr && zones->value != "none") {
    problems.add(zones->at, fmt::format("zonemode={}: no zoned device is simulated; take its jobs "
                                        "out, or this and the options of zones",
                                        zones->value));
    return false;
  }
  bool filled_in = true;
  for (const auto& [name, option] : options_) {
    const std::string problem = fio_option_problem(name, option.value);
    if (!problem.empty()) problems.add(option.at, problem);
    add_note(name, option, notes);
    if (option.wrong.empty()) continue;
    problems.add(option.at, fmt::format("{}: {}", name, option.wrong));
    filled_in = false;
  }
  return filled_in;
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

std::vector<std::string> fio_split(std::string_view text, char at) {
  std::vector<std::string> parts;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t end = std::min(text.find(at, from), text.size());
    parts.push_back(trimmed(text.substr(from, end - from)));
    from = end + 1;
  }
  return parts;
}

FioJob::Both FioJob::both(std::string_view name) const {
  const FioOption* option = find(name);
  if (option == nullptr) return {};
  const std::vector<std::string> parts = fio_split(option->value, ',');
  return {parts.front(), parts.size() > 1 ? parts[1] : parts.front()};
}

std::string FioJob::text(std::string_view name, std::string_view otherwise) const {
  const FioOption* option = find(name);
  return option != nullptr ? option->value : std::string{otherwise};
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

FioJob::Extent FioJob::extent(std::string_view name, Problems& problems) const {
  const auto text = alike(name, problems);
  if (!text) return {};
  const auto value = number(*text);
  if (value && value->second == "%" && value->first <= 100) return {0.0, value->first / 100};
  const auto size_B = fio_size(*text);
  if (!size_B)
    refuse(*find(name), name, "a size such as 4k, 512m or 10g (k is 1024), or 20%", problems);
  return {size_B.value_or(0.0), 0.0};
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
                                  const Variables& variables, Problems& problems) {
  std::vector<FioJob> jobs;
  Location at{std::make_shared<const std::string>(file), 0, 1};
  FioJob global{"global", at, {}};
  bool in_global = false, any = false;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    const std::string line = without_comment(text.substr(from, end - from));
    from = end + 1;
    ++at.line;
    if (line.empty()) continue;
    if (line.front() == '[') {
      const std::string name = trimmed(std::string_view{line}.substr(1, line.find(']') - 1));
      any = true;
      in_global = lower(name).starts_with("global");
      if (line.back() != ']' || name.empty()) {
        problems.add(at, "a section is written [name]");
      } else if (!in_global) {
        jobs.push_back(global.named(name, at));
      }
    } else if (!any) {
      problems.add(at, "an option before the first section; begin with [global]");
    } else if (in_global || !jobs.empty()) {
      take_line(in_global ? global : jobs.back(), line, at, variables);
    }
  }
  if (jobs.empty()) problems.add({at.file, 1, 1}, "no job: need a section beside [global]");
  return jobs;
}

}  // namespace scenarios
