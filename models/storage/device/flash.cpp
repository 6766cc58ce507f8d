#include "models/storage/device/flash.hpp"

#include <algorithm>

#include "sim/error.hpp"
#include "sim/join.hpp"

namespace models::storage::device {
namespace {

void check(const FlashConfig& config) {
  sim::Complaints complaints;
  complaints.need(config.channels >= 1 && config.dies_per_channel >= 1,
                  "flash without dies, needs channels and dies_per_channel of at least 1");
  complaints.need(config.page.count() >= 512, "a flash page below 512 B, needs at least that");
  complaints.need(config.stripe >= config.page && config.stripe.count() % config.page.count() == 0,
                  "a flash stripe that is no multiple of the page, needs whole pages");
  complaints.need(config.channel_rate.count() > 0 && config.interface_rate.count() > 0,
                  "flash with a rate of 0, needs channel_rate and interface_rate above 0");
  complaints.need(config.queue_depth >= 1, "flash with queue_depth 0, needs at least 1");
  complaints.need(config.write_buffer >= config.page,
                  "a write_buffer smaller than a page, needs at least one");
  complaints.need(config.pages_per_block >= 1, "blocks without pages, needs pages_per_block");
  complaints.raise();
}

}  // namespace

Flash::Flash(sim::Engine& engine, const FlashConfig& config, sim::Bytes capacity,
             const std::string& name, HostWay* way)
    : Drive{engine},
      engine_{engine},
      config_{(check(config), config)},
      way_{way},
      capacity_{capacity},
      random_{engine.stream(name + ".read_page")},
      spare_{capacity, config.over_provisioning, config.preconditioned},
      ahead_{config.page, config.read_ahead, capacity},
      places_{engine, config.queue_depth},
      controller_{engine},
      to_host_{engine},
      from_host_{engine},
      progress_{engine} {
  for (int i = 0; i < config.channels; ++i) channels_.emplace_back(engine);
  for (int i = 0; i < config.channels * config.dies_per_channel; ++i) dies_.emplace_back(engine);
}

sim::Task<> Flash::serve(Request request) {
  const sim::Instant arrived = arrive();
  co_await places_.take();
  switch (request.operation) {
    case Operation::read:
      co_await controller_.serve(config_.read_interval);
      co_await read(request);
      break;
    case Operation::write:
      co_await controller_.serve(config_.write_interval);
      co_await write(request);
      break;
    case Operation::write_zeroes:
      co_await controller_.serve(config_.write_interval);
      spare_.deallocate(request.size);
      co_await engine_.delay(config_.write_latency);
      break;
    case Operation::flush:
      if (!config_.power_loss_protected) co_await drain();
      co_await engine_.delay(config_.flush);
      break;
  }
  places_.give_back();
  complete(request, arrived);
}

// --- reads ---

sim::Task<> Flash::read(Request request) {
  co_await engine_.delay(config_.read_latency);
  FlashReadAhead::Stream stream = ahead_.follow(request.offset, request.size);
  const std::int64_t page = config_.page.count();
  const std::int64_t end = request.offset.count() + request.size.count();
  if (stream.first == nullptr && request.offset.count() / page == (end - 1) / page) {
    co_await read_page(request.offset, request.size, request.node, nullptr);
    co_return;
  }
  sim::Join pages{engine_};
  for (std::int64_t at = request.offset.count(); at < end;) {
    const std::int64_t next = std::min((at / page + 1) * page, end);
    pages.add(read_page(sim::Bytes{at}, sim::Bytes{next - at}, request.node,
                        ahead_.find(stream, sim::Bytes{at})));
    at = next;
  }
  while (FlashReadAhead::Page* wanted = ahead_.next(stream))
    engine_.spawn(read_ahead(*this, *wanted));
  co_await pages.all();
}

// `ahead`: where it was read to before it was asked for; null: it was not.
sim::Task<> Flash::read_page(sim::Bytes offset, sim::Bytes size, int node,
                             FlashReadAhead::Page* ahead) {
  if (ahead != nullptr) {
    co_await ahead->ready();
  } else {
    const std::size_t at = stripe(offset);
    co_await die(at).reads.serve(read_time(die(at)));
    co_await channel(at).serve(size / config_.channel_rate);
  }
  const sim::Duration sending = size / config_.interface_rate;
  if (way_ == nullptr) {
    co_await to_host_.serve(sending);
  } else {
    co_await pass(*way_, to_host_, sending, Operation::read, size, node);
  }
}

sim::Process Flash::read_ahead(Flash& flash, FlashReadAhead::Page& page) {
  const std::size_t at = flash.stripe(page.offset(flash.config_.page));
  co_await flash.die(at).reads.serve(flash.read_time(flash.die(at)));
  co_await flash.channel(at).serve(flash.config_.page / flash.config_.channel_rate);
  page.arrive();
}

std::size_t Flash::stripe(sim::Bytes offset) const {
  return static_cast<std::size_t>(offset.count() / config_.stripe.count());
}

// Which its program stands still for.
sim::Duration Flash::read_time(Die& die) {
  sim::Duration time = config_.read_page + random_.exponential(config_.read_spread);
  if (die.programming) time += config_.suspend;
  die.read_time += time;
  return time;
}

// --- writes ---

sim::Task<> Flash::write(Request request) {
  sim::Server& interface = config_.full_duplex ? from_host_ : to_host_;
  const sim::Duration sending = request.size / config_.interface_rate;
  if (way_ == nullptr) {
    co_await interface.serve(sending);
  } else {
    co_await pass(*way_, interface, sending, Operation::write, request.size, request.node);
  }
  spare_.write(request.offset, request.size);
  ahead_.overwrite(request.offset, request.size);
  Entry entry{*this, request.size};
  co_await entry;
  if (request.fua && !config_.power_loss_protected) co_await drain();
  co_await engine_.delay(config_.write_latency);
}

bool Flash::room(sim::Bytes size) const {
  return buffered_.count() == 0 || buffered_ + size <= config_.write_buffer;
}

bool Flash::Entry::await_ready() noexcept {
  if (!flash.blocked_.empty() || !flash.room(size)) return false;
  flash.accept(size);
  return true;
}

void Flash::Entry::await_suspend(std::coroutine_handle<> waiting) {
  waiter = waiting;
  flash.blocked_.push_back(this);
  flash.start_programs();
}

void Flash::accept(sim::Bytes size) {
  buffered_ += size;
  unassigned_ += size;
  accepted_ += size;
  start_programs();
}

Flash::Die* Flash::idle_die() {
  for (std::size_t tried = 0; tried < dies_.size(); ++tried) {
    Die& die = dies_[next_die_];
    next_die_ = (next_die_ + 1) % dies_.size();
    if (!die.programming) return &die;
  }
  return nullptr;
}

// Whole pages, unless somebody waits for the rest: a flush, or a write larger than the room that
// this rest leaves.
void Flash::start_programs() {
  const auto rest_wanted = [this] {
    return draining_ > 0 || (!blocked_.empty() && unassigned_ == buffered_);
  };
  while (unassigned_ >= config_.page || (unassigned_.count() > 0 && rest_wanted())) {
    Die* die = idle_die();
    if (die == nullptr) return;
    const sim::Bytes bytes = std::min(unassigned_, config_.page);
    unassigned_ -= bytes;
    die->programming = true;
    engine_.spawn(program(*this, *die, bytes));
  }
}

// W pages are programmed for one of the host's; W - 1 are read first, and blocks erased.
sim::Duration Flash::program_time() const {
  if (!spare_.collecting()) return config_.program_page;
  const double w = spare_.amplification();
  const double programs = sim::seconds(config_.program_page) * w;
  const double copies = sim::seconds(config_.read_page + config_.read_spread) * (w - 1);
  const double erasures = sim::seconds(config_.erase) * w / config_.pages_per_block;
  return sim::from_seconds(programs + copies + erasures);
}

sim::Process Flash::program(Flash& flash, Die& die, sim::Bytes bytes) {
  sim::Duration seen = die.read_time;
  co_await flash.engine_.delay(flash.program_time());
  while (die.read_time > seen) {  // what reads took from it
    const sim::Duration more = die.read_time - seen;
    seen = die.read_time;
    co_await flash.engine_.delay(more);
  }
  die.programming = false;
  flash.programmed(bytes);
}

void Flash::programmed(sim::Bytes bytes) {
  spare_.programmed(bytes);
  buffered_ -= bytes;
  programmed_ += bytes;
  if (draining_ > 0) progress_.fire();
  start_programs();
  while (!blocked_.empty() && room(blocked_.front()->size)) {
    Entry* entry = blocked_.front();
    blocked_.pop_front();
    accept(entry->size);
    entry->waiter.resume();
  }
}

// Waits until as much has been programmed as was accepted before.
sim::Task<> Flash::drain() {
  const sim::Bytes wanted = accepted_;
  ++draining_;
  start_programs();
  while (programmed_ < wanted) co_await progress_;
  --draining_;
}

}  // namespace models::storage::device
