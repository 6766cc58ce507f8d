#include "models/storage/device/flash.hpp"

#include <catch2/catch.hpp>

#include "sim/error.hpp"
#include "tests/models/storage/asking.hpp"
#include "tests/models/storage/closed_loop.hpp"

using namespace models::storage;
using namespace models::storage::device;
using namespace sim::literals;

namespace {

using Times = std::vector<sim::Duration>;
constexpr sim::Bytes kPage{16'000};
constexpr sim::Bytes kCapacity = kPage * 1'000'000;

// Four dies on two channels of 1 GB/s: 16 kB take 16 us there and 4 us over the interface.
FlashConfig round_flash() {
  return {.channels = 2,
          .dies_per_channel = 2,
          .page = kPage,
          .stripe = kPage,
          .read_page = 50_us,
          .read_spread = {},
          .program_page = 1_ms,
          .erase = {},
          .suspend = 20_us,
          .channel_rate = sim::BytesPerSecond{1e9},
          .interface_rate = sim::BytesPerSecond{4e9},
          .read_latency = 5_us,
          .write_latency = 10_us,
          .read_interval = 1_us,
          .write_interval = 2_us,
          .read_ahead = {},
          .write_buffer = kPage * 4,
          .flush = 7_us,
          .over_provisioning = 0.25,
          .preconditioned = 0.0};
}

Request page_at(Operation operation, std::int64_t page, std::int64_t pages = 1) {
  return {.operation = operation, .offset = kPage * page, .size = kPage * pages};
}
constexpr Request kFlush{.operation = Operation::flush};

Times times(const FlashConfig& config, const std::vector<tests::Asked>& list) {
  sim::Engine engine;
  Flash flash{engine, config, kCapacity, "flash"};
  return tests::done_times(engine, flash, list, 1_s);
}

double per_second(const FlashConfig& config, const tests::Job& job) {
  sim::Engine engine;
  Flash flash{engine, config, kCapacity, "flash"};
  return tests::run(engine, flash, job).per_second();
}

}  // namespace

TEST_CASE("a read takes controller, die, channel and interface in turn", "[flash]") {
  CHECK(times(round_flash(), {{0_us, page_at(Operation::read, 0)}}) == Times{76_us});
}

TEST_CASE("reads of different dies run side by side, of one die one after another", "[flash]") {
  // Pages 0 and 4 lie on die 0, page 1 on die 1 of the other channel; one interface for all.
  CHECK(times(round_flash(), {{0_us, page_at(Operation::read, 0)},
                              {0_us, page_at(Operation::read, 1)},
                              {0_us, page_at(Operation::read, 4)}}) == Times{76_us, 80_us, 126_us});
}

TEST_CASE("a large read spreads over the dies and shares channels and interface", "[flash]") {
  // Dies done at 56; two pages a channel until 72 and 88; the interface sends 4 us each.
  CHECK(times(round_flash(), {{0_us, page_at(Operation::read, 0, 4)}}) == Times{96_us});
  FlashConfig striped = round_flash();
  striped.stripe = kPage * 4;  // one die reads all four: 6 + 4 x 50, the last page's way out
  CHECK(times(striped, {{0_us, page_at(Operation::read, 0, 4)}}) == Times{226_us});
}

TEST_CASE("the rate of reads is limited by dies, by the controller or by the interface",
          "[flash]") {
  const tests::Job deep{.block = kPage, .depth = 64, .measured = 1_s};
  FlashConfig one_die = round_flash();
  one_die.channels = one_die.dies_per_channel = 1;
  CHECK(per_second(one_die, deep) == Approx(20'000).epsilon(0.001));
  FlashConfig slow = round_flash();
  slow.read_interval = 50_us;
  CHECK(per_second(slow, deep) == Approx(20'000).epsilon(0.001));
  FlashConfig narrow = round_flash();
  narrow.interface_rate = sim::BytesPerSecond{160e6};
  CHECK(per_second(narrow, deep) == Approx(10'000).epsilon(0.001));
  FlashConfig shallow = round_flash();
  shallow.dies_per_channel = 64;
  shallow.queue_depth = 1;
  CHECK(per_second(shallow, deep) == Approx(1 / 76e-6).epsilon(0.001));
}

// Controller 1 + 5, interface 1; a die's 50 and a channel's 4 only where nothing was read ahead.
TEST_CASE("a stream of reads waits for no die, beside others and among random ones", "[flash]") {
  FlashConfig config = round_flash();
  const tests::Job random{.block = sim::Bytes{4000}, .span = kPage * 100'000, .measured = 1_s};
  tests::Job stream = random;
  stream.random = false;
  CHECK(per_second(config, stream) == Approx(1 / 61e-6).epsilon(0.001));
  config.read_ahead = kPage * 4;
  CHECK(per_second(config, random) == Approx(1 / 61e-6).epsilon(0.001));
  CHECK(per_second(config, stream) == Approx(1 / 7e-6).epsilon(0.001));

  config.channels = 16;  // dies enough for all
  sim::Engine engine;
  Flash flash{engine, config, kCapacity, "flash"};
  tests::Load one{engine, flash, stream}, other{engine, flash, stream};
  tests::Load among{engine, flash, random};
  other.next = 2'000'000;
  for (tests::Load* each : {&one, &other, &among}) {
    each->counting = true;
    tests::start(engine, *each);
  }
  engine.run_until(sim::kStart + 1_s);
  for (const tests::Load* each : {&one, &other}) {
    CHECK(each->latency_us.mean() > 7);
    CHECK(each->latency_us.mean() <
          9);  // random reads have the controller and the interface now and then
  }
  CHECK(among.latency_us.mean() > 60);
}

TEST_CASE("what is on its way when it is asked for is waited for", "[flash]") {
  FlashConfig config = round_flash();
  config.read_ahead = kPage * 4;
  // The second, asked for at 100, has 2 and 3 read from 106 on, too, of dies of their own: 2 is in
  // memory at 172 as 1 is, whose interface it waits for.
  CHECK(times(config, {{0_us, page_at(Operation::read, 0)},
                       {100_us, page_at(Operation::read, 1)},
                       {140_us, page_at(Operation::read, 2)}}) == Times{76_us, 176_us, 180_us});
}

TEST_CASE("a page's read time is a least and an exponential spread", "[flash]") {
  sim::Engine engine;
  FlashConfig config = round_flash();
  config.read_spread = 10_us;
  Flash flash{engine, config, kCapacity, "flash"};
  // 100 000 draws: mean 86 within 0.2; p99 76 + 10 ln 100 = 122.
  const auto load = tests::run(engine, flash, {.block = kPage, .measured = 9_s});
  CHECK(load.latency_us.mean() == Approx(86).epsilon(0.003));
  CHECK(load.p99_us() == Approx(122).epsilon(0.03));
}

TEST_CASE("a write is done in the buffer until that is full, then at the dies' rate", "[flash]") {
  // Four pages begin at 6, 10, 14 and 18 us and end a millisecond later; the fifth needs room.
  std::vector<tests::Asked> list;
  for (int i = 0; i < 6; ++i) list.push_back({0_us, page_at(Operation::write, i)});
  CHECK(times(round_flash(), list) == Times{16_us, 20_us, 24_us, 28_us, 1016_us, 1020_us});
  CHECK(per_second(round_flash(), {.operation = Operation::write,
                                   .block = sim::Bytes{4000},
                                   .depth = 32,
                                   .measured = 1_s}) == Approx(16'000).epsilon(0.01));
}

TEST_CASE("in steady state random writes are slower by the amplification", "[flash]") {
  FlashConfig full = round_flash();
  full.preconditioned = 1.0;
  full.read_page = {};
  const tests::Job job{
      .operation = Operation::write, .block = sim::Bytes{4000}, .depth = 32, .measured = 5_s};
  CHECK(per_second(full, job) == Approx(16'000 / 2.5).epsilon(0.01));
  tests::Job in_order = job;
  in_order.random = false;
  in_order.warmup = 10_s;
  CHECK(per_second(full, in_order) == Approx(16'000).epsilon(0.02));
}

TEST_CASE("a flush waits for a volatile buffer and not for a protected one", "[flash]") {
  FlashConfig config = round_flash();
  const std::vector<tests::Asked> list{{0_us, page_at(Operation::write, 0)}, {100_us, kFlush}};
  CHECK(times(config, list) == Times{16_us, 107_us});
  config.power_loss_protected = false;
  CHECK(times(config, list) == Times{16_us, 1013_us});
  // A part of a page is programmed for a flush, and stays in the buffer without one.
  Request part = page_at(Operation::write, 0);
  part.size = sim::Bytes{4000};  // 1 us over the interface
  CHECK(times(config, {{0_us, part}, {100_us, kFlush}}) == Times{13_us, 1107_us});
}

TEST_CASE("a read suspends its die's program, which takes that much longer", "[flash]") {
  FlashConfig config = round_flash();
  config.power_loss_protected = false;
  // Program on die 0 from 6 us; the read holds it for 20 + 50 us.
  CHECK(times(config, {{0_us, page_at(Operation::write, 0)},
                       {200_us, page_at(Operation::read, 0)},
                       {300_us, kFlush}}) == Times{16_us, 296_us, 1083_us});
}

TEST_CASE("flash that cannot be is refused", "[flash]") {
  sim::Engine engine;
  FlashConfig config = round_flash();
  config.stripe = sim::Bytes{20'000};
  config.write_buffer = sim::Bytes{100};
  CHECK_THROWS_WITH((Flash{engine, config, kCapacity, "flash"}),
                    Catch::Contains("stripe") && Catch::Contains("write_buffer"));
}
