// Guests' tests of their disks: one after the other, side by side, after another's end.
#include <fmt/format.h>

#include <algorithm>

#include "models/io_paths.hpp"
#include "models/running_host.hpp"
#include "sim/join.hpp"

namespace models {
namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

sim::Process IoPaths::run_tests(RunningGuest& running) {
  const std::vector<workload::IoTest>& tests = running.description->workload.tests;
  for (std::size_t next = 0; next < tests.size();) {
    sim::Join side_by_side{engine()};
    do {
      side_by_side.add(run_test(running, next++));
    } while (next < tests.size() && tests[next].together);
    co_await side_by_side.all();
  }
}

sim::Task<> IoPaths::run_test(RunningGuest& running, std::size_t number) {
  const workload::Description& workload = running.description->workload;
  const workload::IoTest& test = workload.tests[number];
  if (!test.after.empty()) co_await ended(running, test.after);
  if (test.delay > sim::Duration::zero()) co_await engine().delay(test.delay);
  TestRun& run = running.tests[number];
  Load& load = loads_.emplace_back(Load{.guest = running,
                                        .name = fmt::format("{}.test.{}", running.name, test.name),
                                        .profile = test.io,
                                        .test = &run,
                                        .times = &test_times_[at(running.kind)][number]});
  load.profile.cached = workload.io.cached;
  load.profile.cached_page = workload.io.cached_page;
  open_streams(load);
  for (Stream* stream : load.streams) stream->most = requests(test, stream->size);
  if (test.sync_first) co_await sync_all(load);
  if (test.drop_cached) {
    for (const auto& disk : running.disks) disk->drop_cached();
  }
  run.began = engine().now() + test.ramp;
  if (test.runtime > sim::Duration::zero())
    engine().spawn(end_in_time(load, test.ramp + test.runtime));
  sim::Join jobs{engine()};
  for (int job = 0; job < test.io.jobs; ++job) {
    for (int slot = 0; slot < test.io.depth; ++slot) jobs.add(loop(load, job, slot));
  }
  co_await jobs.all();
  if (test.sync_at_end) co_await sync_all(load);
  run.ended = engine().now();
  running.test_ended->fire();
  if (!test.ends_others) co_return;
  for (Load& other : loads_) {
    if (&other.guest == &running && other.test != nullptr) other.over = true;
  }
}

sim::Task<> IoPaths::sync_all(Load& load) {
  sim::Join syncs{engine()};
  for (int job = 0; job < load.profile.jobs; ++job) {
    Stream& stream = *load.streams[at(job)];
    stream.written.insert(0);
    syncs.add(sync(load, job, stream));
  }
  co_await syncs.all();
}

sim::Task<> IoPaths::ended(RunningGuest& running, const std::string& test) {
  const std::vector<workload::IoTest>& tests = running.description->workload.tests;
  const auto found = std::find_if(tests.begin(), tests.end(),
                                  [&](const workload::IoTest& one) { return one.name == test; });
  const TestRun& run = running.tests[static_cast<std::size_t>(found - tests.begin())];
  sim::Signal& some_test_ended = *running.test_ended;
  while (run.ended == sim::kNever) co_await some_test_ended;
}

sim::Process IoPaths::end_in_time(Load& load, sim::Duration runtime) {
  co_await engine().delay(runtime);
  load.over = true;
}

}  // namespace models
