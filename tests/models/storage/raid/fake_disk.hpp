// A disk that counts and remembers what it is asked, and threads that take their time.
#pragma once

#include <algorithm>
#include <deque>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "models/storage/block_device.hpp"
#include "models/storage/raid/array.hpp"
#include "sim/server.hpp"

namespace fake {

using models::storage::BlockDevice;
using models::storage::Operation;
using models::storage::Request;
using sim::Bytes;
using sim::Duration;
using namespace sim::literals;

struct Seen {
  Operation operation;
  Bytes offset;
  Bytes size;
  bool fua;
  sim::Instant at;
};

// Serves one request after the other, each for `latency` and size / rate, or any number at once.
class Disk : public BlockDevice {
 public:
  Disk(sim::Engine& engine, Bytes capacity)
      : engine_{engine}, server_{engine}, capacity_{capacity} {}
  sim::Engine& engine() override { return engine_; }
  Bytes capacity() const override { return capacity_; }
  sim::Task<> serve(Request request) override {
    if (keeps)
      seen.push_back({request.operation, request.offset, request.size, request.fua, engine_.now()});
    Duration time = latency;
    if (rate.count() > 0) time += request.size / rate;
    if (time == Duration::zero()) co_return;
    if (one_at_a_time) {
      co_await server_.serve(time);
    } else {
      co_await engine_.delay(time);
    }
  }
  int count(Operation operation) const {
    return static_cast<int>(std::count_if(
        seen.begin(), seen.end(), [&](const Seen& each) { return each.operation == operation; }));
  }

  std::vector<Seen> seen;
  Duration latency{};
  sim::BytesPerSecond rate{};
  bool one_at_a_time = false;
  bool keeps = true;

 private:
  sim::Engine& engine_;
  sim::Server server_;
  Bytes capacity_;
};

// One CPU of its own.
class Thread : public models::storage::Thread {
 public:
  explicit Thread(sim::Engine& engine) : server_{engine} {}
  sim::Engine& engine() { return server_.engine(); }
  sim::Task<> work(Duration cpu_time) override {
    used += cpu_time;
    co_await server_.serve(cpu_time);
  }
  Duration used{};

 private:
  sim::Server server_;
};

inline models::storage::raid::Costs free_of_cost() {
  models::storage::raid::Costs costs;
  costs.request = costs.flush = costs.member_flush = costs.stripe_pass = Duration::zero();
  costs.xor_rate = costs.syndrome_rate =
      sim::BytesPerSecond{std::numeric_limits<double>::infinity()};
  return costs;
}

// An array on disks of one size, with everything a test asks of it.
struct Bench {
  Bench(models::storage::raid::Description given, int disks, Bytes size = 64_MiB,
        bool costs = false)
      : description{given}, thread{engine} {
    if (!costs) description.costs = free_of_cost();
    for (int i = 0; i < disks; ++i) members.emplace_back(engine, size);
    for (int i = 0; i < description.group_threads; ++i) group.emplace_back(engine);
  }
  ~Bench() { engine.end_processes(); }  // they hold places in the array's queues
  models::storage::raid::Array& array() {
    if (!made) {
      std::vector<BlockDevice*> devices;
      for (Disk& disk : members) devices.push_back(&disk);
      std::vector<models::storage::Thread*> threads;
      for (Thread& each : group) threads.push_back(&each);
      made = models::storage::raid::make_array(engine, description, devices, thread, threads);
    }
    return *made;
  }
  static sim::Process one(sim::Engine&, BlockDevice& device, Request request, sim::Instant* ended) {
    co_await device.serve(request);
    if (ended != nullptr) *ended = device.engine().now();
  }
  // The request alone, from now until nothing is left to do; when it completed.
  sim::Instant serve(Operation operation, Bytes offset, Bytes size, bool fua = false) {
    sim::Instant ended{};
    start(operation, offset, size, fua, true, &ended);
    engine.run();
    return ended;
  }
  void start(Operation operation, Bytes offset, Bytes size, bool fua = false,
             bool synchronous = true, sim::Instant* ended = nullptr) {
    Request request;
    request.operation = operation;
    request.offset = offset;
    request.size = size;
    request.fua = fua;
    request.synchronous = synchronous;
    engine.spawn(one(engine, array(), request, ended));
  }
  int reads() const { return total(Operation::read); }
  int writes() const { return total(Operation::write); }
  int total(Operation operation) const {
    int sum = 0;
    for (const Disk& disk : members) sum += disk.count(operation);
    return sum;
  }
  // Reads and writes of the members since this was last asked.
  std::pair<int, int> ios() {
    const std::pair<int, int> sum{reads(), writes()};
    for (Disk& disk : members) disk.seen.clear();
    return sum;
  }

  sim::Engine engine;
  models::storage::raid::Description description;
  std::deque<Disk> members;
  Thread thread;
  std::deque<Thread> group;
  std::unique_ptr<models::storage::raid::Array> made;
};

}  // namespace fake
