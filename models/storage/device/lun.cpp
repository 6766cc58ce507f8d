#include "models/storage/device/lun.hpp"

#include <algorithm>

#include "sim/error.hpp"
#include "sim/join.hpp"

namespace models::storage::device {
namespace {

void check(const LunConfig& config) {
  sim::Complaints complaints;
  complaints.need(config.links >= 1, "a unit behind 0 links, needs at least 1");
  complaints.need(config.link_read_rate.count() > 0 && config.link_write_rate.count() > 0 &&
                      config.staging_rate.count() > 0,
                  "a unit with a rate of 0, needs link_read_rate, link_write_rate and "
                  "staging_rate above 0");
  complaints.need(config.max_transfer.count() >= 512,
                  "a unit's max_transfer below a sector, needs at least 512 B");
  complaints.need(config.queue_depth >= 1 && config.parallel >= 1,
                  "a unit without places for commands, needs queue_depth and parallel above 0");
  complaints.raise();
}

}  // namespace

Lun::Lun(sim::Engine& engine, const LunConfig& config, sim::Bytes capacity)
    : Drive{engine},
      engine_{engine},
      config_{(check(config), config)},
      capacity_{capacity},
      places_{engine, config.queue_depth},
      array_{engine, config.parallel} {
  for (int i = 0; i < config.links; ++i) links_.emplace_back(engine);
}

sim::Task<> Lun::serve(Request request) {
  const sim::Instant arrived = arrive();
  const bool moves = request.operation == Operation::read || request.operation == Operation::write;
  if (!moves || request.size <= config_.max_transfer) {
    co_await command(request.operation, request.size);
    complete(request, arrived);
    co_return;
  }
  sim::Join commands{engine_};
  for (sim::Bytes left = request.size; left.count() > 0;) {
    const sim::Bytes size = std::min(left, config_.max_transfer);
    commands.add(command(request.operation, size));
    left -= size;
  }
  co_await commands.all();
  complete(request, arrived);
}

Lun::Link& Lun::next_link() {
  if (config_.multipath == Multipath::failover) return links_.front();
  turn_ = (turn_ + 1) % links_.size();
  return links_[turn_];
}

// Flushes and deallocations are commands without data; the array's memory is safe.
sim::Task<> Lun::command(Operation operation, sim::Bytes size) {
  co_await places_.take();
  Link& link = next_link();
  co_await engine_.delay(config_.path_latency);
  switch (operation) {
    case Operation::read:
      co_await array_.serve(config_.read_latency + size / config_.staging_rate);
      co_await link.reads.serve(size / config_.link_read_rate);
      break;
    case Operation::write:
      co_await link.writes.serve(size / config_.link_write_rate);
      co_await array_.serve(config_.write_latency + size / config_.staging_rate);
      break;
    case Operation::write_zeroes:
    case Operation::flush:
      co_await array_.serve(config_.write_latency);
      break;
  }
  places_.give_back();
}

}  // namespace models::storage::device
