#include "scenarios/fio_job_io.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "scenarios/fio_options.hpp"
#include "scenarios/fio_values.hpp"

namespace scenarios {
namespace {

// Instructions a byte [recall]: of checks by table, hash or the processor's own instruction; of
// filling a buffer with random numbers, eight bytes at a time.
constexpr double kFilling = 1.0;
const std::map<std::string, double, std::less<>> kChecks{
    {"crc32c", 0.4}, {"crc32c-intel", 0.4}, {"crc32c-arm64", 0.4}, {"xxhash", 0.8},
    {"crc7", 4.0},   {"crc16", 4.0},        {"crc32", 4.0},        {"crc64", 4.0},
    {"md5", 7.0},    {"sha1", 12.0},        {"sha256", 25.0},      {"sha512", 17.0},
    {"meta", 0.0},   {"pattern", 0.3},      {"pattern_hdr", 0.3},  {"null", 0.0}};

bool checks(const FioJob& job) {
  const std::string how = job.text("verify", "0");
  return how != "0" && how != "none";
}

class Ios {
 public:
  Ios(const FioJob& job, bool reading_back, Node& test, Problems& problems)
      : job_{job}, reading_back_{reading_back}, test_{test}, problems_{problems} {}
  FioIos all();

 private:
  void direction();
  void sequence(const std::string& hole);
  void sizes();
  void put_sizes(const FioMix& mix, std::string block, std::string blocks);
  void places();
  void asking();
  void rates();
  void thinking(bool deep, std::int64_t depth);
  double contents() const;  // instructions of a transaction
  const Location& at(std::string_view option) const { return job_.at(option); }
  void wrong(std::string_view option, std::string_view need) {
    refuse(*job_.find(option), option, need, problems_);
  }

  const FioJob& job_;
  bool reading_back_;
  Node& test_;
  Problems& problems_;
  FioIos ios_;
  bool random_ = false;
  bool mixed_sizes_ = false;
  bool own_writes_ = false;  // sizes
  double least_B_ = 0.0;
  std::optional<double> rate_share_;  // of reads, by their rates
};

FioIos Ios::all() {
  direction();
  sizes();
  places();
  rates();
  put(test_, at("rw"), "read_share", rate_share_.value_or(ios_.read_share));
  if (rate_share_) ios_.read_share = *rate_share_;
  asking();
  ios_.block_B = ios_.read_share * ios_.block_B + (1.0 - ios_.read_share) * ios_.write_block_B;
  if (const double work = contents(); work > 0)
    put(test_, at("verify"), "compute", fmt::format("{:.0f} instr", work));
  return ios_;
}

// rw=randread:8, rw=write:112k: what is done, and the postfix.
void Ios::direction() {
  static const std::map<std::string, std::pair<bool, double>, std::less<>> directions{
      {"read", {false, 1.0}},      {"write", {false, 0.0}},   {"rw", {false, 0.5}},
      {"readwrite", {false, 0.5}}, {"randread", {true, 1.0}}, {"randwrite", {true, 0.0}},
      {"randrw", {true, 0.5}}};
  const std::string text = job_.text("rw", "read");
  const std::string name = text.substr(0, text.find(':'));
  const auto found = directions.find(name);
  if (found == directions.end()) {
    wrong("rw", name.find("trim") != std::string::npos
                    ? "reads or writes; trims are not simulated, no disk of a guest passes them on"
                    : "one of read, write, rw, randread, randwrite, randrw");
    return;
  }
  random_ = found->second.first;
  ios_.read_share = found->second.second;
  const std::int64_t writes = job_.whole("rwmixwrite", 50, problems_);
  const std::int64_t reads = job_.whole("rwmixread", 100 - writes, problems_);
  if (writes < 0 || writes > 100) return wrong("rwmixwrite", "a percentage, 0 to 100");
  if (reads < 0 || reads > 100) return wrong("rwmixread", "a percentage, 0 to 100");
  if (ios_.read_share > 0.0 && ios_.read_share < 1.0)
    ios_.read_share = static_cast<double>(reads) / 100;
  put(test_, at("rw"), "pattern", std::string{random_ ? "random" : "sequential"});
  if (reading_back_) ios_.read_share = 1.0;
  if (name.size() < text.size()) sequence(text.substr(name.size() + 1));
}

void Ios::sequence(const std::string& postfix) {
  const bool backwards = postfix.starts_with('-');
  const auto number = fio_size(backwards ? postfix.substr(1) : postfix);
  if (!number || (random_ && (backwards || *number < 1 || *number != std::floor(*number)))) {
    wrong("rw", random_ ? "a number of I/Os behind the colon such as randread:8"
                        : "a size behind the colon such as write:112k or read:-8k");
  } else if (!random_) {
    put_bytes(test_, at("rw"), "skip", *number);
    put(test_, at("rw"), "backwards", backwards);
  } else {
    const std::string order = job_.text("rw_sequencer", "sequential");
    if (order != "sequential" && order != "identical")
      wrong("rw_sequencer", "sequential or identical");
    put(test_, at("rw"), "run", static_cast<std::int64_t>(*number));
    put(test_, at("rw"), "repeat", order == "identical");
  }
}

// --- sizes ---

void Ios::sizes() {
  const FioMix reads = fio_sizes(job_, &FioJob::Both::reads, problems_);
  const FioMix writes = fio_sizes(job_, &FioJob::Both::writes, problems_);
  const bool both = ios_.read_share > 0.0 && ios_.writes();
  const FioMix& of_block = ios_.read_share > 0.0 && !reading_back_ ? reads : writes;
  put_sizes(of_block, "block", "blocks");
  own_writes_ = both && reads != writes;
  if (own_writes_) put_sizes(writes, "write_block", "write_blocks");
  mixed_sizes_ = of_block.size() > 1 || (own_writes_ && writes.size() > 1);
  ios_.block_B = mean(of_block);
  ios_.write_block_B = mean(writes);
  least_B_ = of_block.front().first;
  for (const FioMix* mix : {&of_block, own_writes_ ? &writes : &of_block}) {
    for (const auto& [size_B, share] : *mix) least_B_ = std::min(least_B_, size_B);
  }
}

void Ios::put_sizes(const FioMix& mix, std::string block, std::string blocks) {
  const Location& said = at(job_.find("bssplit")   ? "bssplit"
                            : job_.find("bsrange") ? "bsrange"
                                                   : "bs");
  if (mix.size() == 1) return put_bytes(test_, said, std::move(block), mix.front().first);
  Node::Array list;
  for (const auto& [size_B, share] : mix)
    list.push_back(
        Node{said, Node::Array{Node{said, fmt::format("{:.0f} B", size_B)}, Node{said, share}}});
  put(test_, said, std::move(blocks), std::move(list));
}

// --- places ---

void Ios::places() {
  if (!random_) return;
  const double align_B =
      job_.bytes("blockalign", problems_).value_or(mixed_sizes_ ? least_B_ : 0.0);
  if (align_B > 0) put_bytes(test_, at("blockalign"), "align", align_B);
  const auto random = job_.alike("percentage_random", problems_);
  if (random && fio_size(*random).value_or(101) > 100) {
    wrong("percentage_random", "per cents");
  } else if (random) {
    put(test_, at("percentage_random"), "random_share", *fio_size(*random) / 100);
  }
  const std::string said = job_.text("random_distribution", "random");
  const std::string text = said.starts_with("sequence")  // its commas part places
                               ? said
                               : job_.alike("random_distribution", problems_).value_or("random");
  if (text == "random") {
    const bool map = job_.text("random_generator", "") == "lfsr" ||
                     (!job_.truth("norandommap", false) && (align_B <= 0 || align_B == least_B_));
    // Where both have sizes of their own they have places of their own, too.
    if (map && !own_writes_) put(test_, at("norandommap"), "distribution", std::string{"once"});
  } else {
    put_fio_distribution(job_, text, test_, problems_);
  }
}

// --- asking ---

// Threads, depth, batches, the guest's page cache.
void Ios::asking() {
  const std::string by = job_.text("ioengine", "psync");
  const bool direct = by == "sg" || (job_.find("buffered") ? !job_.truth("buffered", true)
                                                           : job_.truth("direct", false));
  const std::string mode = job_.text("io_submit_mode", "inline");
  if (mode != "inline" && mode != "offload") wrong("io_submit_mode", "inline or offload");
  // The kernel's own asynchronous I/O waits within its submission when it is not direct. Offloaded,
  // a thread for each waits.
  const bool goes_on = fio_engine(by) == FioEngine::goes_on && (direct || by != "libaio");
  const std::int64_t asked = job_.whole("iodepth", 1, problems_);
  if (asked < 1) return wrong("iodepth", "1 or more");
  const bool deep = (goes_on || mode == "offload") && asked > 1;
  const std::int64_t depth = deep ? asked : 1;
  put(test_, at("direct"), "direct", direct);
  put(test_, at("iodepth"), "depth", depth);
  put(test_, at("invalidate"), "drop_cached",
      reading_back_ || (!direct && job_.truth("invalidate", true)));
  if (job_.find("cpus_allowed"))
    put(test_, at("cpus_allowed"), "cpus", job_.text("cpus_allowed", ""));
  if (deep) {
    const std::int64_t low = job_.whole("iodepth_low", 0, problems_);
    const std::int64_t least = job_.whole("iodepth_batch_complete_min", 1, problems_);
    const std::int64_t drained = low > 0 && low < depth ? depth - low : 1;
    const std::int64_t batch = std::clamp(least, drained, std::max(drained, depth));
    if (batch > 1)
      put(test_, at(low > 0 ? "iodepth_low" : "iodepth_batch_complete_min"), "batch", batch);
  }
  thinking(deep, depth);
}

// Who thinks lets all end that are under way.
void Ios::thinking(bool deep, std::int64_t depth) {
  const auto think_s = job_.seconds("thinktime", 1e-6, problems_);
  if (!think_s || *think_s <= 0 || reading_back_) return;
  const std::int64_t every = job_.whole("thinktime_blocks", 1, problems_);
  put(test_, at("thinktime"), "think", fmt::format("{:.6f} s", *think_s));
  put(test_, at("thinktime"), "steady_think", true);
  if (every < 1 || (deep && every > depth)) {
    wrong("thinktime_blocks", "1 to iodepth");
  } else if (!deep) {
    put(test_, at("thinktime_blocks"), "think_every", every);
  } else {
    put(test_, at("thinktime"), "batch", depth);
  }
}

// Reads and writes each have a rate of their own; of both, fio takes whichever is behind.
void Ios::rates() {
  const bool by_ios = job_.find("rate_iops") != nullptr;
  const std::string_view option = by_ios ? "rate_iops" : "rate";
  if (job_.find(option) == nullptr) return;
  if (by_ios && job_.find("rate") != nullptr) wrong("rate_iops", "it or rate, not both");
  const FioJob::Both both = job_.both(option);
  const auto rate = [&](const std::string& text, double block_B) {
    if (text.empty()) return 0.0;
    const auto value = fio_size(text);
    if (!value)
      wrong(option, by_ios ? "I/Os a second such as 500 or 500,100"
                           : "bytes a second such as 10m or 10m,1m");
    return value.value_or(0.0) / (by_ios ? 1.0 : block_B);
  };
  const double reads_Hz = ios_.read_share > 0 ? rate(both.reads, ios_.block_B) : 0.0;
  const double writes_Hz = ios_.writes() ? rate(both.writes, ios_.write_block_B) : 0.0;
  if (ios_.read_share > 0 && ios_.writes() && (reads_Hz > 0) != (writes_Hz > 0))
    return wrong(option, "one for reads and one for writes, as the job does both");
  if (reads_Hz + writes_Hz <= 0) return;
  if (reads_Hz > 0 && writes_Hz > 0) rate_share_ = reads_Hz / (reads_Hz + writes_Hz);
  const std::string process = job_.text("rate_process", "linear");
  if (process != "linear" && process != "poisson") wrong("rate_process", "linear or poisson");
  put(test_, at(option), "rate", fmt::format("{:.6f} Hz", reads_Hz + writes_Hz));
  put(test_, at(option), "random_rate", process == "poisson");
}

// Filling buffers anew and checking contents, of a transaction.
double Ios::contents() const {
  const bool checked = checks(job_);
  const std::string how = job_.text("verify", "0");
  const auto check = kChecks.find(how);
  if (checked && check == kChecks.end()) {
    refuse(*job_.find("verify"), "verify", "one of crc32c, crc64, md5, sha256, xxhash, pattern",
           problems_);
    return 0.0;
  }
  const double check_B = checked ? check->second : 0.0;
  const double fill_B = job_.truth("refill_buffers", checked) ? kFilling : 0.0;
  // Of jobs that read and write only what is written is checked, when it is read back.
  const bool reads_checked = reading_back_ || !ios_.writes();
  const double writes = 1.0 - ios_.read_share;
  return ios_.block_B *
         (writes * (fill_B + check_B) + (reads_checked ? ios_.read_share * check_B : 0.0));
}

}  // namespace

void put(Node& table, const Location& at, std::string key, decltype(Node::value) value) {
  table.table()->push_back({std::move(key), at, Node{at, std::move(value)}});
}

void put_bytes(Node& table, const Location& at, std::string key, double size_B) {
  put(table, at, std::move(key), fmt::format("{:.0f} B", size_B));
}

FioIos put_ios(const FioJob& job, bool reading_back, Node& test, Problems& problems) {
  return Ios{job, reading_back, test, problems}.all();
}

bool verifies_writes(const FioJob& job) {
  const std::string rw = job.text("rw", "read");
  const bool writes = rw.find("write") != std::string::npos || rw.find("rw") != std::string::npos;
  return writes && checks(job) && job.truth("do_verify", true);
}

}  // namespace scenarios
