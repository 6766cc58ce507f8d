#include "models/remote_disk.hpp"

#include <algorithm>
#include <utility>

#include "sim/join.hpp"

namespace models {
namespace {

using storage::Operation;

constexpr std::int64_t kPage_B = 4'096;

bool moves_data(const storage::Request& request) {
  return request.operation == Operation::read || request.operation == Operation::write;
}

sim::Cycles of_pages(sim::Cycles each, const storage::Request& request) {
  return moves_data(request) ? each * ((request.size.count() + kPage_B - 1) / kPage_B)
                             : sim::Cycles{};
}

// Time since the last look, in seconds.
class Lap {
 public:
  explicit Lap(sim::Engine& engine) : engine_{engine}, since_{engine.now()} {}
  double take() { return sim::seconds(engine_.now() - std::exchange(since_, engine_.now())); }

 private:
  sim::Engine& engine_;
  sim::Instant since_;
};

}  // namespace

RemoteSession::RemoteSession(sim::Engine& engine, const StorageServer& server, Ends ends,
                             sim::Server& cores, sim::Hertz clock,
                             std::vector<storage::Thread*> threads, ServerStats& stats)
    : engine_{engine},
      server_{server},
      ends_{ends},
      cores_{cores},
      clock_{clock},
      threads_{std::move(threads)},
      places_{engine, server.session.commands},
      stats_{stats} {}

sim::Task<> RemoteSession::work(storage::Thread& thread, sim::Cycles cycles) {
  if (cycles.count() > 0) co_await thread.work(cycles / clock_);
}

sim::Task<> RemoteSession::compute(sim::Cycles cycles) {
  if (cycles.count() > 0) co_await cores_.serve(cycles / server_.frequency);
}

RemoteDisk::RemoteDisk(RemoteSession& session, storage::BlockDevice& part)
    : session_{session},
      part_{part},
      queue_{session.engine(), session.server().session.queue_depth} {}

sim::Task<> RemoteDisk::serve(storage::Request request) {
  const bool nfs = session_.server().protocol == StorageProtocol::nfs;
  const sim::Bytes most = session_.server().session.max_transfer;
  if (request.operation == Operation::flush && nfs && !std::exchange(unstable_, false)) co_return;
  if (!moves_data(request) || request.size <= most) {
    const bool write = nfs && request.operation == Operation::write;
    if (write && request.synchronous) request.fua = true;
    if (write && !request.fua) unstable_ = true;
    co_await command(request);
    co_return;
  }
  const bool commit = nfs && request.operation == Operation::write && request.synchronous;
  sim::Join pieces{engine()};
  for (sim::Bytes sent{}; sent < request.size; sent += most) {
    storage::Request piece = request;
    piece.offset = request.offset + sent;
    piece.size = std::min(most, request.size - sent);
    pieces.add(command(piece));
  }
  if (nfs && request.operation == Operation::write && !commit) unstable_ = true;
  co_await pieces.all();
  if (commit) co_await command({.operation = Operation::flush, .stream = request.stream});
}

sim::Task<> RemoteDisk::command(storage::Request request) {
  const StorageServer& server = session_.server();
  const StorageSession& limits = server.session;
  ServerStats& stats = session_.stats_;
  CommandCounts& counts = session_.counts_;
  const sim::Instant began = engine().now();
  Lap lap{engine()};
  const sim::Server::Held place = co_await queue_.hold();
  const sim::Server::Held slot = co_await session_.places_.hold();
  ++counts.begun;
  ++counts.open;
  stats.session_s += lap.take();
  const bool read = request.operation == Operation::read;
  const sim::Cycles copies = of_pages(limits.page, request);
  storage::Thread& thread = session_.next_thread();
  co_await session_.work(thread, limits.submit + (read ? sim::Cycles{} : copies));
  stats.client_s += lap.take();
  co_await to_server(request);
  stats.network_s += lap.take();
  ++counts.arrived;
  co_await session_.compute(server.request + of_pages(server.page, request));
  stats.cpu_s += lap.take();
  co_await part_.serve(request);
  stats.disks_s += lap.take();
  ++counts.served;
  co_await session_.answer(limits.answer_header + (read ? request.size : sim::Bytes{}));
  stats.network_s += lap.take();
  co_await session_.work(thread, limits.complete + (read ? copies : sim::Cycles{}));
  stats.client_s += lap.take();
  ++counts.answered;
  --counts.open;
  ++stats.commands;
  if (moves_data(request)) stats.bytes += static_cast<double>(request.size.count());
  const double took_s = sim::seconds(engine().now() - began);
  stats.latency_s.record(took_s);
  stats.latency.record(took_s);
}

// A write's data beyond what goes along waits for the server to ask for it.
sim::Task<> RemoteDisk::to_server(storage::Request request) {
  const StorageSession& limits = session_.server().session;
  const bool write = request.operation == Operation::write;
  sim::Bytes left = write ? request.size : sim::Bytes{};
  const sim::Bytes first = std::min(left, limits.immediate);
  co_await session_.send(limits.command_header + first);
  for (left -= first; left.count() > 0;) {
    co_await session_.answer(limits.answer_header);
    const sim::Bytes now = std::min(left, limits.burst);
    co_await session_.send(limits.command_header + now);
    left -= now;
  }
}

}  // namespace models
