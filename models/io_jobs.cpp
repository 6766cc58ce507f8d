// What guests do with their disks: jobs in closed loops, arrivals.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/io_paths.hpp"
#include "models/running_host.hpp"
#include "sim/error.hpp"
#include "sim/join.hpp"

namespace models {
namespace {

constexpr std::int64_t kPage_B = 4'096;

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

// Instructions of the guest's kernel between its page cache and who asks.
double cached_work(const workload::IoProfile& profile, sim::Bytes size) {
  const std::int64_t pages = (size.count() + kPage_B - 1) / kPage_B;
  return static_cast<double>(profile.cached.count() + profile.cached_page.count() * pages);
}

// A job of a vCPU's waits for an I/O, for as long as this lives.
class Awaited {
 public:
  Awaited(RunningHost& host, int vcpu) : host_{host}, vcpu_{vcpu} { host_.await_ios(vcpu_, 1); }
  Awaited(const Awaited&) = delete;
  Awaited& operator=(const Awaited&) = delete;
  ~Awaited() { host_.await_ios(vcpu_, -1); }

 private:
  RunningHost& host_;
  int vcpu_;
};

}  // namespace

void IoPaths::begin_jobs(RunningGuest& running) {
  const workload::Description& workload = running.description->workload;
  running.up = true;
  if (measuring_ && !workload.tests.empty()) engine().spawn(run_tests(running));
  if (!workload.io.any()) return;
  if (workload.io.requests > 0) {
    engine().spawn(open_and_run(running));
  } else {
    run_jobs(running);
  }
}

void IoPaths::begin_jobs(int vm) {
  for (RunningGuest& running : guests_) {
    if (running.vm == vm) begin_jobs(running);
  }
}

sim::Task<> IoPaths::read(int vm, sim::Bytes block, sim::Random& random) {
  RunningGuest* found = find(vm);
  if (found == nullptr) co_return;
  storage::BlockDevice& disk = found->disks.front()->top(true);
  const sim::Bytes size = std::min(block, disk.capacity());
  const auto blocks = static_cast<std::uint64_t>(disk.capacity().count() / size.count());
  const Awaited awaited{host_, found->vcpus.front()};
  co_await disk.serve({.operation = storage::Operation::read,
                       .offset = size * static_cast<std::int64_t>(random.below(blocks)),
                       .size = size});
}

sim::Task<> IoPaths::copy(int vm, storage::Operation operation, sim::Bytes amount, int job,
                          std::int64_t& position_B) {
  RunningGuest* guest = find(vm);
  if (guest == nullptr) throw sim::ModelError{"a VM that copies a file has no disk"};
  const workload::IoProfile& profile = guest->description->workload.io;
  storage::BlockDevice& disk = guest->disks.front()->top(false);
  if (position_B + amount.count() > disk.capacity().count()) position_B = 0;
  const storage::Request request{.operation = operation,
                                 .offset = sim::Bytes{position_B},
                                 .size = std::min(amount, disk.capacity()),
                                 .stream = job,
                                 .node = memory_node(*guest)};
  position_B += request.size.count();
  const int vcpu = guest->vcpus[at(job) % guest->vcpus.size()];
  const sim::Instant began = engine().now();
  co_await host_.run(vcpu, cached_work(profile, request.size), scheduler::kNoCpu);
  {
    const Awaited awaited{host_, vcpu};
    co_await disk.serve(request);
  }
  count(counts_[at(guest->kind)], request, sim::seconds(engine().now() - began));
}

// A run that ends opens its images and closes them; others have theirs open.
sim::Process IoPaths::open_and_run(RunningGuest& running) {
  for (const auto& disk : running.disks) {
    if (disk->image() != nullptr) co_await disk->image()->open();
  }
  run_jobs(running);
}

// Each job's part of the disk that it uses; that there is one has been checked.
void IoPaths::open_streams(Load& load) {
  const workload::IoProfile& profile = load.profile;
  const auto& disks = load.guest.disks;
  for (int job = 0; job < profile.jobs; ++job) {
    const sim::Bytes capacity = disks[at(job) % disks.size()]->disk().capacity();
    const sim::Bytes from = profile.from(capacity, job);
    const sim::Bytes size = profile.used_by_job(capacity, job);
    Stream& stream =
        streams_.emplace_back(Stream{.from = from, .size = size, .most = profile.requests});
    if (profile.distribution.spread != workload::Spread::uniform) {
      sim::Random random = engine().stream(fmt::format("{}.{}.places", load.name, job));
      const sim::Bytes unit = profile.place();
      stream.places.emplace(profile.distribution,
                            static_cast<std::uint64_t>(size.count() / unit.count()), unit, random);
    }
    load.streams.push_back(&stream);
    if (profile.batch > 1) load.batches.emplace_back(engine());
  }
}

void IoPaths::run_jobs(RunningGuest& running) {
  const workload::IoProfile& profile = running.description->workload.io;
  Load& load = loads_.emplace_back(
      Load{.guest = running, .name = running.name + ".job", .profile = profile});
  running.own = &load;
  open_streams(load);
  for (std::size_t job = 0; job < running.came_with.size(); ++job)
    *load.streams[job] = running.came_with[job];
  if (profile.arrivals.count() > 0) {
    engine().spawn(arrivals(load));
    return;
  }
  load.at_work = profile.jobs * profile.depth;
  for (int job = 0; job < profile.jobs; ++job) {
    for (int slot = 0; slot < profile.depth; ++slot) engine().spawn(this->job(load, job, slot));
  }
}

sim::Process IoPaths::job(Load& load, int job, int slot) {
  co_await loop(load, job, slot);
  if (--load.at_work > 0 || load.guest.stopped) co_return;
  for (const auto& disk : load.guest.disks) {
    if (disk->image() != nullptr) co_await disk->image()->close();
  }
}

// One of a job's transactions after the other.
sim::Task<> IoPaths::loop(Load& load, int job, int slot) {
  const workload::IoProfile& profile = load.profile;
  Stream& stream = *load.streams[at(job)];
  sim::Random random = engine().stream(fmt::format("{}.{}.{}", load.name, job, slot));
  const sim::Instant began = engine().now();
  for (int done = 1;
       !load.guest.stopped && !load.over && (stream.most == 0 || stream.issued < stream.most);
       ++done) {
    if (profile.rate.count() > 0) co_await until_due(profile, stream, began, random);
    co_await transaction(load, job, stream, random, engine().now());
    if (profile.batch > 1) {
      co_await batched(load, job, random);
    } else if (profile.think > sim::Duration::zero() && done % profile.think_every == 0) {
      co_await think(profile, random);
    }
  }
  if (profile.batch > 1) load.batches[at(job)].full.fire();
}

sim::Task<> IoPaths::think(const workload::IoProfile& profile, sim::Random& random) {
  co_await engine().delay(profile.steady_think ? profile.think : random.exponential(profile.think));
}

// Until as many have ended and the job has thought, or one that begins no more.
sim::Task<> IoPaths::batched(Load& load, int job, sim::Random& random) {
  Batch& batch = load.batches[at(job)];
  if (++batch.waiting < load.profile.batch) {
    co_await batch.full;
    co_return;
  }
  batch.waiting = 0;
  if (load.profile.think > sim::Duration::zero()) co_await think(load.profile, random);
  batch.full.fire();
}

sim::Task<> IoPaths::until_due(const workload::IoProfile& profile, Stream& stream,
                               sim::Instant began, sim::Random& random) {
  const double rate_Hz = profile.rate.count();
  const double due_s = profile.random_rate ? stream.due_s += random.exponential(1.0 / rate_Hz)
                                           : static_cast<double>(stream.begun++) / rate_Hz;
  const sim::Instant due = began + sim::from_seconds(due_s);
  if (due > engine().now()) co_await engine().delay(due - engine().now());
}

sim::Process IoPaths::arrivals(Load& load) {
  const workload::IoProfile& profile = load.profile;
  sim::Random random = engine().stream(load.guest.name + ".arrivals");
  for (int job = 0;; job = (job + 1) % profile.jobs) {
    co_await engine().delay(sim::from_seconds(random.exponential(1.0 / profile.arrivals.count())));
    if (load.guest.stopped) co_return;
    engine().spawn(arrived(load, job, *load.streams[at(job)], random));
  }
}

sim::Process IoPaths::arrived(Load& load, int job, Stream& stream, sim::Random& random) {
  co_await transaction(load, job, stream, random, engine().now());
}

// Of a job's requests; says which vCPU it is on, too.
int IoPaths::stream_id(const Load& load, int job) {
  const std::vector<int>& cpus = load.profile.cpus;
  if (cpus.empty()) return job;
  return job * static_cast<int>(load.guest.vcpus.size()) + cpus[at(job) % cpus.size()];
}

sim::Task<> IoPaths::transaction(Load& load, int job, Stream& stream, sim::Random& random,
                                 sim::Instant asked) {
  const workload::IoProfile& profile = load.profile;
  const int vcpu = load.guest.vcpus[at(stream_id(load, job)) % load.guest.vcpus.size()];
  storage::BlockDevice& disk =
      load.guest.disks[at(job) % load.guest.disks.size()]->top(profile.direct);
  if (profile.compute.count() > 0) {
    co_await host_.run(vcpu, static_cast<double>(profile.compute.count()), scheduler::kNoCpu);
  }
  for (int i = 0; i < profile.operations; ++i) {
    const sim::Instant began = engine().now();
    storage::Request request = next(profile, stream, random);
    request.stream = stream_id(load, job);
    request.node = memory_node(load.guest);
    if (!profile.direct)
      co_await host_.run(vcpu, cached_work(profile, request.size), scheduler::kNoCpu);
    {
      const Awaited awaited{host_, vcpu};
      co_await disk.serve(request);
    }
    const double took_s = sim::seconds(engine().now() - began);
    count(counts_[at(load.guest.kind)], request, took_s);
    if (load.test != nullptr) count(*load.test, *load.times, request, took_s);
    if (request.operation == storage::Operation::read || profile.sync_every == 0) continue;
    stream.written.insert((request.offset - stream.from).count() / file_size(profile, stream));
    if (++stream.unsynced >= profile.sync_every) co_await sync(load, job, stream);
  }
  Counts& counts = counts_[at(load.guest.kind)];
  ++counts.transactions;
  counts.transaction.record(sim::seconds(engine().now() - asked));
}

void IoPaths::count(Counts& counts, const storage::Request& request, double took_s) {
  ++(request.operation == storage::Operation::read ? counts.reads : counts.writes);
  counts.bytes += static_cast<std::uint64_t>(request.size.count());
  counts.io.record(took_s);
  counts.io_s.record(took_s);
}

void IoPaths::count(TestRun& run, TestTimes& times, const storage::Request& request,
                    double took_s) {
  if (engine().now() < run.began) return;
  ++run.ios;
  run.bytes += static_cast<std::uint64_t>(request.size.count());
  times.spread.record(took_s);
  times.mean_s.record(took_s);
}

// Files that the job has written to since it last did so.
sim::Task<> IoPaths::sync(Load& load, int job, Stream& stream) {
  const workload::IoProfile& profile = load.profile;
  const int vcpu = load.guest.vcpus[at(stream_id(load, job)) % load.guest.vcpus.size()];
  storage::BlockDevice& disk =
      load.guest.disks[at(job) % load.guest.disks.size()]->top(profile.direct);
  stream.unsynced = 0;
  for (const std::int64_t file : std::exchange(stream.written, {})) {
    storage::Request flush{.operation = storage::Operation::flush, .stream = stream_id(load, job)};
    if (profile.files > 1) {
      flush.size = sim::Bytes{file_size(profile, stream)};
      flush.offset = stream.from + flush.size * file;
    }
    const Awaited awaited{host_, vcpu};
    co_await disk.serve(flush);
    ++counts_[at(load.guest.kind)].syncs;
  }
}

}  // namespace models
