#include "scenarios/fio_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>

#include "scenarios/expand.hpp"
#include "scenarios/fio_job_file.hpp"

namespace scenarios {
namespace {

// Where what one job file asks for lies, and what it is called.
class Reader {
 public:
  explicit Reader(Problems& problems) : problems_{problems} {}
  Node test(const FioJob& job, bool first);

 private:
  std::string own_name(const std::string& wanted);
  bool direction(const FioJob& job, Node& test);
  double blocks(const FioJob& job, Node& test);
  void asking(const FioJob& job, Node& test);
  void limits(const FioJob& job, double block_B, Node& test);
  // In bytes; 0: all there is, "100%".
  double size(const FioJob& job, std::string_view option) {
    const FioOption* said = job.find(option);
    if (said == nullptr || said->value == "100%") return 0.0;
    return job.bytes(option, problems_).value_or(0.0);
  }
  void place(const FioJob& job, std::int64_t jobs, Node& test);

  Problems& problems_;
  std::set<std::string> names_;
  std::map<std::string, std::pair<double, double>, std::less<>> files_;  // offset, size
  double end_B_ = 0;                                                     // of the files so far
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

void put(Node& table, const Location& at, std::string key, decltype(Node::value) value) {
  table.table()->push_back({std::move(key), at, Node{at, std::move(value)}});
}

void put_bytes(Node& table, const Location& at, std::string key, double size_B) {
  put(table, at, std::move(key), fmt::format("{:.0f} B", size_B));
}

// Where on the disk the job's files lie.
void Reader::place(const FioJob& job, std::int64_t jobs, Node& test) {
  const double own_B =
      job.find("filesize") ? job.bytes("filesize", problems_).value_or(0.0) : size(job, "size");
  const double offset_B = job.bytes("offset", problems_).value_or(0.0);
  const FioOption* filename = job.find("filename");
  const Location& at = job.at(filename != nullptr ? "filename" : "size");
  put(test, at, "parts", std::string{filename != nullptr ? "shared" : "own"});
  if (filename != nullptr && filename->value.find(':') != std::string::npos)
    refuse(*filename, "filename", "one file or device", problems_);
  if (filename != nullptr && filename->value.starts_with("/dev/")) {
    put_bytes(test, at, "offset", offset_B);
    put_bytes(test, at, "span", own_B);
    return;
  }
  if (own_B <= 0) {
    problems_.add(at, fmt::format("[{}]: need size=, e.g. size=1g", job.name()));
    return;
  }
  const double span_B = filename != nullptr ? own_B : own_B * static_cast<double>(jobs);
  const std::string name = filename != nullptr ? filename->value : fmt::format("[{}]", job.name());
  auto [file, fresh] = files_.try_emplace(name, end_B_, span_B);
  if (fresh) end_B_ += span_B;
  if (span_B > file->second.second)
    problems_.add(at, fmt::format("[{}]: {} is larger here than where it stood first; give the "
                                  "largest size first",
                                  job.name(), name));
  put_bytes(test, at, "offset", file->second.first + offset_B);
  put_bytes(test, at, "span", std::max(0.0, span_B - offset_B));
}

// rw, and what it is mixed of. Whether it writes.
bool Reader::direction(const FioJob& job, Node& test) {
  static const std::map<std::string, std::pair<const char*, double>, std::less<>> directions{
      {"read", {"sequential", 1.0}}, {"write", {"sequential", 0.0}},
      {"rw", {"sequential", 0.5}},   {"readwrite", {"sequential", 0.5}},
      {"randread", {"random", 1.0}}, {"randwrite", {"random", 0.0}},
      {"randrw", {"random", 0.5}}};
  const FioOption* rw = job.find("rw");
  const auto found = directions.find(rw != nullptr ? rw->value : "read");
  if (found == directions.end()) {
    refuse(*rw, "rw", "one of read, write, rw, randread, randwrite, randrw", problems_);
    return false;
  }
  auto [pattern, reads] = found->second;
  if (reads > 0.0 && reads < 1.0) {
    const std::int64_t writes = job.whole("rwmixwrite", 50, problems_);
    reads = static_cast<double>(job.whole("rwmixread", 100 - writes, problems_)) / 100;
  }
  put(test, job.at("rw"), "pattern", std::string{pattern});
  put(test, job.at("rw"), "read_share", reads);
  return reads < 1.0;
}

// One size, or bssplit=4k/60:64k/40, whose shares that are left out are alike. Their mean.
double Reader::blocks(const FioJob& job, Node& test) {
  const double block_B = job.bytes("bs", problems_).value_or(4096.0);
  put_bytes(test, job.at("bs"), "block", block_B);
  const FioOption* split = job.find("bssplit");
  const auto text = job.alike("bssplit", problems_);
  if (!text) return block_B;
  std::vector<std::pair<double, double>> sizes;  // bytes, per cent; 0: not said
  double said = 0.0, unsaid = 0.0, bytes = 0.0;
  for (std::size_t from = 0; from <= text->size();) {
    const std::size_t end = std::min(text->find(':', from), text->size());
    const std::string one = text->substr(from, end - from);
    from = end + 1;
    const std::size_t slash = one.find('/');
    const auto size_B = fio_size(one.substr(0, slash));
    const auto share = slash == std::string::npos || slash + 1 == one.size()
                           ? std::optional{0.0}
                           : fio_size(one.substr(slash + 1));
    if (!size_B || *size_B <= 0 || !share) {
      refuse(*split, "bssplit", "sizes with per cents such as 4k/60:64k/40", problems_);
      return block_B;
    }
    sizes.emplace_back(*size_B, *share);
    said += *share;
    unsaid += *share > 0 ? 0.0 : 1.0;
  }
  Node::Array mix;
  for (auto& [size_B, share] : sizes) {
    if (share <= 0) share = std::max(0.0, 100.0 - said) / unsaid;
    bytes += size_B * share / 100;
    Node::Array pair{Node{split->at, fmt::format("{:.0f} B", size_B)},
                     Node{split->at, share / 100}};
    if (share > 0) mix.push_back(Node{split->at, std::move(pair)});
  }
  put(test, split->at, "blocks", std::move(mix));
  return bytes;
}

// Threads, depth, the guest's page cache.
void Reader::asking(const FioJob& job, Node& test) {
  static const std::set<std::string_view> waits{"psync",  "sync",    "vsync",
                                                "pvsync", "pvsync2", "mmap"};
  static const std::set<std::string_view> goes_on{"libaio", "io_uring", "posixaio", "windowsaio"};
  const bool direct =
      job.find("buffered") ? !job.truth("buffered", true) : job.truth("direct", false);
  const FioOption* engine = job.find("ioengine");
  const std::string by = engine != nullptr ? engine->value : "psync";
  if (!waits.contains(by) && !goes_on.contains(by))
    refuse(*engine, "ioengine", "one of psync, sync, libaio, io_uring, posixaio", problems_);
  // The kernel's own asynchronous I/O waits within its submission when it is not direct.
  const bool deep = goes_on.contains(by) && (direct || by != "libaio");
  put(test, job.at("direct"), "direct", direct);
  put(test, job.at("iodepth"), "depth", deep ? job.whole("iodepth", 1, problems_) : 1);
  put(test, job.at("invalidate"), "drop_cached", !direct && job.truth("invalidate", true));
}

// How much, how fast, how long.
void Reader::limits(const FioJob& job, double block_B, Node& test) {
  const double size_B = size(job, job.find("io_size") ? "io_size" : "size");
  const auto loops = static_cast<double>(job.whole("loops", 1, problems_));
  put_bytes(test, job.at("size"), "size", size_B * loops);
  const auto rate_B = job.bytes("rate", problems_);
  if (const FioOption* rate = job.find("rate_iops")) {
    put(test, rate->at, "rate", fmt::format("{} Hz", job.whole("rate_iops", 0, problems_)));
    if (rate_B) refuse(*rate, "rate_iops", "it or rate, not both", problems_);
  } else if (rate_B) {
    put(test, job.at("rate"), "rate", fmt::format("{:.3f} Hz", *rate_B / block_B));
  }
  const auto time = [&](std::string_view option, std::string key, double unit_s) {
    if (const auto value_s = job.seconds(option, unit_s, problems_))
      put(test, job.at(option), std::move(key), fmt::format("{:.6f} s", *value_s));
  };
  time("thinktime", "think", 1e-6);
  put(test, job.at("thinktime"), "steady_think", true);
  time("startdelay", "delay", 1.0);
  time("ramp_time", "ramp", 1.0);
  time("runtime", "runtime", 1.0);
  put(test, job.at("time_based"), "time_based", job.truth("time_based", false));
}

Node Reader::test(const FioJob& job, bool first) {
  Node test{job.at(), Node::Table{}};
  put(test, job.at(), "name", own_name(job.name()));
  put(test, job.at("stonewall"), "together", !first && !job.truth("stonewall", false));
  const bool writes = direction(job, test);
  const double block_B = blocks(job, test);
  asking(job, test);
  const std::int64_t jobs = job.whole("numjobs", 1, problems_);
  put(test, job.at("numjobs"), "jobs", jobs);
  place(job, jobs, test);
  put(test, job.at("nrfiles"), "files", job.whole("nrfiles", 1, problems_));
  const bool durable = job.truth("sync", false);
  put(test, job.at(durable ? "sync" : "fsync"), "sync_every",
      durable ? 1 : job.whole("fsync", 0, problems_));
  put(test, job.at("end_fsync"), "sync_at_end", writes && job.truth("end_fsync", false));
  limits(job, block_B, test);
  return test;
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
}

Node fio_tests(std::string_view text, const std::string& file, Problems& problems) {
  Reader reader{problems};
  Node::Array tests;
  for (const FioJob& job : read_fio_file(text, file, problems))
    tests.push_back(reader.test(job, tests.empty()));
  return Node{Location{std::make_shared<const std::string>(file), 1, 1}, std::move(tests)};
}

}  // namespace scenarios
