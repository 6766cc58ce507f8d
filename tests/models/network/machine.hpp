// Machines to test the path with: a stack on a NIC, and sockets that only note what comes.
#pragma once

#include <utility>
#include <vector>

#include "models/network/nic.hpp"
#include "models/network/own_cpu.hpp"
#include "models/network/stack.hpp"

namespace models::network {

inline constexpr sim::Duration ns(std::int64_t n) {
  return sim::Duration{n * 1'000};
}
inline constexpr sim::Duration us(std::int64_t n) {
  return sim::Duration{n * 1'000'000};
}
inline double in_us(sim::Instant instant) {
  return sim::seconds(instant.time_since_epoch()) * 1e6;
}

// Costs nothing, so that one cost at a time can be seen.
inline const DriverCosts kFreeDriver{
    .interrupt = {}, .poll = {}, .receive = {}, .transmit = {}, .segment = {}};
inline const StackCosts kFreeStack{.call = {},
                                   .send = {},
                                   .receive = {},
                                   .generate = {},
                                   .read_per_KiB = {},
                                   .wake = {},
                                   .cold = {},
                                   .acknowledge = {}};

// Notes when batches come and what is lost.
struct Note : Socket {
  explicit Note(sim::Engine& of, int station = 0, int flow = 0)
      : Socket{station, flow}, engine_{of} {}
  sim::Engine& engine() { return engine_; }
  sim::Task<> receive(Batch batch, Thread&) override {
    at.push_back(in_us(engine_.now()));
    batches.push_back(batch);
    co_return;
  }
  void lost(const Batch& batch) override { lost_packets += batch.packets; }
  sim::Engine& engine_;
  std::vector<double> at;  // us
  std::vector<Batch> batches;
  int lost_packets = 0;
};

// Hands batches to their sockets without a stack.
struct Deliver : Port {
  explicit Deliver(sim::Engine& of) : engine_{of} {}
  sim::Engine& engine() override { return engine_; }
  sim::Task<> send(Batch batch, Thread& on) override { co_await batch.to->receive(batch, on); }
  sim::Engine& engine_;
};

// A guest's vCPU at 1 GHz: what it owes for having left comes before its next work.
struct GuestCpu : OwnCpu {
  using OwnCpu::OwnCpu;
  void owe_exits(int count, sim::Cycles cycles) override {
    exits += count;
    owed += cycles / sim::Hertz{1e9};
  }
  sim::Task<> work(sim::Duration cpu_time) override {
    return OwnCpu::work(cpu_time + std::exchange(owed, {}));
  }
  int exits = 0;
  sim::Duration owed{};
};

struct Machine {
  Machine(sim::Engine& engine, int at, const StackConfig& stack_config, const NicConfig& config,
          sim::Duration wake = {})
      : station{at},
        app{engine, wake},
        softirq{engine, wake},
        stack{engine, stack_config},
        nic{engine, config, std::vector<Thread*>(static_cast<std::size_t>(config.queues), &softirq),
            stack} {
    stack.set_device(nic);
  }
  void connect(Machine& other, sim::Duration latency) {
    nic.connect(other.nic, latency);
    other.nic.connect(nic, latency);
  }
  int station;
  OwnCpu app;
  OwnCpu softirq;
  Stack stack;
  Nic nic;
};

inline sim::Process hand_over(sim::Engine& engine, Port& port, Batch batch, Thread& on,
                              std::vector<double>* done = nullptr) {
  co_await port.send(batch, on);
  if (done != nullptr) done->push_back(in_us(engine.now()));
}

}  // namespace models::network
