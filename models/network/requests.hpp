// Requests and responses over one connection: clients that ask, a server that answers.
//
// Models  one request under way a connection (TCP_RR); transactions of several round trips; a
//         server's own CPU time a request, part of it under a lock that all its threads share and
//         sleep for, handed over in turn: a convoy, as each has to get its CPU first.
// Omits   pipelining; spinning before the sleep; several locks.
// Source  netperf(1); sysbench(1), oltp: a statement a round trip.
// Checked tests/models/network/requests_test.cpp.
#pragma once

#include "models/network/traffic.hpp"
#include "sim/server.hpp"

namespace models::network {

struct RequestConfig {
  sim::Bytes request{1};
  sim::Bytes response{1};
  sim::Duration service{};         // of the server's own a request, beside its calls
  sim::Duration held{};            // of it, with the server's lock
  sim::Duration client_service{};  // of the client's own, between response and next request
  sim::Duration think{};           // mean, exponential, between two transactions; 0: none
  int round_trips = 1;             // of a transaction
};

// A connection's client, which measures transactions.
class Requester : public Socket {
 public:
  Requester(const Place& place, int flow, const RequestConfig& config);
  void start(Socket& to, sim::Random random);
  sim::Engine& engine() { return place_.stack->engine(); }
  sim::Task<> receive(Batch batch, Thread& softirq) override;
  int cpu() const override { return place_.app->cpu(); }
  void lost(const Batch& batch) override;
  std::uint64_t transactions() const { return latency_.count(); }
  const sim::Histogram& latency() const { return latency_; }  // s
  const sim::Tally& mean() const { return mean_; }
  void restart_stats();

 private:
  sim::Process run(sim::Random random);
  Place place_;
  RequestConfig config_;
  Socket* to_ = nullptr;
  Inbox inbox_;
  sim::Histogram latency_;
  sim::Tally mean_;
};

// A thread of the server: answers whoever asks on its connection, one after another.
class Responder : public Socket {
 public:
  // `lock`, which must outlive it: what the server's threads share; none needed where
  // `config.held` is zero.
  Responder(const Place& place, int flow, const RequestConfig& config, sim::Server* lock = nullptr);
  void start();
  sim::Engine& engine() { return place_.stack->engine(); }
  sim::Task<> receive(Batch batch, Thread& softirq) override;
  int cpu() const override { return place_.app->cpu(); }
  void lost(const Batch& batch) override;

 private:
  sim::Process run();
  Place place_;
  RequestConfig config_;
  sim::Server* lock_;
  Inbox inbox_;
};

}  // namespace models::network
