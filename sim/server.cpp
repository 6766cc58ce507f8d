#include "sim/server.hpp"

#include <fmt/format.h>

#include "sim/error.hpp"

namespace sim {

Server::Server(Engine& engine, int servers)
    : engine_{engine},
      servers_{servers},
      stats_{TimeWeighted{engine.now()}, TimeWeighted{engine.now()}, {}} {
  if (servers < 1) throw ConfigError{fmt::format("servers: got {}, need at least 1", servers)};
}

void Server::restart_stats() {
  stats_.queue.restart(engine_.now());
  stats_.busy.restart(engine_.now());
  stats_.waiting_s.clear();
}

void Server::enter(Request& request) {
  request.arrived = engine_.now();
  if (busy_ < servers_) {
    begin(request);
    return;
  }
  (last_ != nullptr ? last_->next : first_) = &request;
  last_ = &request;
  stats_.queue.add(engine_.now(), 1.0);
}

void Server::begin(Request& request) {
  ++busy_;
  stats_.busy.change(engine_.now(), busy_);
  stats_.waiting_s.record(seconds(engine_.now() - request.arrived));
  request.begin(request);
}

void Server::leave() {
  --busy_;
  stats_.busy.change(engine_.now(), busy_);
  if (first_ == nullptr) return;
  Request& request = *first_;
  first_ = request.next;
  if (first_ == nullptr) last_ = nullptr;
  request.next = nullptr;
  stats_.queue.add(engine_.now(), -1.0);
  begin(request);
}

}  // namespace sim
