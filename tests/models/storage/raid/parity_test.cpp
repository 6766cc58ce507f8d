#include "models/storage/raid/parity.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "tests/models/storage/raid/fake_disk.hpp"

using namespace models::storage::raid;
using namespace fake;

namespace {

using Ios = std::pair<int, int>;  // reads, writes of members

Description array_of(Level level, Bytes chunk = 64_KiB) {
  Description description;
  description.level = level;
  description.chunk = chunk;
  return description;
}

// "r0 r3 w0 w3": operations and members in the order of their beginning.
std::string order(Bench& bench) {
  std::vector<std::pair<sim::Instant, std::string>> all;
  for (std::size_t i = 0; i < bench.members.size(); ++i) {
    for (const Seen& each : bench.members[i].seen) {
      const char* kind = each.operation == Operation::read    ? "r"
                         : each.operation == Operation::write ? "w"
                                                              : "f";
      all.emplace_back(each.at, kind + std::to_string(i));
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string text;
  for (const auto& [at, what] : all) text += (text.empty() ? "" : " ") + what;
  return text;
}

}  // namespace

TEST_CASE("a small write on raid5 costs two reads and two writes, on three disks one and two",
          "[raid]") {
  const Ios expected[] = {{1, 2}, {2, 2}, {2, 2}, {2, 2}};
  for (int n = 3; n <= 6; ++n) {
    Bench bench{array_of(Level::raid5), n};
    bench.serve(Operation::write, 128_KiB, 4_KiB);
    CHECK(bench.ios() == expected[n - 3]);
  }
}

TEST_CASE("a small write on raid6", "[raid]") {
  const Ios expected[] = {{1, 3}, {2, 3}, {3, 3}, {3, 3}, {3, 3}};
  for (int n = 4; n <= 8; ++n) {
    Bench bench{array_of(Level::raid6), n};
    bench.serve(Operation::write, 128_KiB, 4_KiB);
    CHECK(bench.ios() == expected[n - 4]);
  }
}

TEST_CASE("without redundancy a small write on raid5 or raid6 is one write", "[raid]") {
  for (const Level level : {Level::raid5, Level::raid6}) {
    Description description = array_of(level);
    description.redundant = false;
    Bench bench{description, 5};
    bench.serve(Operation::write, 128_KiB, 4_KiB);
    CHECK(bench.ios() == Ios{0, 1});
    bench.serve(Operation::read, 128_KiB, 4_KiB);
    CHECK(bench.ios() == Ios{1, 0});
  }
}

TEST_CASE("raid6 without the routine that updates Q always reconstructs", "[raid]") {
  Description description = array_of(Level::raid6);
  description.xor_syndrome = false;
  Bench bench{description, 8};
  bench.serve(Operation::write, 0_KiB, 4_KiB);
  CHECK(bench.ios() == Ios{5, 3});
}

TEST_CASE("a full stripe is one write to each disk", "[raid]") {
  for (int n = 3; n <= 6; ++n) {
    Bench bench{array_of(Level::raid5), n};
    bench.serve(Operation::write, 64_KiB * (n - 1) * 3, 64_KiB * (n - 1));
    CHECK(bench.ios() == Ios{0, n});
    CHECK(bench.array().stats().full_stripes == 16);
    for (const Disk& disk : bench.members) CHECK(disk.seen.empty());
  }
  for (int n = 4; n <= 8; ++n) {
    Bench bench{array_of(Level::raid6), n};
    bench.serve(Operation::write, 0_KiB, 64_KiB * (n - 2));
    CHECK(bench.ios() == Ios{0, n});
  }
}

// 5 disks, 64 KiB chunks: 6 chunks from the middle of stripe 0 to the middle of stripe 1. In stripe
// 0 chunks 2 and 3 are written: rmw 3, rcw 2; stripe 1 is whole.
TEST_CASE("a large write reads only in the stripes that it does not fill", "[raid]") {
  Bench bench{array_of(Level::raid5), 5};
  bench.serve(Operation::write, 128_KiB, 384_KiB);
  CHECK(bench.ios() == Ios{2, 3 + 5});
  CHECK(bench.array().stats().reconstruct_writes == 16);
  CHECK(bench.array().stats().full_stripes == 16);
}

TEST_CASE("a read within a chunk is one read, past the stripe cache", "[raid]") {
  Bench bench{array_of(Level::raid5), 4};
  bench.serve(Operation::read, 70_KiB, 3_KiB);
  CHECK(bench.ios() == Ios{1, 0});
  bench.serve(Operation::read, 0_KiB, 192_KiB);
  CHECK(bench.ios() == Ios{3, 0});
}

TEST_CASE("pre-reads come before writes, parity and data at once", "[raid]") {
  Bench bench{array_of(Level::raid5), 5};
  for (Disk& disk : bench.members) disk.latency = 100_us;
  const sim::Instant ended = bench.serve(Operation::write, 0_KiB, 4_KiB);
  CHECK(order(bench) == "r0 r4 w0 w4");
  CHECK(ended == sim::Instant{200_us});
}

TEST_CASE("what the stripe cache holds is not read again", "[raid]") {
  Bench bench{array_of(Level::raid5), 5};
  bench.serve(Operation::write, 0_KiB, 4_KiB);
  bench.ios();
  bench.serve(Operation::write, 0_KiB, 4_KiB);
  CHECK(bench.ios() == Ios{0, 2});
  CHECK(bench.array().stats().cache_hits == 2);
  // Another block of the row: parity is there, the old data is not.
  bench.serve(Operation::write, 64_KiB, 4_KiB);
  CHECK(bench.ios() == Ios{1, 2});
}

TEST_CASE("the stripe cache forgets the row that was idle for longest", "[raid]") {
  Description description = array_of(Level::raid5);
  description.stripe_cache = 32;
  Bench bench{description, 5};
  for (int i = 0; i <= 32; ++i) bench.serve(Operation::write, 256_KiB * i, 4_KiB);
  bench.ios();
  bench.serve(Operation::write, 256_KiB * 32, 4_KiB);
  CHECK(bench.ios() == Ios{0, 2});
  bench.serve(Operation::write, 0_KiB, 4_KiB);
  CHECK(bench.ios() == Ios{2, 2});
}

TEST_CASE("a write larger than the stripe cache goes through it", "[raid]") {
  Description description = array_of(Level::raid5);
  description.stripe_cache = 32;
  Bench bench{description, 3};
  for (Disk& disk : bench.members) disk.latency = 10_us;
  bench.serve(Operation::write, 0_KiB, 8_MiB);
  int written_KiB = 0;
  for (const Disk& disk : bench.members) {
    for (const Seen& each : disk.seen) {
      if (each.operation == Operation::write) written_KiB += static_cast<int>(each.size / 1_KiB);
    }
  }
  CHECK(written_KiB >= 12 * 1024);
}

// Three writes of one instant fill a row of 4 disks.
TEST_CASE("writes of one instant meet in their row", "[raid]") {
  Bench bench{array_of(Level::raid5), 4};
  for (int i = 0; i < 3; ++i) bench.start(Operation::write, 64_KiB * i, 4_KiB);
  bench.engine.run();
  CHECK(bench.ios() == Ios{0, 4});
}

// 0     A: pre-read of row 0
// 10 us B to row 16 (stripe 1): nobody waits and a pre-read is under way, so it is delayed
// 20 us C fills the rest of row 16: a full stripe, which goes at once
// 100   A's pre-read is done
TEST_CASE("a delayed pre-read is spared by writes that fill the row", "[raid]") {
  Bench bench{array_of(Level::raid5), 4};
  for (Disk& disk : bench.members) disk.latency = 100_us;
  bench.start(Operation::write, 0_KiB, 4_KiB, false, false);
  bench.engine.run_until(sim::Instant{10_us});
  sim::Instant ended{};
  bench.start(Operation::write, 192_KiB, 4_KiB, false, false, &ended);
  bench.engine.run_until(sim::Instant{20_us});
  bench.start(Operation::write, 256_KiB, 4_KiB, false, false);
  bench.start(Operation::write, 320_KiB, 4_KiB, false, false);
  bench.engine.run();
  CHECK(ended == sim::Instant{120_us});
  CHECK(bench.ios() == Ios{2, 2 + 4});
  CHECK(bench.array().stats().delayed == 1);
}

// 0 A pre-reads; B and C come at 10 us and wait; at 100 us A's writes are out and both go on.
TEST_CASE("delayed rows go on together when the pre-read's writes are out", "[raid]") {
  Bench bench{array_of(Level::raid5), 5};
  for (Disk& disk : bench.members) disk.latency = 100_us;
  bench.start(Operation::write, 0_KiB, 4_KiB, false, false);
  bench.engine.run_until(sim::Instant{10_us});
  sim::Instant b{};
  sim::Instant c{};
  bench.start(Operation::write, 1_MiB, 4_KiB, false, false, &b);
  bench.start(Operation::write, 2_MiB, 4_KiB, false, false, &c);
  bench.engine.run();
  CHECK(b == sim::Instant{300_us});
  CHECK(c == sim::Instant{300_us});
}

// 0     A: a full stripe of row 0, under way for 100 us
// 10 us B to row 16: it might pre-read, but stands back behind the full stripe
// 20 us C fills the rest of row 16
TEST_CASE("a row that would pre-read stands back behind full stripes, and is filled", "[raid]") {
  Bench bench{array_of(Level::raid5), 4};
  for (Disk& disk : bench.members) disk.latency = 100_us;
  for (int i = 0; i < 3; ++i) bench.start(Operation::write, 64_KiB * i, 4_KiB, false, false);
  bench.engine.run_until(sim::Instant{10_us});
  sim::Instant ended{};
  bench.start(Operation::write, 192_KiB, 4_KiB, false, false, &ended);
  bench.engine.run_until(sim::Instant{20_us});
  bench.start(Operation::write, 256_KiB, 4_KiB, false, false);
  bench.start(Operation::write, 320_KiB, 4_KiB, false, false);
  bench.engine.run();
  CHECK(ended == sim::Instant{120_us});
  CHECK(bench.ios() == Ios{0, 4 + 4});
}

// 0     a full stripe, under way for 100 us
// 10 us a row that nobody fills: its pre-read begins when the full stripe is written
TEST_CASE("a row that is held pre-reads when no full stripe is left", "[raid]") {
  Bench bench{array_of(Level::raid5), 4};
  for (Disk& disk : bench.members) disk.latency = 100_us;
  for (int i = 0; i < 3; ++i) bench.start(Operation::write, 64_KiB * i, 4_KiB, false, false);
  bench.engine.run_until(sim::Instant{10_us});
  sim::Instant ended{};
  bench.start(Operation::write, 192_KiB, 4_KiB, false, false, &ended);
  bench.engine.run();
  CHECK(ended == sim::Instant{300_us});
  CHECK(bench.ios() == Ios{2, 4 + 2});
}

// A direct write comes during another row's pre-read. Where it is delayed it goes on at 100 us.
TEST_CASE("direct writes wait to be filled where the kernel takes it that more follow", "[raid]") {
  for (const bool delays : {false, true}) {
    Description description = array_of(Level::raid5);
    description.delays_direct = delays;
    Bench bench{description, 5};
    for (Disk& disk : bench.members) disk.latency = 100_us;
    Request write{.operation = Operation::write, .size = 4_KiB, .direct = true};
    bench.engine.spawn(Bench::one(bench.engine, bench.array(), write, nullptr));
    bench.engine.run_until(sim::Instant{10_us});
    sim::Instant ended{};
    write.offset = 1_MiB;
    bench.engine.spawn(Bench::one(bench.engine, bench.array(), write, &ended));
    bench.engine.run();
    CHECK(ended == sim::Instant{delays ? 300_us : 210_us});
  }
}

// 32 rows, 64 writes of 1 us to submit, each to a row of its own on disks of 100 us: the first 32
// are there at once; the others come when 9 rows are free, 1 us apart.
TEST_CASE("requests that waited for room in the stripe cache come one after another", "[raid]") {
  Description description = array_of(Level::raid5);
  description.costs = free_of_cost();
  description.costs.request = 1_us;
  description.stripe_cache = 32;
  description.redundant = false;
  Bench bench{description, 3, 64_MiB, true};
  for (Disk& disk : bench.members) disk.latency = 100_us;
  for (int i = 0; i < 64; ++i) bench.start(Operation::write, 128_KiB * i, 4_KiB);
  bench.engine.run();
  std::vector<sim::Instant> begun;
  for (const Disk& disk : bench.members) {
    for (const Seen& each : disk.seen) begun.push_back(each.at);
  }
  std::sort(begun.begin(), begun.end());
  REQUIRE(begun.size() == 64);
  CHECK(begun[31] == sim::Instant{1_us});
  for (std::size_t i = 33; i < begun.size(); ++i) CHECK(begun[i] - begun[i - 1] >= 1_us);
}

TEST_CASE("a request that waits for room has been submitted once", "[raid]") {
  const auto ended = [](sim::Duration request) {
    Description description = array_of(Level::raid5);
    description.costs = free_of_cost();
    description.costs.request = request;
    description.stripe_cache = 32;
    description.redundant = false;
    Bench bench{description, 3, 64_MiB, true};
    for (Disk& disk : bench.members) disk.latency = 100_us;
    sim::Instant end{};
    bench.start(Operation::write, 0_KiB, 1_MiB, false, true, &end);  // 128 rows
    bench.engine.run();
    return end;
  };
  CHECK(ended(1_us) - ended({}) == 1_us);
}

TEST_CASE("a synchronous write does not wait for others' pre-reads", "[raid]") {
  Bench bench{array_of(Level::raid5), 5};
  for (Disk& disk : bench.members) disk.latency = 100_us;
  bench.start(Operation::write, 0_KiB, 4_KiB);
  bench.engine.run_until(sim::Instant{10_us});
  sim::Instant ended{};
  bench.start(Operation::write, 1_MiB, 4_KiB, false, true, &ended);
  bench.engine.run();
  CHECK(ended == sim::Instant{210_us});
}

// 0     A: pre-read of row 0, all of its blocks but A's
// 10 us B and C overwrite these: nothing was worth reading, and the row is written once
// 100   the pre-read is done, a full stripe goes out
TEST_CASE("writes that come during a row's pre-read are written with it", "[raid]") {
  Bench bench{array_of(Level::raid5), 4};
  for (Disk& disk : bench.members) disk.latency = 100_us;
  sim::Instant a{};
  sim::Instant c{};
  bench.start(Operation::write, 0_KiB, 4_KiB, false, true, &a);
  bench.engine.run_until(sim::Instant{10_us});
  bench.start(Operation::write, 64_KiB, 4_KiB);
  bench.start(Operation::write, 128_KiB, 4_KiB, false, true, &c);
  bench.engine.run();
  CHECK(a == sim::Instant{200_us});
  CHECK(c == sim::Instant{200_us});
  CHECK(bench.ios() == Ios{2, 4});
  CHECK(bench.array().stats().full_stripes == 1);
  CHECK(bench.array().stats().reconstruct_writes == 0);
}

TEST_CASE("a read of a missing disk reads all others, of another disk one", "[raid]") {
  for (int n = 3; n <= 6; ++n) {
    Description description = array_of(Level::raid5);
    description.failed = {0};
    Bench bench{description, n};
    bench.serve(Operation::read, 0_KiB, 4_KiB);
    CHECK(bench.ios() == Ios{n - 1, 0});
    bench.serve(Operation::read, 64_KiB, 4_KiB);
    CHECK(bench.ios() == Ios{1, 0});
    bench.serve(Operation::read, 0_KiB, 4_KiB);  // computed before
    CHECK(bench.ios() == Ios{0, 0});
  }
  Description description = array_of(Level::raid6);
  description.failed = {1};
  Bench one{description, 6};
  one.serve(Operation::read, 0_KiB, 64_KiB);
  CHECK(one.ios() == Ios{5, 0});
  description.failed = {1, 2};
  Bench two{description, 6};
  two.serve(Operation::read, 0_KiB, 64_KiB);
  CHECK(two.ios() == Ios{4, 0});
}

TEST_CASE("a degraded write leaves the missing disk out", "[raid]") {
  Description description = array_of(Level::raid5);
  description.failed = {0};
  Bench own{description, 5};
  own.serve(Operation::write, 0_KiB, 4_KiB);
  CHECK(own.ios() == Ios{3, 1});
  Bench other{description, 5};
  other.serve(Operation::write, 64_KiB, 4_KiB);
  CHECK(other.ios() == Ios{2, 2});
  Bench full{description, 5};
  full.serve(Operation::write, 0_KiB, 256_KiB);
  CHECK(full.ios() == Ios{0, 4});
}

TEST_CASE("a write that must be durable is so on data and parity", "[raid]") {
  Bench bench{array_of(Level::raid5), 5};
  bench.serve(Operation::write, 0_KiB, 4_KiB, true);
  int durable = 0;
  for (const Disk& disk : bench.members) {
    for (const Seen& each : disk.seen) durable += each.fua ? 1 : 0;
  }
  CHECK(durable == 2);
}

// Passes of 10 us; XOR of 12 KiB at 4 KiB/us: 3 us.
TEST_CASE("a small write costs raid5d three passes and the XOR of three blocks", "[raid]") {
  Description description = array_of(Level::raid5);
  description.costs = free_of_cost();
  description.costs.stripe_pass = 10_us;
  description.costs.xor_rate = sim::BytesPerSecond{4096e6};
  Bench bench{description, 5, 64_MiB, true};
  const sim::Instant ended = bench.serve(Operation::write, 0_KiB, 4_KiB);
  CHECK(bench.thread.used == 33_us);
  CHECK(ended == sim::Instant{33_us});
  // A full stripe: two passes for each of 16 rows, XOR of 4 blocks in each.
  bench.serve(Operation::write, 256_KiB, 256_KiB);
  CHECK(bench.thread.used == 33_us + 20_us * 16 + 4_us * 16);
}

TEST_CASE("group threads divide a long run of rows", "[raid]") {
  Description description = array_of(Level::raid5);
  description.costs = free_of_cost();
  description.costs.stripe_pass = 10_us;
  description.group_threads = 4;
  Bench bench{description, 5, 64_MiB, true};
  CHECK(bench.serve(Operation::write, 0_KiB, 256_KiB) == sim::Instant{2 * 16 * 10_us / 2});
}

TEST_CASE("group threads share raid5d's work in turn", "[raid]") {
  Description description = array_of(Level::raid5);
  description.costs = free_of_cost();
  description.costs.stripe_pass = 10_us;
  description.group_threads = 2;
  Bench bench{description, 5, 64_MiB, true};
  bench.start(Operation::write, 0_KiB, 4_KiB);
  bench.start(Operation::write, 1_MiB, 4_KiB);
  bench.engine.run();
  CHECK(bench.thread.used == Duration::zero());
  CHECK(bench.group[0].used == 30_us);
  CHECK(bench.group[1].used == 30_us);
  CHECK(bench.engine.now() == sim::Instant{30_us});
}

namespace {

sim::Process write_for_ever(sim::Engine& engine, Bench& bench, int client, int& done) {
  sim::Random random = engine.stream("client" + std::to_string(client));
  const auto blocks = static_cast<std::uint64_t>(bench.array().capacity() / 4_KiB);
  Request write;
  write.operation = Operation::write;
  write.size = 4_KiB;
  for (;;) {
    write.offset = 4_KiB * static_cast<std::int64_t>(random.below(blocks));
    co_await bench.array().serve(write);
    ++done;
  }
}

// Small writes a second at random places, from many clients, on disks of 100 I/Os a second.
double random_writes(Level level, int disks) {
  Bench bench{array_of(level), disks, 16_GiB};
  for (Disk& disk : bench.members) {
    disk.latency = 10_ms;
    disk.one_at_a_time = true;
    disk.keeps = false;
  }
  int done = 0;
  for (int client = 0; client < 200; ++client) {
    bench.engine.spawn(write_for_ever(bench.engine, bench, client, done));
  }
  bench.engine.run_until(sim::Instant{20_s});
  const int before = done;
  bench.engine.run_until(sim::Instant{120_s});
  return (done - before) / 100.0;
}

}  // namespace

// n disks of 100 I/Os a second each over 4, 6 and 2 I/Os a write; disks are busy but for chance.
TEST_CASE("random small writes run at the disks' rate over the I/Os that each costs", "[raid]") {
  CHECK(random_writes(Level::raid5, 8) == Approx(8 * 100 / 4.0).epsilon(0.06));
  CHECK(random_writes(Level::raid6, 8) == Approx(8 * 100 / 6.0).epsilon(0.06));
  CHECK(random_writes(Level::raid10, 8) == Approx(8 * 100 / 2.0).epsilon(0.06));
}

namespace {

// Direct writes of 4 KiB one after the other, submitted by one thread.
sim::Process write_on(sim::Engine& engine, Bench& bench, sim::Server& thread, Bytes& next) {
  Request write{.operation = Operation::write, .size = 4_KiB, .direct = true};
  while (engine.now() < sim::Instant{1_s}) {
    co_await thread.serve(4_us);
    write.offset = next;
    next += 4_KiB;
    co_await bench.array().serve(write);
  }
}

struct Streamed {
  double MBps;
  double reads_per_MB;  // of the disks
};

Streamed stream_of_small_writes(int stripe_cache, bool delays_direct) {
  Description description = array_of(Level::raid5, 512_KiB);
  description.stripe_cache = stripe_cache;
  description.delays_direct = delays_direct;
  Bench bench{description, 3, 16_GiB, true};
  for (Disk& disk : bench.members) {
    disk.latency = 50_us;
    disk.rate = sim::BytesPerSecond{100e6};
    disk.one_at_a_time = true;
  }
  Bytes next{};
  sim::Server thread{bench.engine};
  for (int i = 0; i < 4096; ++i) {
    bench.engine.spawn(write_on(bench.engine, bench, thread, next));
  }
  bench.engine.run();
  const double written_MB = static_cast<double>(next.count()) / 1e6;
  return {written_MB / sim::seconds(bench.engine.now() - sim::Instant{}),
          bench.reads() / written_MB};
}

}  // namespace

TEST_CASE("a larger stripe cache makes no stream of small writes slower", "[raid]") {
  for (const bool delays : {false, true}) {
    const Streamed least = stream_of_small_writes(256, delays);
    const Streamed more = stream_of_small_writes(4096, delays);
    const Streamed most = stream_of_small_writes(16384, delays);
    INFO(least.MBps << ' ' << more.MBps << ' ' << most.MBps << " MB/s, " << least.reads_per_MB
                    << ' ' << more.reads_per_MB << ' ' << most.reads_per_MB << " reads each");
    CHECK(more.MBps >= least.MBps);
    CHECK(most.MBps >= 0.99 * more.MBps);
    // Half a row is no reason to read the rest: it comes soon.
    if (delays) CHECK(more.reads_per_MB < 5);
  }
}

TEST_CASE("reads past the stripe cache hold the array's lock one after another, where it has one",
          "[raid]") {
  sim::Instant ended[2];
  const auto both = [&](sim::Duration lock) {
    Description description = array_of(Level::raid5);
    description.costs = free_of_cost();
    description.costs.read_lock = lock;
    Bench bench{description, 5, 64_MiB, true};
    bench.start(Operation::read, 0_KiB, 4_KiB, false, true, &ended[0]);
    bench.start(Operation::read, 64_KiB, 4_KiB, false, true, &ended[1]);
    bench.engine.run();
    return ended[1] - ended[0];
  };
  CHECK(both(sim::Duration::zero()) == sim::Duration::zero());
  CHECK(both(7_us) == 7_us);
}
