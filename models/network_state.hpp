// The state of a running host's network. Plain records of the composition root; NetworkPaths
// (network_paths.hpp) is what wires and reads them.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "models/memory/turns.hpp"
#include "models/network/server_threads.hpp"
#include "models/network_paths.hpp"
#include "models/running_host.hpp"

namespace models {

// A vCPU or a thread of the host, as the network path sees it.
class NetworkPaths::WorkerThread : public network::Thread {
 public:
  // `work_per_s`: of a vCPU, the instructions that a second of its kernel's time stands for.
  // `own_pace`: no program runs beside it, whose misses would be the kernel's, too: it takes as
  // long whatever its guest's idle loop waits for. `before_all`: its work goes before what other
  // jobs of the vCPU have begun.
  WorkerThread(RunningHost& host, int worker, double work_per_s, bool own_pace, bool before_all)
      : host_{host},
        worker_{worker},
        work_per_s_{work_per_s},
        own_pace_{own_pace},
        before_all_{before_all} {}
  sim::Engine& engine() { return host_.engine(); }
  int worker() const { return worker_; }
  sim::Task<> work(sim::Duration cpu_time) override {
    const bool owed = std::exchange(owes_, false);
    if (cpu_time <= sim::Duration::zero() && !owed) co_return;
    const auto index = static_cast<std::size_t>(worker_);
    const double busy = own_pace_ ? host_.workers_[index].progress.busy_share() : 1.0;
    RunningHost::Run run = host_.run(worker_, sim::seconds(cpu_time) * work_per_s_ * busy,
                                     std::exchange(waker_, scheduler::kNoCpu));
    run.before_all = before_all_ && !std::exchange(deferred_, false);
    co_await run;
  }
  void owe_exits(int count, sim::Cycles cycles) override {
    host_.owe_cycles(worker_, cycles, count);
    owes_ = owes_ || cycles.count() > 0;
  }
  int cpu() const override { return host_.cpu_of(worker_); }
  bool defer() override {
    deferred_ = before_all_;
    return deferred_;
  }
  void woken_from(int cpu) override { waker_ = cpu; }

 private:
  RunningHost& host_;
  int worker_;
  bool deferred_ = false;  // its next work is
  bool owes_ = false;      // for exits, which its next work waits for
  scheduler::CpuId waker_ = scheduler::kNoCpu;
  double work_per_s_;
  bool own_pace_;
  bool before_all_;
};

// Where what comes from the wire goes on.
struct NetworkPaths::Ingress : network::Port {
  explicit Ingress(sim::Engine& of) : engine_{of} {}
  sim::Engine& engine() override { return engine_; }
  sim::Task<> send(network::Batch batch, network::Thread& on) override {
    network::Port* const port = port_of(batch);
    return port != nullptr ? port->send(batch, on) : lose(batch);
  }
  network::Port* port_of(const network::Batch& batch) const {
    for (const auto& [station, port] : ports) {
      if (station == batch.to->station()) return port;
    }
    return nullptr;
  }
  sim::Task<> lose(network::Batch batch) {
    unknown.drop(batch);
    co_return;
  }
  sim::Engine& engine_;
  std::vector<std::pair<int, network::Port*>> ports;  // station
  network::Traffic unknown;
};

// What leaves a switch or the host's own stack: to another network of the host, through its stack,
// or to the NIC.
struct NetworkPaths::Uplink : network::Port {
  explicit Uplink(Ingress& of) : inside{of} {}
  sim::Engine& engine() override { return inside.engine(); }
  sim::Task<> send(network::Batch batch, network::Thread& on) override {
    network::Port* const port = inside.port_of(batch);
    return (port != nullptr ? *port : *nic).send(batch, on);
  }
  Ingress& inside;
  network::Nic* nic = nullptr;
};

struct NetworkPaths::PciDma : network::Dma {
  PciDma(pcie::Fabric& of, int which) : fabric{of}, card{which}, own{of.node_of(which)} {}
  sim::Task<> read(sim::Bytes amount, int node) override {
    return fabric.transfer(card, at(node), pcie::Direction::from_memory, amount, {});
  }
  sim::Task<> write(sim::Bytes amount, int node) override {
    return fabric.transfer(card, at(node), pcie::Direction::to_memory, amount, {});
  }
  // A load from there takes two crossings longer.
  sim::Duration crossing(int node) const override {
    return (fabric.latency(card, at(node)) - fabric.latency(card, own)) / 2;
  }
  int at(int node) const { return node < 0 ? own : node; }
  pcie::Fabric& fabric;
  int card;
  int own;
};

// A guest's kernel takes its buffers from all its memory.
struct NetworkPaths::GuestBuffers : network::Buffers {
  GuestBuffers(const RunningHost& of, int whose) : host{of}, vm{whose} {}
  int next() override { return turns.next(host.vms_[static_cast<std::size_t>(vm)].accesses); }
  const RunningHost& host;
  int vm;
  memory::Turns turns;
};

// What leaves a NIC by its cable: to the machine at the other end, or beyond.
struct NetworkPaths::Junction : network::Receiver {
  Junction(GuestReach& to, int of_peer, network::Receiver& at_the_end)
      : reach{to}, peer_station{of_peer}, peer{at_the_end} {}
  void arrive(const network::Batch& batch) override {
    if (batch.to->station() == peer_station) return peer.arrive(batch);
    reach.carry(batch);
  }
  GuestReach& reach;
  int peer_station;
  network::Receiver& peer;
};

struct NetworkPaths::Switches {
  network::SwitchMode mode;
  std::unique_ptr<network::Switch> network;
};

struct NetworkPaths::HostNic {
  explicit HostNic(sim::Engine& engine) : ingress{engine}, uplink{ingress} {}
  // Behind `port`: from the wire, from functions and from the host's other networks.
  void reach(int station, network::Port& port) {
    ingress.ports.emplace_back(station, &port);
    nic->add_own(station);
  }
  const NicDescription* description = nullptr;
  int peer_station = 0;
  Ingress ingress;
  Uplink uplink;
  std::unique_ptr<PciDma> dma;
  std::unique_ptr<network::Nic> nic;
  std::vector<Switches> switches;
  // The machine at the other end.
  std::deque<network::OwnCpu> peer_softirqs;
  std::deque<network::OwnCpu> peer_apps;
  std::unique_ptr<network::Stack> peer_stack;
  std::unique_ptr<network::Nic> peer;
  std::unique_ptr<Junction> junction;
};

struct NetworkPaths::Guest {
  int vm = 0;
  int kind = 0;
  int station = 0;
  const VmDescription* description = nullptr;
  HostNic* on = nullptr;
  std::vector<WorkerThread*> vcpus;
  std::vector<WorkerThread*> softirqs;              // the same vCPUs, at what goes before all else
  std::unique_ptr<sim::Server> lock;                // of its server
  std::unique_ptr<network::ServerThreads> threads;  // null: each stays on its vCPU
  std::vector<WorkerThread*> backends;
  std::unique_ptr<GuestBuffers> buffers;
  std::unique_ptr<network::Stack> stack;
  std::unique_ptr<network::GuestNic> nic;
  network::Stack* hosts = nullptr;           // for what the host itself says to it
  std::vector<network::Thread*> partners{};  // of the host: its connections' other ends
};

// What a guest's application does with a stream's bytes: a file of its own, a cipher.
class NetworkPaths::Application final : public network::Content {
 public:
  // `job`: which of the VM's connections it is.
  Application(RunningHost& host, Guest& guest, int job, const network::Place& place);
  sim::Engine& engine() { return host_.engine(); }
  sim::Task<> pass(sim::Bytes amount) override;

 private:
  RunningHost& host_;
  const Guest& guest_;
  const workload::NetProfile& net_;
  int job_;
  network::Place place_;
  std::int64_t position_B_ = 0;
};

// A connection. Of its two ends one measures.
struct NetworkPaths::Talk {
  int kind = 0;
  std::unique_ptr<Application> application;
  std::unique_ptr<network::Socket> from;
  std::unique_ptr<network::Socket> to;
  network::StreamReceiver* reader = nullptr;
  network::Requester* asker = nullptr;
  network::DatagramReceiver* sink = nullptr;
  network::DatagramSender* source = nullptr;
  std::int64_t bytes_before = 0;  // of what was read when measuring began
  std::uint64_t packets_before = 0;
  std::uint64_t sent_before = 0;
};

struct NetworkPaths::Counts {
  double transactions = 0.0;
  double bytes = 0.0;
  double packets = 0.0;
  double sent = 0.0;  // datagrams
};

}  // namespace models
