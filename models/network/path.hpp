// The contracts of the network path: what a stage is asked, and what it asks of others.
//
// A stage (driver, backend, switch, NIC, stack) is a Port on top of another. Code of a kernel's
// network path runs in the context of whoever calls it, so a batch is handed over together with
// the thread whose time it takes, up to the next queue; there another thread goes on.
#pragma once

#include <utility>

#include "models/network/batch.hpp"
#include "sim/engine.hpp"
#include "sim/process.hpp"
#include "sim/units.hpp"

namespace models::network {

// A vCPU, a thread of the host or a CPU's softirq: its work queues behind what it has to do
// already, and all of it waits for a CPU.
class Thread {
 public:
  virtual ~Thread() = default;
  virtual sim::Task<> work(sim::Duration cpu_time) = 0;
  // A guest's vCPU exits so often, which takes `cycles` in all; its next work waits for that.
  virtual void owe_exits(int count, sim::Cycles cycles) = 0;
  // The CPU that it has or had; where the wake-up comes from that its next work takes. Schedulers
  // place what is woken by where its waker runs. Negative: nowhere that is simulated.
  virtual int cpu() const { return -1; }
  virtual void woken_from(int cpu) { static_cast<void>(cpu); }
  // Of a softirq that has used its budget: what is left goes on as a thread of its CPU (ksoftirqd),
  // whose next work waits for its turn there. False: no such thing here.
  virtual bool defer() { return false; }
};

class Port {
 public:
  virtual ~Port() = default;
  virtual sim::Engine& engine() = 0;
  // Until the batch stands in the next queue, or is lost. Takes the time of `on`; waits where that
  // queue stops its sender.
  virtual sim::Task<> send(Batch batch, Thread& on) = 0;
};

// Where packets come in that wait for nobody: the far end of a wire.
class Receiver {
 public:
  virtual ~Receiver() = default;
  virtual void arrive(const Batch& batch) = 0;
};

// One end of a conversation.
class Socket {
 public:
  // `station`: the machine it lives on, as switches know it. `flow`: spreads conversations over
  // queues; RSS and XPS are taken to do so evenly.
  Socket(int station, int flow) : station_{station}, flow_{flow} {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  virtual ~Socket() = default;
  int station() const { return station_; }
  int flow() const { return flow_; }
  // A batch has passed the stack, in the context of `softirq`.
  virtual sim::Task<> receive(Batch batch, Thread& softirq) = 0;
  // A full queue dropped what this socket sent.
  virtual void lost(const Batch& batch) = 0;
  // What this socket sent has left its machine's queues: the buffer is free.
  virtual void completed(const Batch&) {}
  // Where its thread runs or ran, as Thread::cpu.
  virtual int cpu() const { return -1; }

 private:
  int station_;
  int flow_;
};

// A device's way to memory: PCIe lanes, and links to other nodes behind them. Nodes below zero:
// its own.
class Dma {
 public:
  virtual ~Dma() = default;
  virtual sim::Task<> read(sim::Bytes amount, int node) = 0;   // from memory
  virtual sim::Task<> write(sim::Bytes amount, int node) = 0;  // to memory
  // How much longer a packet of the bus takes to a node than to the device's own, or from there.
  virtual sim::Duration crossing(int node) const = 0;
};

// A machine's memory, as its kernel allots packets' buffers.
class Buffers {
 public:
  virtual ~Buffers() = default;
  virtual int next() = 0;  // node of the next one
};

// The queue that a batch takes of `queues`.
inline std::size_t queue_of(const Batch& batch, std::size_t queues) {
  return static_cast<std::size_t>(batch.to->flow()) % queues;
}

// Of what leaves its sender's machine, or the queue that its socket pays for (skb_orphan): the
// first to do so tells the socket.
inline void complete(Batch& batch) {
  if (!std::exchange(batch.queued, false) || batch.from == nullptr) return;
  batch.from->completed(batch);
}

// How much has come by, and what was lost.
struct Traffic {
  std::uint64_t packets = 0;
  std::int64_t payload_B = 0;
  std::uint64_t dropped = 0;  // packets
  void count(const Batch& batch) {
    packets += static_cast<std::uint64_t>(batch.packets);
    payload_B += batch.payload.count();
  }
  void drop(const Batch& batch) {
    dropped += static_cast<std::uint64_t>(batch.packets);
    Batch gone = batch;
    complete(gone);
    if (batch.from != nullptr) batch.from->lost(batch);
  }
};

}  // namespace models::network
