// A solid-state disk: dies behind channels behind a controller and an interface.
//
// Reads go controller -> die -> channel -> interface, page by page, stripes of pages in turn over
// the dies; of streams of reads the next pages come from die and channel before they are asked for
// (flash_read_ahead.hpp).
// Writes go controller -> interface -> buffer, and are done; the buffer is programmed, a page a
// die, at the cost of the reclaiming that goes with it (flash_spare.hpp). A read suspends its
// die's program, which takes that much longer. When the buffer is full writes wait for programs.
//
// Models  dies and channels at work side by side; a page's read time that varies: fixed plus
//         exponential (retries, page kinds); serial controller; buffer, volatile or protected
//         against power loss; write cliff; read-ahead; queue depth; flushes.
// Omits   reads answered from the write buffer, SLC caching, thermal throttling, the die on which
//         a page really lies (its address decides), reclaiming on idle.
// Checked tests/models/storage/device/flash_test.cpp.
#pragma once

#include <coroutine>
#include <cstdint>
#include <deque>
#include <string>

#include "models/storage/device/drive.hpp"
#include "models/storage/device/flash_read_ahead.hpp"
#include "models/storage/device/flash_spare.hpp"
#include "models/storage/device/host_way.hpp"
#include "models/storage/places.hpp"
#include "sim/process.hpp"
#include "sim/random.hpp"
#include "sim/server.hpp"

namespace models::storage::device {

struct FlashConfig {
  int channels = 8;
  int dies_per_channel = 4;
  sim::Bytes page{16 << 10};             // read or programmed by a die at once, all planes
  sim::Bytes stripe{16 << 10};           // of consecutive addresses on one die
  sim::Duration read_page{50'000'000};   // array to register, at least
  sim::Duration read_spread{5'000'000};  // mean of what comes on top
  sim::Duration program_page{700'000'000};
  sim::Duration erase{3'000'000'000};
  int pages_per_block = 256;
  sim::Duration suspend{20'000'000};  // a read that finds its die programming waits so long
  sim::BytesPerSecond channel_rate{400e6};
  sim::BytesPerSecond interface_rate{2e9};
  bool full_duplex = true;                // PCIe; SATA sends in one direction at a time
  sim::Duration read_latency{5'000'000};  // controller, commands overlap
  sim::Duration write_latency{10'000'000};
  sim::Duration read_interval{2'000'000};  // controller, commands do not overlap
  sim::Duration write_interval{5'000'000};
  sim::Bytes read_ahead{256 << 10};  // of each stream; assumption
  int queue_depth = 1024;
  sim::Bytes write_buffer{64 << 20};
  bool power_loss_protected = true;
  sim::Duration flush{20'000'000};  // after the buffer, if volatile, has been programmed
  double over_provisioning = 0.07;
  double preconditioned = 1.0;  // share of the capacity that holds data
};

class Flash final : public Drive {
 public:
  // `name` names the stream of read times; `way` may be null.
  Flash(sim::Engine& engine, const FlashConfig& config, sim::Bytes capacity,
        const std::string& name, HostWay* way = nullptr);

  sim::Engine& engine() override { return engine_; }
  sim::Bytes capacity() const override { return capacity_; }
  sim::Task<> serve(Request request) override;
  double write_amplification() const { return spare_.amplification(); }
  sim::Bytes unprogrammed() const { return buffered_; }

 private:
  struct Die {
    explicit Die(sim::Engine& engine) : reads{engine} {}
    sim::Server reads;
    sim::Duration read_time{};  // of all reads so far
    bool programming = false;
  };
  // A write that waits for room in the buffer.
  struct Entry {
    Flash& flash;
    sim::Bytes size;
    std::coroutine_handle<> waiter{};
    bool await_ready() noexcept;
    void await_suspend(std::coroutine_handle<> waiting);
    void await_resume() const noexcept {}
  };

  sim::Task<> read(Request request);
  sim::Task<> read_page(sim::Bytes offset, sim::Bytes size, int node, FlashReadAhead::Page* ahead);
  static sim::Process read_ahead(Flash& flash, FlashReadAhead::Page& page);
  std::size_t stripe(sim::Bytes offset) const;
  Die& die(std::size_t stripe) { return dies_[stripe % dies_.size()]; }
  sim::Server& channel(std::size_t stripe) { return channels_[stripe % channels_.size()]; }
  sim::Duration read_time(Die& die);
  sim::Task<> write(Request request);
  sim::Task<> drain();
  static sim::Process program(Flash& flash, Die& die, sim::Bytes bytes);
  bool room(sim::Bytes size) const;
  void accept(sim::Bytes size);
  void start_programs();
  void programmed(sim::Bytes bytes);
  Die* idle_die();
  sim::Duration program_time() const;

  sim::Engine& engine_;
  FlashConfig config_;
  HostWay* way_;
  sim::Bytes capacity_;
  sim::Random random_;
  FlashSpare spare_;
  FlashReadAhead ahead_;
  Places places_;
  sim::Server controller_;
  sim::Server to_host_;
  sim::Server from_host_;
  std::deque<sim::Server> channels_;
  std::deque<Die> dies_;
  std::size_t next_die_ = 0;
  std::deque<Entry*> blocked_;
  sim::Bytes buffered_{};    // accepted, not yet programmed
  sim::Bytes unassigned_{};  // of these, no die has begun on
  sim::Bytes accepted_{};    // in all
  sim::Bytes programmed_{};
  int draining_ = 0;
  sim::Signal progress_;
};

}  // namespace models::storage::device
