// What came of guests' I/O: counts and times of their jobs, of transfers by where they were, of
// images.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/io_paths.hpp"
#include "models/running_host.hpp"

namespace models {
namespace {

constexpr double kManyUnwritten = 0.05;  // of what is read: enough to mistake for a fast disk

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : 0.0;
}

// Jobs that ask for more of their disks of `sizes` than those have use what there is. Empty: none
// does.
std::string more_than_there_is(const VmDescription& vm, const std::vector<sim::Bytes>& sizes) {
  const auto clipped = [&](const workload::IoProfile& io) {
    const auto on = std::min(sizes.size(), at(io.jobs));
    return std::any_of(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(on),
                       [&](sim::Bytes size) { return io.used(size) < io.span; });
  };
  std::vector<std::string_view> names;
  if (clipped(vm.workload.io)) names.push_back("io");
  for (const workload::IoTest& test : vm.workload.tests) {
    if (clipped(test.io)) names.push_back(test.name);
  }
  if (names.empty()) return {};
  return fmt::format(
      "jobs of vm.{} ask for more than their disk has for them, and use that: {}; lower "
      "their size or raise the disk's",
      vm.name, fmt::join(names, ", "));
}

}  // namespace

void IoPaths::begin_measuring() {
  measuring_ = true;
  for (RunningGuest& running : guests_) {
    if (running.up && !running.tests.empty()) engine().spawn(run_tests(running));
  }
  std::fill(counts_.begin(), counts_.end(), Counts{});
  for (RunningGuest& running : guests_) {
    for (const auto& disk : running.disks) disk->restart_stats();
  }
  storage_.begin_measuring();
}

void IoPaths::report_host(double measured_s, Results& results) const {
  storage_.report(measured_s, results);
}

double IoPaths::transactions(int kind) const {
  return static_cast<double>(counts_[at(kind)].transactions);
}

// Where transfers of a class were, in seconds.
IoPaths::Times IoPaths::times(int kind) const {
  Times all;
  for (const RunningGuest& running : guests_) {
    if (running.kind != kind) continue;
    ++all.vms;
    for (const auto& disk : running.disks) {
      const GuestDisk::Stats& stats = disk->disk().stats();
      all.guest_s += stats.guest_s;
      all.vmm_s += stats.vmm_s;
      all.storage_s += disk->storage_s() + stats.waits.storage_s - stats.waits.redundancy_s;
      all.waits.limits_s += stats.waits.limits_s;
      all.waits.image_s += stats.waits.image_s;
      all.waits.redundancy_s += stats.waits.redundancy_s;
      all.kicks += static_cast<double>(stats.kicks);
      all.interrupts += static_cast<double>(stats.interrupts);
    }
  }
  // Of I/Os in parallel below one request of the guest, only the time of one counts.
  all.storage_s = std::max(0.0, all.storage_s);
  const double fits = all.below_s() > all.vmm_s ? all.vmm_s / all.below_s() : 1.0;
  for (double* part :
       {&all.waits.limits_s, &all.waits.image_s, &all.waits.redundancy_s, &all.storage_s})
    *part *= fits;
  all.vmm_s -= all.below_s();
  const auto half = halves_.find(kind);
  if (half == halves_.end()) return all;
  const Times there = half->second.host->times(half->second.kind);
  all.guest_s += there.guest_s;
  all.vmm_s += there.vmm_s;
  all.storage_s += there.storage_s;
  all.waits.limits_s += there.waits.limits_s;
  all.waits.image_s += there.waits.image_s;
  all.waits.redundancy_s += there.waits.redundancy_s;
  all.kicks += there.kicks;
  all.interrupts += there.interrupts;
  return all;
}

IoPaths::Waiting IoPaths::waiting(int kind) const {
  const Times all = times(kind);
  const double whole_s = all.vmm_s + all.below_s();
  if (whole_s <= 0) return {.storage = 1.0};
  return {.threads = all.vmm_s / whole_s,
          .limits = all.waits.limits_s / whole_s,
          .image = all.waits.image_s / whole_s,
          .redundancy = all.waits.redundancy_s / whole_s,
          .storage = all.storage_s / whole_s};
}

void IoPaths::report(int kind, double measured_s, Results& results) const {
  const VmDescription& description = description_.vms[at(kind)];
  if (!description.workload.uses_disk()) return;
  const Counts& counts = counts_[at(kind)];
  const Times all = times(kind);
  const double vms = all.vms;
  const auto put = [&](std::string_view quantity, double value) {
    results.metrics.push_back({fmt::format("vm.{}.{}", description.name, quantity), value});
  };
  const double ios = static_cast<double>(counts.reads + counts.writes);
  put("io.rate", ios / measured_s / vms);
  put("io.reads", static_cast<double>(counts.reads) / measured_s / vms);
  put("io.writes", static_cast<double>(counts.writes) / measured_s / vms);
  put("io.syncs", static_cast<double>(counts.syncs) / measured_s / vms);
  put("io.bandwidth", static_cast<double>(counts.bytes) / measured_s / vms);
  put("io.latency.mean", counts.io_s.mean());
  for (const auto& [name, share] : {std::pair{"p50", 0.50}, {"p95", 0.95}, {"p99", 0.99}})
    put(fmt::format("io.latency.{}", name), counts.io.percentile(share));
  put("transactions", static_cast<double>(counts.transactions) / measured_s / vms);
  for (const auto& [name, share] : {std::pair{"p50", 0.50}, {"p95", 0.95}, {"p99", 0.99}})
    put(fmt::format("transactions.latency.{}", name), counts.transaction.percentile(share));
  const double all_s = all.guest_s + all.vmm_s + all.below_s();
  put("io.time.guest", ratio(all.guest_s, all_s));
  put("io.time.vmm", ratio(all.vmm_s, all_s));
  put("io.time.limits", ratio(all.waits.limits_s, all_s));
  put("io.time.image", ratio(all.waits.image_s, all_s));
  put("io.time.redundancy", ratio(all.waits.redundancy_s, all_s));
  put("io.time.storage", ratio(all.storage_s, all_s));
  put("io.kicks", ratio(all.kicks, ios));
  put("io.interrupts", ratio(all.interrupts, ios));
  for (const RunningGuest& running : guests_) {
    if (running.kind != kind || running.disks.empty()) continue;
    std::vector<sim::Bytes> sizes;
    for (const auto& disk : running.disks) sizes.push_back(disk->disk().capacity());
    std::string clipped = more_than_there_is(description, sizes);
    if (!clipped.empty()) results.notes.push_back(std::move(clipped));
    break;
  }
  report_caches(kind, results);
  report_images(kind, results);
  report_tests(kind, results);
}

void IoPaths::report_caches(int kind, Results& results) const {
  storage::Backlog before, now;
  for (const RunningGuest& running : guests_) {
    if (running.kind != kind) continue;
    for (const auto& disk : running.disks) {
      before.add(disk->backlog_before());
      now.add(disk->backlog());
    }
  }
  const std::string cache =
      fmt::format("the page cache of vm.{}'s disks", description_.vms[at(kind)].name);
  std::string fills = storage::still_fills(cache, before, now);
  if (!fills.empty()) results.notes.push_back(std::move(fills));
}

bool IoPaths::tests_ended() const {
  return std::all_of(guests_.begin(), guests_.end(), [](const RunningGuest& running) {
    return std::all_of(running.tests.begin(), running.tests.end(),
                       [](const TestRun& run) { return run.ended != sim::kNever; });
  });
}

double IoPaths::test_s(const TestRun& run) const {
  if (run.began == sim::kNever) return 0.0;
  return sim::seconds((run.ended == sim::kNever ? host_.engine().now() : run.ended) - run.began);
}

double IoPaths::in_tests_s(int kind) const {
  sim::Tally all;
  for (const RunningGuest& running : guests_) {
    if (running.kind != kind) continue;
    sim::Instant first = sim::kNever, last = sim::kStart;
    for (const TestRun& run : running.tests) {
      first = std::min(first, run.began);
      if (run.began != sim::kNever)
        last = std::max(last, run.ended == sim::kNever ? host_.engine().now() : run.ended);
    }
    if (last > first) all.record(sim::seconds(last - first));
  }
  return all.mean();
}

// A test is as fast as it was in each VM, by its own time.
void IoPaths::report_tests(int kind, Results& results) const {
  const VmDescription& description = description_.vms[at(kind)];
  const std::vector<workload::IoTest>& tests = description.workload.tests;
  std::string unfinished;
  for (std::size_t number = 0; number < tests.size(); ++number) {
    const std::string& name = tests[number].name;
    sim::Tally rate, bandwidth, time_s, ended;
    for (const RunningGuest& running : guests_) {
      if (running.kind != kind) continue;
      const TestRun& run = running.tests[number];
      ended.record(run.ended != sim::kNever ? 1.0 : 0.0);
      const double took_s = test_s(run);
      if (took_s <= 0) continue;
      time_s.record(took_s);
      rate.record(static_cast<double>(run.ios) / took_s);
      bandwidth.record(static_cast<double>(run.bytes) / took_s);
    }
    if (ended.mean() < 1.0) unfinished += fmt::format("{}{}", unfinished.empty() ? "" : ", ", name);
    const TestTimes& times = test_times_[at(kind)][number];
    const auto put = [&](std::string_view quantity, double value) {
      results.metrics.push_back(
          {fmt::format("vm.{}.test.{}.{}", description.name, name, quantity), value});
    };
    put("bandwidth", bandwidth.mean());
    put("rate", rate.mean());
    put("time", time_s.mean());
    put("ended", ended.mean());
    put("latency.mean", times.mean_s.mean());
    for (const auto& [quantile, share] : {std::pair{"p50", 0.50}, {"p95", 0.95}, {"p99", 0.99}})
      put(fmt::format("latency.{}", quantile), times.spread.percentile(share));
  }
  if (!unfinished.empty())
    results.notes.push_back(fmt::format(
        "tests of vm.{} had not ended when the run did: {}; their figures are of what was done by "
        "then, raise study.duration",
        description.name, unfinished));
}

// What images asked of the files that they are in, and of their backing files, since the run began.
void IoPaths::report_images(int kind, Results& results) const {
  storage::image::Stats all, backing;
  double images = 0, backed = 0;
  const auto add = [](storage::image::Image* image, storage::image::Stats& to, double& number) {
    if (image == nullptr) return;
    const storage::image::Stats& stats = image->stats();
    ++number;
    to.reads += stats.reads;
    to.read_bytes += stats.read_bytes;
    to.writes += stats.writes;
    to.written_bytes += stats.written_bytes;
    to.zeroes += stats.zeroes;
    to.syncs += stats.syncs;
    to.unwritten += stats.unwritten;
  };
  for (const RunningGuest& running : guests_) {
    if (running.kind != kind) continue;
    for (const auto& disk : running.disks) {
      add(disk->image(), all, images);
      add(disk->backing(), backing, backed);
    }
  }
  const auto put = [&](std::string_view quantity, auto value, double of) {
    results.metrics.push_back({fmt::format("vm.{}.{}", description_.vms[at(kind)].name, quantity),
                               ratio(static_cast<double>(value), of)});
  };
  put("image.reads", all.reads, images);
  put("image.read_bytes", all.read_bytes.count(), images);
  put("image.writes", all.writes, images);
  put("image.written_bytes", all.written_bytes.count(), images);
  put("image.zeroes", all.zeroes, images);
  put("image.syncs", all.syncs, images);
  put("image.unwritten", (all.unwritten + backing.unwritten).count(), images);
  const auto unwritten = static_cast<double>((all.unwritten + backing.unwritten).count());
  const double share =
      ratio(unwritten,
            unwritten + static_cast<double>(all.read_bytes.count() + backing.read_bytes.count()));
  if (share > kManyUnwritten)
    results.notes.push_back(fmt::format(
        "{:.0f} % of what vm.{} reads was never written to its images, so that no disk is asked; "
        "disk.image.allocated says how much was",
        share * 100, description_.vms[at(kind)].name));
  if (backed == 0) return;
  put("backing.reads", backing.reads, backed);
  put("backing.read_bytes", backing.read_bytes.count(), backed);
}

}  // namespace models
