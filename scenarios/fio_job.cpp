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
#include "scenarios/fio_job_places.hpp"

namespace scenarios {
namespace {

// Where what one job file asks for lies, and what it is called.
class Reader {
 public:
  explicit Reader(Problems& problems) : problems_{problems}, places_{problems} {}
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

  Problems& problems_;
  Node::Array tests_;
  std::set<std::string> names_;
  std::map<std::string, std::string, std::less<>> last_of_;  // section: its last test
  FioPlaces places_;
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

// --- how much, how long, when ---

// Of a job that reads and writes, `share` of its size is written and read back.
void Reader::limits(const FioJob& job, double share, Node& test) {
  const double size_B = fio_extent(job, job.find("io_size") ? "io_size" : "size", problems_).bytes;
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
  places_.put(job, test);
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
  places_.put(job, test);
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
                    std::vector<std::string>& notes, Problems& problems) {
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
  entry(workload, "test", asked.key_at).value = fio_tests(*text, file, variables, notes, problems);
}

Node fio_tests(std::string_view text, const std::string& file, const Variables& variables,
               std::vector<std::string>& notes, Problems& problems) {
  Reader reader{problems};
  for (const FioJob& job : read_fio_file(text, file, variables, problems)) {
    if (job.simulated(notes, problems)) reader.take(job);
  }
  return Node{Location{std::make_shared<const std::string>(file), 1, 1}, reader.tests()};
}

}  // namespace scenarios
