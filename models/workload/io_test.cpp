#include "models/workload/io_test.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

namespace models::workload {

void check(const IoProfile& io, const std::string& path, sim::Complaints& complaints) {
  complaints.need(
      io.batch <= io.depth,
      fmt::format("{}.batch: got {}, need depth, {} here, at most: no more are under way", path,
                  io.batch, io.depth));
  check(io.distribution, path, complaints);
}

void check_fit(const IoProfile& io, const std::vector<sim::Bytes>& sizes, int vcpus,
               const std::string& path, sim::Complaints& complaints) {
  for (const int cpu : io.cpus) {
    complaints.need(cpu < vcpus,
                    fmt::format("{}.cpus: got {}, the vCPUs are 0 to {}", path, cpu, vcpus - 1));
  }
  const sim::Bytes least = std::max(io.largest_block(), io.place());
  for (int job = 0; job < io.jobs && !sizes.empty(); ++job) {
    const sim::Bytes capacity = sizes[static_cast<std::size_t>(job) % sizes.size()];
    const sim::Bytes from = io.from(capacity, job);
    const sim::Bytes size = io.used_by_job(capacity, job);
    if (size < least) {
      complaints.need(
          false,
          fmt::format(
              "{}: a job has {} B of the disk to use, less than its block of {} B; lower its "
              "block, offset or number of jobs, or raise its span or the disk's size",
              path, size.count(), io.largest_block().count()));
      return;
    }
    if (from + size > capacity) {
      complaints.need(false,
                      fmt::format("{}: job {} uses the disk up to {} B, which has {} B; lower its "
                                  "increment or span, or raise the disk's size",
                                  path, job, (from + size).count(), capacity.count()));
      return;
    }
  }
}

void check(const std::vector<IoTest>& tests, const std::string& vm, sim::Complaints& complaints) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < tests.size(); ++i) {
    const IoTest& test = tests[i];
    const auto need = [&](bool holds, std::string_view text) {
      complaints.need(holds, fmt::format("vm.{}.workload.test[{}].{}", vm, i, text));
    };
    const bool plain =
        !test.name.empty() && std::all_of(test.name.begin(), test.name.end(), [](unsigned char c) {
          return std::isalnum(c) != 0 || c == '-' || c == '_';
        });
    need(plain, fmt::format("name: got \"{}\", need one of letters, digits, - and _", test.name));
    need(test.after.empty() || (names.contains(test.after) && test.after != test.name),
         fmt::format("after: got \"{}\", need the name of a test before it", test.after));
    need(names.insert(test.name).second,
         fmt::format("name: two tests are named \"{}\"", test.name));
    need(!test.time_based || test.runtime > sim::Duration::zero(),
         "time_based: needs a runtime, e.g. \"30 s\"");
    need(test.io.jobs >= 1, "jobs: need at least 1");
    check(test.io, fmt::format("vm.{}.workload.test[{}]", vm, i), complaints);
  }
}

int most_under_way(const std::vector<IoTest>& tests) {
  int most = 0, own = 0;
  for (const IoTest& test : tests) {
    own = (test.together ? own : 0) + test.io.jobs * test.io.depth;
    most = std::max(most, own);
  }
  return most;
}

std::int64_t requests(const IoTest& test, sim::Bytes part) {
  if (test.time_based) return test.ios;
  const sim::Bytes size = test.size.count() > 0 ? test.size : part;
  const auto most = std::max<std::int64_t>(
      1, static_cast<std::int64_t>(static_cast<double>(size.count()) / test.io.mean_block_B()));
  return test.ios > 0 ? std::min(most, test.ios) : most;
}

}  // namespace models::workload
