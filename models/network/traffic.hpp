// What sends and receives: streams and datagrams, as netperf and pktgen do.
//
// Models  TCP_STREAM whose messages leave as they fill packets, or gather to bursts of 64 KiB while
//         earlier ones stand in their machine's queues (autocorking) or the window is full; a
//         window that halves at a loss and grows by a segment a round trip, acknowledgements once
//         the reader has read, lost bytes sent again; UDP: as fast as given, or as the sender can.
//         Requests and responses: requests.hpp.
// Omits   kernels before 3.14, which have no autocorking; that what is held back leaves at once
//         when the queue empties (it goes with the next message); slow start, reordering, time-outs
//         other than `resend_after`, connection set-up.
// Source  RFC 5681 for the window; Linux net/ipv4/tcp.c and tcp_output.c for bursts; Linux
//         acknowledges each merged buffer, else every second packet.
// Checked tests/models/network/traffic_test.cpp.
#pragma once

#include <deque>

#include "models/network/stack.hpp"
#include "sim/histogram.hpp"
#include "sim/tally.hpp"

namespace models::network {

// A thread's scheduler, where a wake-up may move it.
class Wakeups {
 public:
  virtual ~Wakeups() = default;
  // The thread is woken by what `waker` does; whether that interrupts another CPU than the waker's.
  virtual bool woken_by(const Thread& waker) = 0;
  virtual void sleeps() = 0;
};

// Where a socket's owner runs.
struct Place {
  int station = 0;
  Stack* stack = nullptr;
  Thread* app = nullptr;
  Thread* app_now = nullptr;   // the same, for what goes before all else that it has to do
  bool interrupted = true;     // waking it interrupts its CPU: the softirq runs on another
  Wakeups* wakeups = nullptr;  // of `app`, where those decide on that; null: it stays where it is
};

// A reader that sleeps until something is there.
class Inbox {
 public:
  explicit Inbox(sim::Engine& engine) : engine_{engine}, filled_{engine} {}
  sim::Engine& engine() { return engine_; }
  bool empty() const { return batches_.empty(); }
  // In the context of `softirq`, which pays for waking the reader.
  sim::Task<> put(Batch batch, Thread& softirq, const Place& reader);
  // Waits for the first that has come.
  sim::Task<Batch> take(const Place& reader);

 private:
  sim::Engine& engine_;
  std::deque<Batch> batches_;
  sim::Signal filled_;
  bool asleep_ = false;
  bool interrupts_ = false;  // what last woke the reader
};

// Where the bytes of a stream come from or go to, beside memory: a file, a cipher.
class Content {
 public:
  virtual ~Content() = default;
  // Until its owner has made the next `amount`, or got rid of it.
  virtual sim::Task<> pass(sim::Bytes amount) = 0;
};

struct StreamConfig {
  sim::Bytes message{16 * 1'024};        // of each send()
  sim::Bytes window{4 * 1'024 * 1'024};  // most bytes under way
  sim::Duration resend_after{
      1'000'000'000};          // a loss is noticed, 1 ms: a queue's worth of round trip
  Content* content = nullptr;  // null: of a buffer that is there
};

class StreamSender : public Socket {
 public:
  StreamSender(const Place& place, int flow, const StreamConfig& config);
  // Sends to `to` for ever.
  void start(Socket& to);
  sim::Engine& engine() { return place_.stack->engine(); }
  sim::Task<> receive(Batch batch, Thread& softirq) override;
  void lost(const Batch& batch) override;
  void completed(const Batch& batch) override { queued_B_ -= batch.payload.count(); }
  std::uint64_t losses() const { return losses_; }

 private:
  sim::Process run();
  sim::Process send_again(Batch batch);
  bool gathers(sim::Bytes burst, sim::Bytes next) const;
  sim::Task<> send(sim::Bytes payload);
  Place place_;
  StreamConfig config_;
  Socket* to_ = nullptr;
  double window_B_;
  std::int64_t under_way_B_ = 0;
  std::int64_t queued_B_ = 0;  // in its own machine's queues
  sim::Instant halved_{};
  std::uint64_t losses_ = 0;  // packets
  sim::Signal credit_;
};

class StreamReceiver : public Socket {
 public:
  // `content` null: what is read is thrown away.
  StreamReceiver(const Place& place, int flow, Content* content = nullptr);
  void start();
  sim::Engine& engine() { return place_.stack->engine(); }
  sim::Task<> receive(Batch batch, Thread& softirq) override;
  int cpu() const override { return place_.app->cpu(); }
  void lost(const Batch&) override {}  // a later acknowledgement says the same: see sender
  std::int64_t read_B() const { return read_B_; }

 private:
  sim::Process run();
  Place place_;
  Content* content_;
  Inbox inbox_;
  std::int64_t read_B_ = 0;
};

struct DatagramConfig {
  sim::Bytes payload{18};  // 64-byte frames
  double rate_Hz = 0.0;    // packets/s; 0: as fast as the sender can
  int at_once = 1;         // packets handed over together
  bool calls = true;       // a system call a packet, as netperf; false: pktgen, in the kernel
};

class DatagramSender : public Socket {
 public:
  DatagramSender(const Place& place, int flow, const DatagramConfig& config);
  void start(Socket& to);
  sim::Engine& engine() { return place_.stack->engine(); }
  sim::Task<> receive(Batch batch, Thread& softirq) override;
  void lost(const Batch&) override {}
  std::uint64_t sent() const { return sent_; }

 private:
  sim::Process run();
  Place place_;
  DatagramConfig config_;
  Socket* to_ = nullptr;
  std::uint64_t sent_ = 0;
};

class DatagramReceiver : public Socket {
 public:
  // At most `backlog` packets wait for the reader (SO_RCVBUF); what comes beyond is lost.
  DatagramReceiver(const Place& place, int flow, int backlog = 256);
  void start();
  sim::Engine& engine() { return place_.stack->engine(); }
  sim::Task<> receive(Batch batch, Thread& softirq) override;
  int cpu() const override { return place_.app->cpu(); }
  void lost(const Batch&) override {}
  const Traffic& traffic() const { return traffic_; }  // read; dropped: the backlog was full

 private:
  sim::Process run();
  Place place_;
  int backlog_;
  int waiting_ = 0;
  Inbox inbox_;
  Traffic traffic_;
};

}  // namespace models::network
