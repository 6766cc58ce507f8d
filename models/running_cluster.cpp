#include "models/running_cluster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/io_paths.hpp"
#include "sim/error.hpp"

namespace models {
namespace {

std::size_t at(Cause cause) {
  return static_cast<std::size_t>(cause);
}

double* find_metric(Results& results, const std::string& name) {
  for (Metric& metric : results.metrics) {
    if (metric.name == name) return &metric.value;
  }
  return nullptr;
}

double value_of(const Results& results, const std::string& name) {
  for (const Metric& metric : results.metrics) {
    if (metric.name == name) return metric.value;
  }
  return 0.0;
}

}  // namespace

std::vector<HostDescription> hosts_of(const HostDescription& host) {
  std::vector<HostDescription> all{host};
  all.front().others.clear();
  for (const HostDescription& other : host.others) {
    all.push_back(other);
    all.back().servers = host.servers;
    all.back().migrations = host.migrations;
  }
  sim::Complaints complaints;
  const std::int64_t mtu_B = host.network.mtu.count();
  complaints.need(mtu_B >= 576 && mtu_B <= 9'216,
                  fmt::format("cluster.network.mtu: {} B, needs 576 to 9216", mtu_B));
  for (const MigrationDescription& migration : host.migrations) {
    const std::string where = "migrate." + migration.vm;
    const auto from = std::find_if(all.begin(), all.end(), [&](const HostDescription& one) {
      return one.vm_named(migration.vm) != nullptr;
    });
    const auto to = std::find_if(all.begin(), all.end(), [&](const HostDescription& one) {
      return one.name == migration.to;
    });
    complaints.need(from != all.end(), fmt::format("{}: no [[vm]] has this name", where));
    complaints.need(to != all.end(),
                    fmt::format("{}.to: got \"{}\", need a host: \"host\" or one of "
                                "[cluster.host.*]",
                                where, migration.to));
    if (from == all.end() || to == all.end()) continue;
    complaints.need(from != to, fmt::format("{}.to: the VM is there already", where));
    const VmDescription vm = *from->vm_named(migration.vm);
    complaints.need(
        vm.dirty_logging == DirtyLogging::off,
        fmt::format("vm.{}.dirty_log: on; its migration logs it, leave it off", vm.name));
    complaints.need(vm.workload.touch_rate.count() <= 0,
                    fmt::format("vm.{}.workload.touch_rate: a VM that migrates has its memory from "
                                "the start; set it to \"0 B/s\"",
                                vm.name));
    complaints.need(!vm.workload.net.any(),
                    fmt::format("vm.{}.workload.net: of a VM that migrates; its connections stay "
                                "where they began, leave them out",
                                vm.name));
    complaints.need(
        vm.workload.arrivals.count() <= 0,
        fmt::format("vm.{}.workload.arrivals: of a VM that migrates; requests come where "
                    "it began, use workload.block",
                    vm.name));
    complaints.need(vm.workload.tests.empty(),
                    fmt::format("vm.{}.workload.test: of a VM that migrates; tests end where they "
                                "began, use workload.io",
                                vm.name));
    const bool shared = migration.storage == MigrationDescription::Storage::shared;
    for (const DiskDescription& disk : vm.disks) {
      complaints.need(storage::cache::direct(disk.cache.mode),
                      fmt::format("vm.{}.disk.cache: of a VM that migrates; what the host has "
                                  "cached would stay behind, use \"none\" or \"directsync\"",
                                  vm.name));
      complaints.need(
          shared || disk.size.count() > 0 || host.server_of(disk.on) != nullptr,
          fmt::format("vm.{}.disk.size: of a disk that is copied; say how large it is", vm.name));
      for (const std::string& on : {disk.on, disk.backing}) {
        complaints.need(!shared || on.empty() || host.server_of(on) != nullptr,
                        fmt::format("{}.storage: vm.{}.disk lies on \"{}\", which only its host "
                                    "reaches; put it on a storage server ([cluster.storage.<name>],"
                                    " on = \"<name>.<disk>\"), or set storage = \"copy\"",
                                    where, vm.name, on));
      }
    }
    VmDescription& arriving = to->vms.emplace_back(vm);
    arriving.arrives = true;
    arriving.on = to->name;
    arriving.pin = {};
    arriving.numa = {};
    arriving.age = {};
  }
  complaints.raise();
  return all;
}

RunningCluster::RunningCluster(sim::Engine& engine, const HostDescription& host)
    : engine_{engine}, descriptions_{hosts_of(host)} {
  const int hosts = static_cast<int>(descriptions_.size());
  std::vector<cluster::Port> ports = StorageNetwork::ports(descriptions_);
  const int first_client = hosts + static_cast<int>(ports.size());
  const std::vector<cluster::Port> clients = GuestNetwork::ports(host);
  ports.insert(ports.end(), clients.begin(), clients.end());
  const bool streams = std::any_of(descriptions_.begin(), descriptions_.end(), talks_outside);
  if (host.leaves_the_box())
    outside_ = std::make_unique<cluster::Outside>(engine, host.network, hosts, ports, streams);
  storage_ = std::make_unique<StorageNetwork>(engine, descriptions_, outside_.get());
  guests_ = std::make_unique<GuestNetwork>(engine, descriptions_, outside_.get(), first_client);
  for (std::size_t h = 0; h < descriptions_.size(); ++h)
    hosts_.emplace_back(engine, descriptions_[h], &storage_->from(h),
                        outside_ ? &guests_->from(h) : nullptr);
  for (std::size_t h = 0; h < descriptions_.size(); ++h) guests_->join(h, *hosts_[h].network_);
  for (const MigrationDescription& migration : host.migrations) build(migration);
}

RunningCluster::~RunningCluster() {
  engine_.end_processes();  // they hold places in the migrations' queues
}

void RunningCluster::build(const MigrationDescription& description) {
  Mover& mover = movers_.emplace_back();
  mover.description = &description;
  mover.slots = std::make_unique<sim::Server>(engine_, std::max(1, description.parallel));
  for (std::size_t h = 0; h < descriptions_.size(); ++h) {
    for (const VmDescription& vm : descriptions_[h].vms) {
      if (vm.name != description.vm) continue;
      (vm.arrives ? mover.to : mover.from) = h;
      if (!vm.arrives) mover.vm = &vm;
    }
  }
  const auto first = [&](std::size_t h) {
    for (const auto& kind : hosts_[h].kinds_) {
      if (kind.description->name == description.vm) return kind.vms.front();
    }
    throw sim::ModelError{"a VM that migrates is on no host"};
  };
  mover.kind_from = hosts_[mover.from].vms_[static_cast<std::size_t>(first(mover.from))].kind;
  mover.kind_to = hosts_[mover.to].vms_[static_cast<std::size_t>(first(mover.to))].kind;
  for (int i = 0; i < mover.vm->count; ++i) {
    mover.members.emplace_back(
        engine_, *outside_, description,
        Migration::End{hosts_[mover.from], static_cast<int>(mover.from), first(mover.from) + i},
        Migration::End{hosts_[mover.to], static_cast<int>(mover.to), first(mover.to) + i});
  }
}

void RunningCluster::start(sim::Duration warmup) {
  for (RunningHost& host : hosts_) host.start(warmup);
}

void RunningCluster::watch_moves() {
  for (RunningHost& host : hosts_) host.watch_moves();
}

void RunningCluster::age_memory() {
  for (RunningHost& host : hosts_) host.age_memory();
}

bool RunningCluster::tests_ended() const {
  return std::all_of(hosts_.begin(), hosts_.end(),
                     [](const RunningHost& host) { return host.tests_ended(); });
}

void RunningCluster::begin_measuring() {
  for (RunningHost& host : hosts_) host.begin_measuring();
  storage_->begin_measuring();
  if (outside_) guests_->begin_measuring();
  for (Mover& mover : movers_) {
    for (Migration& migration : mover.members) engine_.spawn(move(mover, migration));
  }
}

sim::Process RunningCluster::move(Mover& mover, Migration& migration) {
  co_await engine_.delay(mover.description->at);
  sim::Server::Held slot = co_await mover.slots->hold();
  co_await migration.run();
}

Results RunningCluster::results(const RunLength& length, bool check) {
  for (const Mover& mover : movers_)
    hosts_[mover.from].io_->join(mover.kind_from, *hosts_[mover.to].io_, mover.kind_to);
  std::vector<Results> of;
  for (RunningHost& host : hosts_) of.push_back(host.results(length, check));
  Results all = without_arrivals(0, of.front());
  for (std::size_t h = 1; h < of.size(); ++h) add_host(h, without_arrivals(h, of[h]), all);
  // Of a VM's two halves the host that it left reports the first, the other's is added.
  for (const Mover& mover : movers_) join_halves(mover, length, of[mover.to], all);
  for (Mover& mover : movers_) report(mover, length, all);
  storage_->report(sim::seconds(length.duration), all);
  if (outside_) guests_->report(sim::seconds(length.duration), all);
  if (check && outside_) {
    storage_->check(all);
    for (const std::string& broken : outside_->violations()) all.violations.push_back(broken);
  }
  return all;
}

Results RunningCluster::without_arrivals(std::size_t number, Results own) const {
  const HostDescription& host = descriptions_[number];
  const auto arriving = [&](const std::string& object) {
    return std::any_of(host.vms.begin(), host.vms.end(), [&](const VmDescription& vm) {
      return vm.arrives && (object == "vm." + vm.name || object.starts_with("vm." + vm.name + "."));
    });
  };
  std::erase_if(own.metrics, [&](const Metric& metric) { return arriving(metric.name); });
  std::erase_if(own.time, [&](const TimeShares& time) { return arriving(time.object); });
  return own;
}

// VMs by their names, the host itself by its own.
void RunningCluster::add_host(std::size_t number, const Results& own, Results& all) const {
  const std::string& host = descriptions_[number].name;
  for (const Metric& metric : own.metrics) {
    if (metric.name.starts_with("vm.")) all.metrics.push_back(metric);
    if (metric.name.starts_with("host.") && metric.name != "host.elapsed")
      all.metrics.push_back({fmt::format("cluster.{}.{}", host, metric.name), metric.value});
  }
  all.time.insert(all.time.end(), own.time.begin(), own.time.end());
  for (const Utilisation& part : own.utilisation)
    all.utilisation.push_back({host + "." + part.object, part.utilisation});
  for (const auto& [from, to] :
       {std::pair{&own.notes, &all.notes}, std::pair{&own.violations, &all.violations}}) {
    for (const std::string& text : *from) to->push_back(host + ": " + text);
  }
}

// A vCPU is idle at the one host while it is at the other.
void RunningCluster::join_halves(const Mover& mover, const RunLength& length, const Results& other,
                                 Results& all) const {
  const std::string object = "vm." + mover.vm->name;
  const double units_here = value_of(all, object + ".throughput.total");
  const double units_there = value_of(other, object + ".throughput.total");
  for (const char* sum : {"throughput", "throughput.total", "instructions", "cpu.utilisation",
                          "cpu.steal", "memory.bandwidth"}) {
    const std::string name = object + "." + sum;
    if (double* value = find_metric(all, name)) *value += value_of(other, name);
  }
  const auto time_of = [&](auto& results) {
    return std::find_if(results.time.begin(), results.time.end(),
                        [&](const TimeShares& time) { return time.object == object; });
  };
  const auto here = time_of(all);
  const auto there = time_of(other);
  if (here == all.time.end() || there == other.time.end()) return;
  const double per_s = units_here + units_there;
  const double vcpu_s = sim::seconds(length.duration) * mover.vm->vcpus * mover.vm->count;
  double busy = 0.0;
  for (std::size_t c = 0; c < here->share.size(); ++c) {
    if (c == at(Cause::idle)) continue;
    here->share[c] += there->share[c];
    busy += here->share[c];
  }
  here->share[at(Cause::idle)] = std::max(0.0, 1.0 - busy);
  const double units = per_s * sim::seconds(length.duration);
  for (std::size_t c = 0; c < here->share.size(); ++c)
    here->per_unit_s[c] = units > 0 ? here->share[c] * vcpu_s / units : 0.0;
}

void RunningCluster::report(Mover& mover, const RunLength& length, Results& results) {
  const std::string object = "migration." + mover.vm->name;
  const double unit = static_cast<double>(mover.vm->workload.unit.count());
  double done = 0, begun = 0, time_s = 0, downtime_s = 0, rounds = 0, transferred_B = 0;
  double executed = 0, ran_s = 0, storage_B = 0, storage_s = 0;
  int waiting = 0;
  for (std::size_t i = 0; i < mover.members.size(); ++i) {
    const MigrationOutcome outcome = mover.members[i].outcome();
    if (outcome.state == MigrationOutcome::State::waiting) {
      waiting += 1;
      continue;
    }
    ++begun;
    time_s += sim::seconds(outcome.ended - outcome.began);
    rounds += outcome.rounds;
    transferred_B += outcome.transferred_B;
    executed += outcome.executed;
    storage_B += outcome.storage_B;
    storage_s += sim::seconds(outcome.storage_took);
    ran_s += sim::seconds(outcome.ran);
    if (outcome.state == MigrationOutcome::State::done) {
      ++done;
      downtime_s += sim::seconds(outcome.downtime);
      continue;
    }
    const bool cancelled = outcome.state == MigrationOutcome::State::cancelled;
    const std::string how =
        outcome.rounds > 1
            ? fmt::format(
                  "{} after {} rounds: {:.0f} MB are left, written as fast as "
                  "they are sent",
                  cancelled ? "was cancelled" : "has not converged", outcome.rounds,
                  outcome.left_B / 1e6)
            : fmt::format("{} its first round: {:.0f} MB are left",
                          cancelled ? "was cancelled in" : "is still in", outcome.left_B / 1e6);
    results.notes.push_back(fmt::format("{:.1f} s: the migration of vm.{} {} {}",
                                        sim::seconds(outcome.ended - sim::kStart), mover.vm->name,
                                        i, how));
  }
  if (waiting > 0) {
    results.notes.push_back(
        fmt::format("{} of {} VMs {} have not begun to migrate: migrate.{}.at is {:.3g} s, and the "
                    "run measures "
                    "{:.3g} s",
                    waiting, mover.members.size(), mover.vm->name, mover.vm->name,
                    sim::seconds(mover.description->at), sim::seconds(length.duration)));
  }
  const auto put = [&](const char* name, double value) {
    results.metrics.push_back({fmt::format("{}.{}", object, name), value});
  };
  const double all = std::max(1.0, begun);
  put("completed", done);
  put("time", time_s / all);
  put("downtime", downtime_s / std::max(1.0, done));
  put("rounds", rounds / all);
  put("transferred", transferred_B / all);
  if (mover.description->storage == MigrationDescription::Storage::copy) {
    put("storage.transferred", storage_B / all);
    put("storage.time", storage_s / all);
  }
  put("throughput", ran_s > 0 ? executed / unit / ran_s : 0.0);
}

}  // namespace models
