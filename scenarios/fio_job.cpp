#include "scenarios/fio_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>

#include "scenarios/expand.hpp"
#include "scenarios/fio_job_file.hpp"
#include "scenarios/fio_job_io.hpp"

namespace scenarios {
namespace {

// Where what one job file asks for lies, and what it is called.
class Reader {
 public:
  explicit Reader(Problems& problems) : problems_{problems} {}
  // Adds the job's test, and one that reads back what it wrote if it verifies that.
  void take(const FioJob& job);
  Node::Array tests() { return std::move(tests_); }

 private:
  std::string own_name(const std::string& wanted);
  void take_back(const FioJob& job, const std::string& written, double share);
  void order(const FioJob& job, const std::string& name, Node& test);
  void durability(const FioJob& job, bool writes, Node& test);
  void limits(const FioJob& job, double share, Node& test);
  void times(const FioJob& job, Node& test);
  // In bytes; 0: all there is, "100%".
  double size(const FioJob& job, std::string_view option) {
    const FioOption* said = job.find(option);
    if (said == nullptr || said->value == "100%") return 0.0;
    return job.bytes(option, problems_).value_or(0.0);
  }
  void place(const FioJob& job, Node& test);
  double lie(const FioJob& job, const std::string& name, double span_B);

  Problems& problems_;
  Node::Array tests_;
  std::set<std::string> names_;
  std::map<std::string, std::string, std::less<>> last_of_;  // section: its last test
  std::map<std::string, std::pair<double, double>, std::less<>>
      files_;         // offset, size; 0: the rest
  double end_B_ = 0;  // of the files so far
};

std::string Reader::own_name(const std::string& wanted) {
  std::string plain = wanted;
  for (char& c : plain) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_') c = '-';
  }
  std::string name = plain;
  for (int i = 2; !names_.insert(name).second; ++i) name = fmt::format("{}-{}", plain, i);
  return name;
}

// --- places ---

// The file or device that all of a job's clones use; null: each has its own.
const FioOption* shared_file(const FioJob& job) {
  if (const FioOption* filename = job.find("filename")) return filename;
  const FioOption* format = job.find("filename_format");
  const bool own = format == nullptr || format->value.find("$jobnum") != std::string::npos ||
                   format->value.find("$clientuid") != std::string::npos;
  return own ? nullptr : format;
}

// "a:b" are several, "a\\:b" is one.
bool several_files(const std::string& names) {
  for (std::size_t at = names.find(':'); at != std::string::npos; at = names.find(':', at + 1)) {
    if (at == 0 || names[at - 1] != '\\') return true;
  }
  return false;
}

// Begins on the disk where the file does, a new one behind those before it.
double Reader::lie(const FioJob& job, const std::string& name, double span_B) {
  const Location& at = job.at(job.find("filename") ? "filename" : "size");
  const auto [file, fresh] = files_.try_emplace(name, end_B_, span_B);
  const double known_B = file->second.second;
  if (fresh && end_B_ < 0)
    problems_.add(at, fmt::format("[{}]: a file behind one of fill_device, which has all of the "
                                  "disk; put its section first",
                                  job.name()));
  if (fresh) end_B_ = span_B > 0 && end_B_ >= 0 ? end_B_ + span_B : -1.0;
  if (known_B > 0 && span_B > known_B)
    problems_.add(at, fmt::format("[{}]: {} is larger here than where it stood first; give the "
                                  "largest size first",
                                  job.name(), name));
  return file->second.first;
}

// Where on the disk the job's files lie.
void Reader::place(const FioJob& job, Node& test) {
  const std::int64_t jobs = job.whole("numjobs", 1, problems_);
  const std::int64_t files = job.whole("nrfiles", 1, problems_);
  put(test, job.at("numjobs"), "jobs", jobs);
  put(test, job.at("nrfiles"), "files", files);
  const std::string service = job.text("file_service_type", "roundrobin");
  if (files > 1 && service != "roundrobin" && service != "sequential")
    refuse(*job.find("file_service_type"), "file_service_type", "roundrobin or sequential",
           problems_);
  double own_B = job.find("filesize")
                     ? job.bytes("filesize", problems_).value_or(0.0) * static_cast<double>(files)
                     : size(job, "size");
  const double offset_B = job.bytes("offset", problems_).value_or(0.0);
  const double increment_B = job.bytes("offset_increment", problems_).value_or(0.0);
  const FioOption* filename = shared_file(job);
  const Location& at = job.at(filename != nullptr ? "filename" : "size");
  put(test, at, "parts", std::string{filename != nullptr ? "shared" : "own"});
  if (increment_B > 0) put_bytes(test, job.at("offset_increment"), "increment", increment_B);
  const std::string name = filename != nullptr ? filename->value : fmt::format("[{}]", job.name());
  if (filename != nullptr && several_files(name))
    refuse(*filename, "filename", "one file or device", problems_);
  static const std::set<std::string_view> kNoDisk{"/dev/null", "/dev/zero", "/dev/full"};
  if (kNoDisk.contains(name) || name.starts_with("/dev/shm/") ||
      job.text("directory", "").starts_with("/dev/shm")) {
    problems_.add(job.at(filename != nullptr ? "filename" : "directory"),
                  fmt::format("[{}]: no disk; need a file or disk of the guest", job.name()));
    return;
  }
  if (name.starts_with("/dev/")) {
    put_bytes(test, at, "offset", offset_B);
    put_bytes(test, at, "span", own_B);
    return;
  }
  if (filename == nullptr && increment_B > 0)
    refuse(*job.find("offset_increment"), "offset_increment", "a filename that jobs share",
           problems_);
  const auto known = files_.find(name);
  const bool fills = job.truth("fill_device", false);
  if (own_B <= 0 && known != files_.end()) own_B = known->second.second;
  if (own_B <= 0 && !fills && known == files_.end()) {
    problems_.add(at, fmt::format("[{}]: need size=, e.g. size=1g", job.name()));
    return;
  }
  const auto clones = static_cast<double>(jobs);
  const double span_B = filename == nullptr ? own_B * clones
                        : increment_B > 0   ? offset_B + increment_B * (clones - 1) + own_B
                                            : own_B;
  put_bytes(test, at, "offset", lie(job, name, span_B) + offset_B);
  if (own_B > 0)
    put_bytes(test, at, "span", increment_B > 0 ? own_B : std::max(0.0, span_B - offset_B));
}

// --- how much, how long, when ---

// Of a job that reads and writes, `share` of its size is written and read back.
void Reader::limits(const FioJob& job, double share, Node& test) {
  const double size_B = size(job, job.find("io_size") ? "io_size" : "size");
  const auto loops = static_cast<double>(job.whole("loops", 1, problems_));
  if (size_B <= 0 && share * loops != 1.0 && !job.truth("time_based", false))
    problems_.add(job.at("loops"), fmt::format("[{}]: need size=, to know how much {} is",
                                               job.name(), share < 1 ? "read back" : "all"));
  put_bytes(test, job.at("size"), "size", size_B * loops * share);
  if (const auto ios = job.bytes("number_ios", problems_))
    put(test, job.at("number_ios"), "ios", static_cast<std::int64_t>(*ios * loops * share));
}

void Reader::times(const FioJob& job, Node& test) {
  const auto time = [&](std::string_view option, std::string key) {
    if (const auto value_s = job.seconds(option, 1.0, problems_))
      put(test, job.at(option), std::move(key), fmt::format("{:.6f} s", *value_s));
  };
  time("startdelay", "delay");
  time("ramp_time", "ramp");
  time("runtime", "runtime");
  put(test, job.at("time_based"), "time_based", job.truth("time_based", false));
  if (!job.truth("exitall", false)) return;
  const std::string what = job.text("exit_what", "group");
  if (what != "stonewall" && (what != "group" || job.find("new_group")))
    return problems_.add(job.at("exitall"),
                         fmt::format("[{}]: exitall ends the jobs up to the next stonewall; need "
                                     "exit_what=stonewall, or group without new_group",
                                     job.name()));
  put(test, job.at("exitall"), "ends_others", true);
}

void Reader::durability(const FioJob& job, bool writes, Node& test) {
  const bool durable = job.truth("sync", false);
  put(test, job.at(durable ? "sync" : "fsync"), "sync_every",
      durable ? 1 : job.whole("fsync", 0, problems_));
  put(test, job.at("end_fsync"), "sync_at_end", writes && job.truth("end_fsync", false));
}

// Beside which others.
void Reader::order(const FioJob& job, const std::string& name, Node& test) {
  put(test, job.at(), "name", name);
  put(test, job.at("stonewall"), "together", !tests_.empty() && !job.truth("stonewall", false));
  const FioOption* wait_for = job.find("wait_for");
  if (wait_for == nullptr) return;
  const auto found = last_of_.find(wait_for->value);
  if (found == last_of_.end())
    return refuse(*wait_for, "wait_for", "the name of a section before it", problems_);
  put(test, wait_for->at, "after", found->second);
}

void Reader::take(const FioJob& job) {
  Node test{job.at(), Node::Table{}};
  const std::string name = own_name(job.name());
  order(job, name, test);
  const FioIos ios = put_ios(job, false, test, problems_);
  place(job, test);
  durability(job, ios.writes(), test);
  limits(job, 1.0, test);
  times(job, test);
  tests_.push_back(std::move(test));
  last_of_[job.name()] = name;
  if (verifies_writes(job)) take_back(job, name, 1.0 - ios.read_share);
}

// Reads what was written, once that is durable. `share` of what the job did.
void Reader::take_back(const FioJob& job, const std::string& written, double share) {
  for (const char* option : {"runtime", "rate", "rate_iops"}) {
    if (job.find(option))
      problems_.add(job.at(option),
                    fmt::format("{}: with verify what is read back ends and goes by it, too, which "
                                "is not simulated; take it out, or say do_verify=0",
                                option));
  }
  Node test{job.at("verify"), Node::Table{}};
  const std::string name = own_name(job.name() + "-verify");
  put(test, job.at("verify"), "name", name);
  put(test, job.at("verify"), "together", true);
  put(test, job.at("verify"), "after", written);
  put(test, job.at("verify"), "sync_first", true);
  put_ios(job, true, test, problems_);
  place(job, test);
  limits(job, share, test);
  tests_.push_back(std::move(test));
  last_of_[job.name()] = name;
}

Entry& entry(Node& table, std::string_view key, const Location& at) {
  if (Entry* known = find(table, key)) return *known;
  table.table()->push_back({std::string{key}, at, Node{at, Node::Table{}}});
  return table.table()->back();
}

}  // namespace

void prepare_fio_job(Node& workload) {
  const Entry* fio = find(workload, "fio");
  if (fio == nullptr) return;
  const Location at = fio->value.at;
  if (find(workload, "use") == nullptr) put(workload, at, "use", std::string{"fio"});
  Node& io = entry(workload, "io", at).value;
  if (io.table() != nullptr && find(io, "jobs") == nullptr) put(io, at, "jobs", std::int64_t{0});
}

void expand_fio_job(Node& workload, const std::string& path, const Variables& variables,
                    Problems& problems) {
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
  entry(workload, "test", asked.key_at).value = fio_tests(*text, file, variables, problems);
}

Node fio_tests(std::string_view text, const std::string& file, const Variables& variables,
               Problems& problems) {
  Reader reader{problems};
  for (const FioJob& job : read_fio_file(text, file, variables, problems)) {
    if (job.simulated(problems)) reader.take(job);
  }
  return Node{Location{std::make_shared<const std::string>(file), 1, 1}, reader.tests()};
}

}  // namespace scenarios
