#include "scenarios/fio_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "scenarios/expand.hpp"
#include "scenarios/nearest.hpp"

namespace scenarios {
namespace {

struct Option {
  std::string value;  // empty: the option stands alone
  Location at;
};
using Options = std::map<std::string, Option, std::less<>>;

struct Job {
  std::string name;
  Location at;
  Options options;
};

// What the tests below are made of; other names for it.
const std::map<std::string, std::string, std::less<>> kSimulated{
    {"rw", "rw"},
    {"readwrite", "rw"},
    {"bs", "bs"},
    {"blocksize", "bs"},
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
  if (error != std::errc{} || value < 0) return {};
  return std::pair{value, lower(trimmed({end, text.data() + text.size()}))};
}

class Reader {
 public:
  explicit Reader(Problems& problems) : problems_{problems} {}

  std::vector<Job> sections(std::string_view text, const std::string& file);
  Node test(const Job& job, bool first);

 private:
  void take(Options& into, const std::string& line, const Location& at);
  const Option* find(const Job& job, std::string_view name) const {
    const auto found = job.options.find(name);
    return found == job.options.end() ? nullptr : &found->second;
  }
  void refuse(const Option& option, std::string_view name, std::string_view need) {
    problems_.add(option.at, fmt::format("{}={}: need {}", name, option.value, need));
  }
  std::optional<double> bytes(const Job& job, std::string_view name);
  std::optional<double> seconds(const Job& job, std::string_view name, double unit_s);
  std::int64_t whole(const Job& job, std::string_view name, std::int64_t otherwise);
  bool truth(const Job& job, std::string_view name, bool otherwise);
  std::string own_name(const std::string& wanted);
  void place(const Job& job, std::int64_t jobs, Node& test);

  Problems& problems_;
  std::set<std::string> names_;
  std::map<std::string, std::pair<double, double>, std::less<>> files_;  // offset, size
  double end_B_ = 0;                                                     // of the files so far
};

void Reader::take(Options& into, const std::string& line, const Location& at) {
  const std::size_t equals = line.find('=');
  const std::string name = trimmed(std::string_view{line}.substr(0, equals));
  const std::string value = equals == std::string::npos ? "" : trimmed(line.substr(equals + 1));
  const auto simulated = kSimulated.find(name);
  if (value.find("${") != std::string::npos) {
    problems_.add(at, fmt::format("{}: variables are not filled in; write the value", name));
  } else if (simulated != kSimulated.end()) {
    into[simulated->second] = {value, at};
  } else if (!kPassedOver.contains(name)) {
    std::vector<std::string_view> known;
    for (const auto& [one, meant] : kSimulated) known.push_back(one);
    const std::string near = nearest(name, known);
    problems_.add(
        at, fmt::format("{}: this option of fio is not simulated{}; take it out, or "
                        "describe the job as [[vm.workload.test]]",
                        name, near.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", near)));
  }
}

std::vector<Job> Reader::sections(std::string_view text, const std::string& file) {
  std::vector<Job> jobs;
  Options global;
  bool in_global = false, any = false;
  Location at{std::make_shared<const std::string>(file), 0, 1};
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
      if (line.back() != ']' || name.empty())
        problems_.add(at, "a section is written [name]");
      else if (!in_global)
        jobs.push_back({name, at, global});
    } else if (!any) {
      problems_.add(at, "an option before the first section; begin with [global]");
    } else if (in_global || !jobs.empty()) {
      take(in_global ? global : jobs.back().options, line, at);
    }
  }
  if (jobs.empty()) problems_.add({at.file, 1, 1}, "no job: need a section beside [global]");
  return jobs;
}

std::optional<double> Reader::bytes(const Job& job, std::string_view name) {
  const Option* option = find(job, name);
  if (option == nullptr) return {};
  static const std::map<std::string, double, std::less<>> units{
      {"", 1.0},     {"b", 1.0},     {"k", 0x1p10}, {"kb", 0x1p10}, {"m", 0x1p20}, {"mb", 0x1p20},
      {"g", 0x1p30}, {"gb", 0x1p30}, {"t", 0x1p40}, {"tb", 0x1p40}, {"ki", 1e3},   {"kib", 1e3},
      {"mi", 1e6},   {"mib", 1e6},   {"gi", 1e9},   {"gib", 1e9},   {"ti", 1e12},  {"tib", 1e12}};
  // One size for reads, writes and trims, or the same for each.
  const std::string first =
      trimmed(std::string_view{option->value}.substr(0, option->value.find(',')));
  std::string_view rest = option->value;
  bool alike = true;
  while (rest.find(',') != std::string_view::npos) {
    rest.remove_prefix(rest.find(',') + 1);
    const std::string other = trimmed(rest.substr(0, rest.find(',')));
    alike = alike && (other.empty() || other == first);
  }
  const auto value = number(first);
  if (value && alike && units.contains(value->second))
    return value->first * units.find(value->second)->second;
  refuse(*option, name,
         alike ? "a size such as 4k, 512m or 10g (k is 1024)" : "one size for reads and writes");
  return {};
}

std::optional<double> Reader::seconds(const Job& job, std::string_view name, double unit_s) {
  const Option* option = find(job, name);
  if (option == nullptr) return {};
  static const std::map<std::string, double, std::less<>> units{
      {"us", 1e-6}, {"usec", 1e-6}, {"ms", 1e-3},  {"msec", 1e-3},
      {"s", 1.0},   {"m", 60.0},    {"h", 3600.0}, {"d", 86400.0}};
  const auto value = number(option->value);
  if (value && value->second.empty()) return value->first * unit_s;
  if (value && units.contains(value->second))
    return value->first * units.find(value->second)->second;
  refuse(*option, name, "a time such as 30s or 500ms");
  return {};
}

std::int64_t Reader::whole(const Job& job, std::string_view name, std::int64_t otherwise) {
  const Option* option = find(job, name);
  if (option == nullptr) return otherwise;
  const auto value = number(option->value);
  if (value && value->second.empty() && value->first <= 1e9)
    return static_cast<std::int64_t>(value->first);
  refuse(*option, name, "a whole number");
  return otherwise;
}

bool Reader::truth(const Job& job, std::string_view name, bool otherwise) {
  const Option* option = find(job, name);
  if (option == nullptr) return otherwise;
  const std::string value = lower(option->value);
  return value.empty() || (value != "0" && value != "false" && value != "none");
}

std::string Reader::own_name(const std::string& wanted) {
  std::string plain = wanted;
  for (char& c : plain) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_') c = '-';
  }
  std::string name = plain;
  for (int i = 2; !names_.insert(name).second; ++i) name = fmt::format("{}-{}", plain, i);
  return name;
}

void put(Node& table, const Location& at, std::string key, decltype(Node::value) value) {
  table.table()->push_back({std::move(key), at, Node{at, std::move(value)}});
}

void put_bytes(Node& table, const Location& at, std::string key, double size_B) {
  put(table, at, std::move(key), fmt::format("{:.0f} B", size_B));
}

// Where on the disk the job's files lie.
void Reader::place(const Job& job, std::int64_t jobs, Node& test) {
  const Option* size = find(job, "size");
  const bool all = size != nullptr && size->value == "100%";
  const double own_B =
      all ? 0.0 : bytes(job, find(job, "filesize") ? "filesize" : "size").value_or(0.0);
  const double offset_B = bytes(job, "offset").value_or(0.0);
  const Option* filename = find(job, "filename");
  const Location at = filename != nullptr ? filename->at : size != nullptr ? size->at : job.at;
  put(test, at, "parts", std::string{filename != nullptr ? "shared" : "own"});
  if (filename != nullptr && filename->value.find(':') != std::string::npos)
    refuse(*filename, "filename", "one file or device");
  if (filename != nullptr && filename->value.starts_with("/dev/")) {
    put_bytes(test, at, "offset", offset_B);
    put_bytes(test, at, "span", own_B);
    return;
  }
  if (own_B <= 0) {
    problems_.add(at, fmt::format("[{}]: need size=, e.g. size=1g", job.name));
    return;
  }
  const double span_B = filename != nullptr ? own_B : own_B * static_cast<double>(jobs);
  const std::string name = filename != nullptr ? filename->value : fmt::format("[{}]", job.name);
  auto [file, fresh] = files_.try_emplace(name, end_B_, span_B);
  if (fresh) end_B_ += span_B;
  if (span_B > file->second.second)
    problems_.add(at, fmt::format("[{}]: {} is larger here than where it stood first; give the "
                                  "largest size first",
                                  job.name, name));
  put_bytes(test, at, "offset", file->second.first + offset_B);
  put_bytes(test, at, "span", std::max(0.0, span_B - offset_B));
}

Node Reader::test(const Job& job, bool first) {
  Node test{job.at, Node::Table{}};
  const auto set = [&](std::string_view option, std::string key, decltype(Node::value) value) {
    const Option* from = find(job, option);
    put(test, from != nullptr ? from->at : job.at, std::move(key), std::move(value));
  };
  put(test, job.at, "name", own_name(job.name));
  set("stonewall", "together", !first && !truth(job, "stonewall", false));
  // rw, and what it is mixed of.
  static const std::map<std::string, std::pair<bool, double>, std::less<>> directions{
      {"read", {false, 1.0}},      {"write", {false, 0.0}},   {"rw", {false, 0.5}},
      {"readwrite", {false, 0.5}}, {"randread", {true, 1.0}}, {"randwrite", {true, 0.0}},
      {"randrw", {true, 0.5}}};
  const Option* rw = find(job, "rw");
  const auto direction = directions.find(rw != nullptr ? lower(rw->value) : "read");
  bool writes = false;
  if (direction == directions.end()) {
    refuse(*rw, "rw", "one of read, write, rw, randread, randwrite, randrw");
  } else {
    double reads = direction->second.second;
    if (reads == 0.5) {
      reads =
          static_cast<double>(whole(job, "rwmixread", 100 - whole(job, "rwmixwrite", 50))) / 100;
    }
    writes = reads < 1.0;
    set("rw", "pattern", std::string{direction->second.first ? "random" : "sequential"});
    set("rw", "read_share", reads);
  }
  const double block_B = bytes(job, "bs").value_or(4096.0);
  set("bs", "block", fmt::format("{:.0f} B", block_B));
  // How it asks.
  const bool direct =
      find(job, "buffered") ? !truth(job, "buffered", true) : truth(job, "direct", false);
  static const std::set<std::string_view> waits{"psync",  "sync",    "vsync",
                                                "pvsync", "pvsync2", "mmap"};
  static const std::set<std::string_view> goes_on{"libaio", "io_uring", "posixaio", "windowsaio"};
  const Option* engine = find(job, "ioengine");
  const std::string by = engine != nullptr ? engine->value : "psync";
  if (!waits.contains(by) && !goes_on.contains(by))
    refuse(*engine, "ioengine", "one of psync, sync, libaio, io_uring, posixaio");
  // The kernel's own asynchronous I/O waits within its submission when it is not direct.
  const bool deep = goes_on.contains(by) && (direct || by != "libaio");
  set("direct", "direct", direct);
  set("iodepth", "depth", deep ? whole(job, "iodepth", 1) : 1);
  const std::int64_t jobs = whole(job, "numjobs", 1);
  set("numjobs", "jobs", jobs);
  place(job, jobs, test);
  set("nrfiles", "files", whole(job, "nrfiles", 1));
  const bool durable = truth(job, "sync", false);
  set(durable ? "sync" : "fsync", "sync_every", durable ? 1 : whole(job, "fsync", 0));
  set("end_fsync", "sync_at_end", writes && truth(job, "end_fsync", false));
  set("invalidate", "drop_cached", !direct && truth(job, "invalidate", true));
  // How much, how fast, how long.
  const double size_B = bytes(job, find(job, "io_size") ? "io_size" : "size").value_or(0.0);
  set("size", "size",
      fmt::format("{:.0f} B", size_B * static_cast<double>(whole(job, "loops", 1))));
  if (const Option* rate = find(job, "rate_iops")) {
    set("rate_iops", "rate", fmt::format("{} Hz", whole(job, "rate_iops", 0)));
    if (find(job, "rate") != nullptr) refuse(*rate, "rate_iops", "it or rate, not both");
  } else if (const auto rate_B = bytes(job, "rate")) {
    set("rate", "rate", fmt::format("{:.3f} Hz", *rate_B / block_B));
  }
  const auto time = [&](std::string_view option, std::string key, double unit_s) {
    if (const auto value_s = seconds(job, option, unit_s))
      set(option, std::move(key), fmt::format("{:.6f} s", *value_s));
  };
  time("thinktime", "think", 1e-6);
  set("thinktime", "steady_think", true);
  time("startdelay", "delay", 1.0);
  time("ramp_time", "ramp", 1.0);
  time("runtime", "runtime", 1.0);
  set("time_based", "time_based", truth(job, "time_based", false));
  return test;
}

Entry& entry(Node& table, std::string_view key, const Location& at) {
  if (Entry* known = find(table, key)) return *known;
  table.table()->push_back({std::string{key}, at, Node{at, Node::Table{}}});
  return table.table()->back();
}

}  // namespace

void use_fio_preset(Node& workload) {
  const Entry* fio = find(workload, "fio");
  if (fio == nullptr || find(workload, "use") != nullptr) return;
  workload.table()->push_back({"use", fio->key_at, Node{fio->value.at, std::string{"fio"}}});
}

void expand_fio_job(Node& workload, const std::string& path, Problems& problems) {
  Entry* fio = find(workload, "fio");
  if (fio == nullptr) return;
  const Entry asked = *fio;
  std::erase_if(*workload.table(), [](const Entry& one) { return one.key == "fio"; });
  const std::string own = path + ".fio";
  if (asked.value.text() == nullptr) {
    problems.add(asked.value.at,
                 fmt::format("{}: got {}, need a job file's path", own, described(asked.value)));
    return;
  }
  if (const Entry* tests = find(workload, "test")) {
    problems.add(tests->key_at, fmt::format("{}: and [[vm.workload.test]]: need one of them", own));
    return;
  }
  const auto folder = std::filesystem::path{*asked.value.at.file}.parent_path();
  const std::string file = (folder / *asked.value.text()).string();
  const auto text = file_text(file);
  if (!text) {
    problems.add(asked.value.at, fmt::format("{}: cannot read the job file {}", own, file));
    return;
  }
  entry(workload, "test", asked.key_at).value = fio_tests(*text, file, problems);
  // They take the place of the preset's jobs.
  Node& io = entry(workload, "io", asked.key_at).value;
  if (io.table() != nullptr)
    entry(io, "jobs", asked.key_at).value = Node{asked.value.at, std::int64_t{0}};
}

Node fio_tests(std::string_view text, const std::string& file, Problems& problems) {
  Reader reader{problems};
  Node::Array tests;
  for (const Job& job : reader.sections(text, file))
    tests.push_back(reader.test(job, tests.empty()));
  return Node{Location{std::make_shared<const std::string>(file), 1, 1}, std::move(tests)};
}

}  // namespace scenarios
