// What is said of the host's disks and arrays.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "models/host_storage.hpp"
#include "models/storage/raid/redundancy.hpp"

namespace models {
namespace {

// Of the disks that have not failed, the share whose failure loses the data.
double next_failure_loses(const storage::raid::Description& raid, int disks) {
  std::vector<bool> failed(static_cast<std::size_t>(disks), false);
  for (const int member : raid.failed) failed.at(static_cast<std::size_t>(member)) = true;
  int left = 0, fatal = 0;
  for (std::size_t i = 0; i < failed.size(); ++i) {
    if (failed[i]) continue;
    ++left;
    failed[i] = true;
    if (!storage::raid::survives(raid.level, raid.layout, raid.copies, failed)) ++fatal;
    failed[i] = false;
  }
  return left > 0 ? static_cast<double>(fatal) / left : 1.0;
}

}  // namespace

void HostStorage::report(const NamedDrives& alike, double measured_s, Results& results) const {
  const sim::Instant now = engine_.now();
  double reads = 0, writes = 0, read_B = 0, written_B = 0, took_s = 0;
  double queue = 0, busy = 0, busiest = 0;
  for (storage::device::Drive* drive : alike.drives) {
    const storage::device::DriveLoad& load = drive->load();
    reads += static_cast<double>(load.reads());
    writes += static_cast<double>(load.writes());
    read_B += static_cast<double>(load.read().count());
    written_B += static_cast<double>(load.written().count());
    took_s += load.took_s();
    queue += load.queue(now);
    busy += load.utilisation(now);
    busiest = std::max(busiest, load.utilisation(now));
  }
  const auto drives = static_cast<double>(alike.drives.size());
  const auto put = [&](std::string_view quantity, double value) {
    results.metrics.push_back(
        {fmt::format("host.disk.{}.{}", alike.description->name, quantity), value});
  };
  put("reads", reads / measured_s / drives);
  put("writes", writes / measured_s / drives);
  put("read_bandwidth", read_B / measured_s / drives);
  put("write_bandwidth", written_B / measured_s / drives);
  put("latency.mean", reads + writes > 0 ? took_s / (reads + writes) : 0.0);
  put("queue", queue / drives);
  put("utilisation", busy / drives);
  put("utilisation.max", busiest);
}

void HostStorage::report(double measured_s, Results& results) const {
  for (const NamedDrives& alike : drives_) report(alike, measured_s, results);
  for (const NamedArray& named : arrays_) {
    const storage::raid::Description& raid = named.description->raid;
    const storage::raid::Stats now = named.array->stats();
    const storage::raid::Stats& before = named.before;
    const auto put = [&](std::string_view quantity, double value) {
      results.metrics.push_back(
          {fmt::format("host.array.{}.{}", named.description->name, quantity), value});
    };
    const auto since = [&](std::int64_t storage::raid::Stats::*count) {
      return static_cast<double>(now.*count - before.*count);
    };
    using Stats = storage::raid::Stats;
    const double own = since(&Stats::reads) + since(&Stats::writes);
    const double members = since(&Stats::member_reads) + since(&Stats::member_writes);
    put("reads", since(&Stats::reads) / measured_s);
    put("writes", since(&Stats::writes) / measured_s);
    put("member_reads", since(&Stats::member_reads) / measured_s);
    put("member_writes", since(&Stats::member_writes) / measured_s);
    put("member_flushes", since(&Stats::member_flushes) / measured_s);
    put("amplification", own > 0 ? members / own : 0.0);
    const int disks = named.disks - raid.spares;
    put("usable", static_cast<double>(named.array->capacity().count()) /
                      static_cast<double>(named.active.count()));
    put("tolerates", storage::raid::fault_tolerance(raid.level, disks, raid.copies));
    put("next_failure_loses", next_failure_loses(raid, disks));
    put("state", static_cast<double>(named.array->state()));
    const storage::raid::Progress progress = named.array->rebuild_progress();
    put("rebuild.progress", progress.length.count() > 0
                                ? static_cast<double>(progress.done.count()) /
                                      static_cast<double>(progress.length.count())
                                : 1.0);
    put("rebuild.rate", progress.running ? progress.speed.count() : 0.0);
    const std::string cache =
        fmt::format("the cache of array {}'s controller", named.description->name);
    std::string fills = storage::still_fills(cache, named.backlog_before, named.array->backlog());
    if (!fills.empty()) results.notes.push_back(std::move(fills));
  }
}

}  // namespace models
