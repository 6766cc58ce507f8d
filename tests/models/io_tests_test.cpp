#include <catch2/catch.hpp>
#include <string>

#include "models/host.hpp"
#include "models/io_paths.hpp"
#include "sim/error.hpp"
#include "tests/models/one_disk_host.hpp"
#include "tests/models/results_of.hpp"

using namespace models;
using namespace sim::literals;
using tests::metric;

namespace {

constexpr std::int64_t kBlock_B = 4'096;

// A process on bare metal, whose kernel takes no time.
HostDescription host() {
  HostDescription host = tests::one_disk_host(Architecture::container, "guest");
  host.without = {Mechanism::switch_cost, Mechanism::ticks};
  host.vms[0].vcpus = 2;
  return host;
}

workload::IoTest& add(HostDescription& host, const std::string& name, std::int64_t blocks) {
  workload::IoTest& test = host.vms[0].workload.tests.emplace_back();
  test.name = name;
  test.size = sim::Bytes{kBlock_B * blocks};
  return test;
}

Results run(const HostDescription& host, sim::Duration duration = 1_s) {
  Results results = simulate(host, {.duration = duration, .warmup = 100_ms}, {.check = true});
  CHECK(results.violations == std::vector<std::string>{});
  return results;
}

double of_test(const Results& results, const std::string& name) {
  return metric(results, "vm.guest.test." + name);
}

}  // namespace

TEST_CASE("tests run one after the other, each measured over its own time") {
  HostDescription two = host();
  add(two, "first", 1'000);
  add(two, "second", 3'000).io.block = sim::Bytes{3 * kBlock_B};
  const Results results = run(two);
  CHECK(of_test(results, "first.time") == Approx(0.1).epsilon(1e-3));
  CHECK(of_test(results, "first.rate") == Approx(10'000).epsilon(1e-3));
  CHECK(of_test(results, "first.bandwidth") == Approx(10'000.0 * kBlock_B).epsilon(1e-3));
  CHECK(of_test(results, "first.ended") == 1.0);
  CHECK(of_test(results, "first.latency.p50") == Approx(1e-4).epsilon(0.05));
  CHECK(of_test(results, "second.time") == Approx(0.1).epsilon(1e-3));
  CHECK(of_test(results, "second.bandwidth") == Approx(30'000.0 * kBlock_B).epsilon(1e-3));
  CHECK(results.notes.empty());
  // Of a guest that does nothing else, throughput is by the time that they took.
  CHECK(metric(results, "vm.guest.throughput") == Approx(10'000).epsilon(1e-3));
}

TEST_CASE("a run may end with its tests, and is measured over as long") {
  HostDescription two = host();
  add(two, "first", 1'000);
  add(two, "second", 1'000);
  const Results results = simulate(
      two, {.duration = 100_s, .warmup = 100_ms, .until_tests_end = true}, {.check = true});
  CHECK(results.violations.empty());
  CHECK(of_test(results, "second.ended") == 1.0);
  CHECK(metric(results, "vm.guest.io.rate") == Approx(10'000).epsilon(0.35));  // to 50 ms
}

TEST_CASE("tests that begin together share the disk") {
  HostDescription two = host();
  add(two, "reader", 1'000);
  workload::IoTest& writer = add(two, "writer", 1'000);
  writer.together = true;
  writer.io.read_share = 0;
  const Results results = run(two);
  CHECK(of_test(results, "reader.rate") == Approx(5'000).epsilon(0.01));
  CHECK(of_test(results, "writer.rate") == Approx(5'000).epsilon(0.01));
  CHECK(metric(results, "vm.guest.io.writes") == Approx(1'000).epsilon(0.01));
}

TEST_CASE("jobs of a test have a part each, or share all of it") {
  HostDescription many = host();
  workload::IoTest& own = add(many, "own", 0);
  own.size = {};
  own.io.jobs = 4;
  own.io.span = sim::Bytes{kBlock_B * 400};
  own.io.pattern = workload::Pattern::sequential;
  workload::IoTest& shared = many.vms[0].workload.tests.emplace_back(own);
  shared.name = "shared";
  shared.io.parts = workload::Parts::shared;
  const Results results = run(many);
  CHECK(of_test(results, "own.time") == Approx(400 * 1e-4).epsilon(0.01));
  CHECK(of_test(results, "shared.time") == Approx(4 * 400 * 1e-4).epsilon(0.01));
}

TEST_CASE("a test that begins at an offset goes over what is behind it, once") {
  HostDescription behind = host();
  behind.storage.disks[0].device.capacity = 4_MiB;  // a partition is whole MiB: 1,024 blocks
  workload::IoTest& test = add(behind, "behind", 0);
  test.size = {};
  test.io.offset = sim::Bytes{624 * kBlock_B};
  CHECK(of_test(run(behind), "behind.time") == Approx(400 * 1e-4).epsilon(0.001));
  behind.vms[0].workload.tests[0].io.offset = 4_MiB;
  CHECK_THROWS_WITH(run(behind), Catch::Matchers::Contains("lower its block, offset"));
}

TEST_CASE("a delayed test waits before it begins") {
  HostDescription two = host();
  add(two, "first", 1'000);
  workload::IoTest& late = add(two, "late", 1'000);
  late.together = true;
  late.delay = 100_ms;
  const Results results = run(two);  // side by side they would take twice as long
  CHECK(of_test(results, "first.time") == Approx(0.1).epsilon(0.001));
  CHECK(of_test(results, "late.time") == Approx(0.1).epsilon(0.001));
}

TEST_CASE("a test's blocks are mixed as asked") {
  HostDescription mixed = host();
  workload::IoTest& test = add(mixed, "mixed", 0);
  test.size = sim::Bytes{40'000 * kBlock_B};
  test.io.blocks = {{sim::Bytes{kBlock_B}, 3}, {sim::Bytes{9 * kBlock_B}, 1}};
  test.io.pattern = workload::Pattern::sequential;
  const Results results = run(mixed, 2_s);
  // A mean of (3 x 1 + 1 x 9) / 4 = 3 blocks an I/O: 13,333 I/Os, 10,000 a second.
  CHECK(of_test(results, "mixed.time") == Approx(40'000 / 3.0 * 1e-4).epsilon(0.001));
  CHECK(of_test(results, "mixed.bandwidth") == Approx(30'000.0 * kBlock_B).epsilon(0.03));
}

TEST_CASE("a test goes on for a time, without what its first part does") {
  HostDescription timed = host();
  workload::IoTest& test = add(timed, "timed", 10);
  test.time_based = true;
  test.ramp = 50_ms;
  test.runtime = 200_ms;
  test.delay = 100_ms;
  const Results results = run(timed);
  CHECK(of_test(results, "timed.time") == Approx(0.2).epsilon(0.001));
  CHECK(of_test(results, "timed.rate") == Approx(10'000).epsilon(0.001));
  CHECK(metric(results, "vm.guest.io.rate") == Approx(2'500).epsilon(0.001));
}

TEST_CASE("a test's jobs keep to their rate, and think as long each time") {
  HostDescription slow = host();
  workload::IoTest& capped = add(slow, "capped", 100);
  capped.io.rate = sim::Hertz{1'000};
  workload::IoTest& thinks = add(slow, "thinks", 100);
  thinks.io.think = 400_us;
  thinks.io.steady_think = true;
  const Results results = run(slow);
  CHECK(of_test(results, "capped.time") == Approx(0.0991).epsilon(0.001));
  CHECK(of_test(results, "thinks.time") == Approx(0.05).epsilon(0.001));
}

TEST_CASE("a test that did not end says so") {
  HostDescription longer = host();
  add(longer, "longer", 100'000);
  add(longer, "never", 1);
  const Results results = run(longer);
  CHECK(of_test(results, "longer.ended") == 0.0);
  CHECK(of_test(results, "longer.rate") == Approx(10'000).epsilon(0.001));
  CHECK(of_test(results, "never.time") == 0.0);
  REQUIRE(results.notes.size() == 1);
  CHECK(results.notes.front().find("longer, never") != std::string::npos);
}

TEST_CASE("what a test read is in the guest's page cache, unless the next one drops it") {
  HostDescription buffered = host();
  const auto add_read = [&](const std::string& name) -> workload::IoTest& {
    workload::IoTest& test = add(buffered, name, 256);
    test.io.direct = false;
    test.io.pattern = workload::Pattern::sequential;
    test.io.span = sim::Bytes{kBlock_B * 256};
    return test;
  };
  buffered.vms[0].workload.io.cached = sim::Instructions{2'000};
  buffered.vms[0].workload.io.cached_page = sim::Instructions{3'000};
  add_read("read");
  add_read("reread");
  add_read("dropped").drop_cached = true;
  const Results results = run(buffered);
  CHECK(of_test(results, "reread.latency.mean") == Approx(5e-6).epsilon(0.02));
  CHECK(of_test(results, "read.time") > 1.2 * of_test(results, "reread.time"));
  CHECK(of_test(results, "dropped.time") == Approx(of_test(results, "read.time")).epsilon(0.1));
}

TEST_CASE("a test's last flush counts, and a new file's metadata with direct I/O too") {
  HostDescription written = host();
  written.vms[0].disks[0].formatted = true;
  workload::IoTest& test = add(written, "write", 100);
  test.io.read_share = 0;
  test.io.pattern = workload::Pattern::sequential;
  test.sync_at_end = true;
  const Results old_file = run(written);
  CHECK(metric(old_file, "vm.guest.io.syncs") == 1.0);
  written.vms[0].disks[0].file_system.allocated = false;
  const Results new_file = run(written);
  CHECK(of_test(new_file, "write.time") > of_test(old_file, "write.time") + 1e-4);
}

// Through the guest's page cache, which takes no time: only what is not in it does, 100 us.
workload::IoTest& add_buffered(HostDescription& host, const std::string& name, std::int64_t blocks,
                               std::int64_t part) {
  workload::IoTest& test = add(host, name, blocks);
  test.io.direct = false;
  test.io.span = sim::Bytes{kBlock_B * part};
  test.drop_cached = true;
  return test;
}

TEST_CASE("the page cache helps who asks for hot places, not who asks for each once") {
  HostDescription buffered = host();
  add_buffered(buffered, "uniform", 4'000, 8'192);
  add_buffered(buffered, "once", 4'000, 8'192).io.distribution.spread = workload::Spread::once;
  add_buffered(buffered, "zipf", 4'000, 8'192).io.distribution = {.spread = workload::Spread::zipf,
                                                                  .skew = 1.2};
  const Results results = run(buffered, 2_s);
  const auto misses = [&](const std::string& name) {
    return of_test(results, name + ".time") * 1e4;
  };
  CHECK(misses("once") == Approx(4'000).epsilon(0.001));
  // Of n draws from N places N (1 - exp(-n / N)) are new: 3,165.
  CHECK(misses("uniform") == Approx(3'165).epsilon(0.03));
  CHECK(misses("zipf") < 0.4 * misses("uniform"));
}

TEST_CASE("I/Os from a random place on are at it or behind it") {
  HostDescription buffered = host();
  workload::IoTest& again = add_buffered(buffered, "again", 800, 8'192);
  again.io.distribution.spread = workload::Spread::once;
  again.io.run = 8;
  again.io.repeat = true;
  // All follow the one before, and the part has no more than four places.
  workload::IoTest& follows = add_buffered(buffered, "follows", 100, 4);
  follows.io.random_share = 0;
  const Results results = run(buffered);
  CHECK(of_test(results, "again.time") == Approx(100 * 1e-4).epsilon(0.001));
  CHECK(of_test(results, "follows.time") <= 4.01e-4);
}

TEST_CASE("a sequence leaves places out, or goes back") {
  HostDescription buffered = host();
  workload::IoTest& skips = add_buffered(buffered, "skips", 100, 4);
  skips.io.pattern = workload::Pattern::sequential;
  skips.io.skip = sim::Bytes{3 * kBlock_B};  // the next of four would be the fifth: the first
  workload::IoTest& stays = add_buffered(buffered, "stays", 100, 4'000);
  stays.io.pattern = workload::Pattern::sequential;
  stays.io.skip = sim::Bytes{kBlock_B};
  stays.io.backwards = true;  // to where the one before began
  const Results results = run(buffered);
  CHECK(of_test(results, "skips.time") <= 4.01e-4);
  CHECK(of_test(results, "stays.time") <= 4.01e-4);  // what is read ahead included
}

// In turn the arm goes to the second file as well.
TEST_CASE("a sequence of several files goes through them in turn, or one after the other") {
  const auto took_s = [](bool in_turn, int files) {
    HostDescription one = host();
    one.storage.disks[0].device.kind = storage::device::Kind::hdd;
    one.storage.disks[0].device.hdd.segments = 1;  // and that under the head: two streams
    workload::IoTest& test = add(one, "read", 100);
    test.io.pattern = workload::Pattern::sequential;
    test.io.span = 100_MiB;
    test.io.files = files;
    test.io.files_in_turn = in_turn;
    return of_test(run(one, 3_s), "read.time");
  };
  CHECK(took_s(false, 4) == took_s(false, 1));
  CHECK(took_s(true, 1) == took_s(false, 1));
  CHECK(took_s(true, 2) < 2 * took_s(false, 2));
  CHECK(took_s(true, 4) > took_s(false, 4) + 100 * 1e-3);  // each block is a seek from the last
}

TEST_CASE("each job may begin behind the one before") {
  HostDescription apart = host();
  workload::IoTest& test = add_buffered(apart, "apart", 10, 1);
  test.io.jobs = 2;
  test.io.increment = sim::Bytes{64 * kBlock_B};
  const double apart_s = of_test(run(apart), "apart.time");
  apart.vms[0].workload.tests[0].io.increment = {};
  CHECK(apart_s == Approx(2e-4).epsilon(0.01));
  CHECK(of_test(run(apart), "apart.time") == Approx(1e-4).epsilon(0.01));
  apart.vms[0].workload.tests[0].io.increment = sim::Bytes{std::int64_t{2} << 40};
  CHECK_THROWS_WITH(run(apart), Catch::Matchers::Contains("lower its increment"));
}

TEST_CASE("writes may have a size of their own, and random places an alignment") {
  HostDescription mixed = host();
  workload::IoTest& test = add(mixed, "mixed", 40'000);
  test.io.read_share = 0.5;
  test.io.write_block = sim::Bytes{7 * kBlock_B};
  test.io.align = sim::Bytes{512};
  const Results results = run(mixed, 2_s);
  // A mean of four blocks: 10,000 I/Os.
  CHECK(of_test(results, "mixed.time") == Approx(1.0).epsilon(0.001));
  CHECK(of_test(results, "mixed.bandwidth") == Approx(40'000.0 * kBlock_B).epsilon(0.05));
}

TEST_CASE("a job that gathers batches asks for none before the last has ended") {
  // Four at a time on a disk that serves one: without batches each waits for three others.
  HostDescription deep = host();
  add(deep, "flows", 1'000).io.depth = 4;
  workload::IoTest& batches = add(deep, "batches", 1'000);
  batches.io.depth = batches.io.batch = 4;
  workload::IoTest& thinks = add(deep, "thinks", 40);
  thinks.io.depth = thinks.io.batch = 4;
  thinks.io.think = 400_us;
  thinks.io.steady_think = true;
  const Results results = run(deep);
  CHECK(of_test(results, "flows.latency.mean") == Approx(400e-6).epsilon(0.01));
  CHECK(of_test(results, "batches.latency.mean") == Approx(250e-6).epsilon(0.01));
  CHECK(of_test(results, "batches.time") == Approx(0.1).epsilon(0.001));
  CHECK(of_test(results, "thinks.time") == Approx(10 * 800e-6).epsilon(0.001));
}

TEST_CASE("a job thinks after so many, and comes at random times if asked") {
  HostDescription slow = host();
  workload::IoTest& thinks = add(slow, "thinks", 100);
  thinks.io.think = 400_us;
  thinks.io.steady_think = true;
  thinks.io.think_every = 10;
  workload::IoTest& comes = add(slow, "comes", 4'000);
  comes.io.rate = sim::Hertz{1'000};
  comes.io.random_rate = true;
  comes.io.depth = 4;
  const Results results = run(slow, 6_s);
  CHECK(of_test(results, "thinks.time") == Approx(0.014).epsilon(0.001));
  // Six standard deviations of a sum of 4,000 exponential times of 1 ms: 0.38 s.
  CHECK(of_test(results, "comes.time") == Approx(4.0).margin(0.38));
  CHECK(of_test(results, "comes.latency.p99") > 1.5e-4);  // some come while others are served
}

TEST_CASE("a test waits for one beside it, and one may end the others") {
  HostDescription several = host();
  add(several, "first", 1'000);
  workload::IoTest& endless = add(several, "endless", 1);
  endless.together = endless.time_based = true;
  endless.runtime = 10_s;
  workload::IoTest& second = add(several, "second", 1'000);
  second.together = second.ends_others = true;
  second.after = "first";
  add(several, "third", 1'000);
  const Results results = run(several);
  // Two share the disk, then the second and the endless one do, then the third has it alone.
  CHECK(of_test(results, "first.time") == Approx(0.2).epsilon(0.01));
  CHECK(of_test(results, "second.time") == Approx(0.2).epsilon(0.01));
  CHECK(of_test(results, "endless.time") == Approx(0.4).epsilon(0.01));
  CHECK(of_test(results, "third.time") == Approx(0.1).epsilon(0.01));
}

TEST_CASE("a test ends after so many I/Os, too") {
  HostDescription few = host();
  add(few, "few", 1'000).ios = 100;
  workload::IoTest& timed = add(few, "timed", 1);
  timed.ios = 200;
  timed.time_based = true;
  timed.runtime = 500_ms;
  const Results results = run(few);
  CHECK(of_test(results, "few.time") == Approx(0.01).epsilon(0.001));
  CHECK(of_test(results, "timed.time") == Approx(0.02).epsilon(0.001));
}

TEST_CASE("what is made durable before a test is not its time") {
  HostDescription written = host();
  workload::IoTest& write = add_buffered(written, "write", 256, 256);
  write.io.pattern = workload::Pattern::sequential;
  write.io.read_share = 0;
  workload::IoTest& back = add_buffered(written, "back", 256, 256);
  back.io.distribution.spread = workload::Spread::once;
  back.sync_first = true;
  const Results results = run(written);
  CHECK(of_test(results, "back.time") == Approx(256 * 1e-4).epsilon(0.01));
}

TEST_CASE("jobs stay on the vCPUs that they are told to") {
  HostDescription pinned = host();
  for (const char* name : {"one", "both"}) {
    workload::IoTest& test = add(pinned, name, 10);
    test.io.jobs = 2;
    test.io.compute = sim::Instructions{10'000'000};  // 10 ms
  }
  pinned.vms[0].workload.tests[0].io.cpus = {1};
  pinned.vms[0].workload.tests[1].io.cpus = {0, 1};
  const Results results = run(pinned);
  CHECK(of_test(results, "one.time") == Approx(0.2).epsilon(0.02));
  CHECK(of_test(results, "both.time") == Approx(0.1).epsilon(0.02));
  pinned.vms[0].workload.tests[0].io.cpus = {2};
  CHECK_THROWS_WITH(check(pinned),
                    Catch::Matchers::Contains("test[0].cpus: got 2, the vCPUs are 0 to 1"));
}

TEST_CASE("jobs that ask for more than their disk has use that, and it is said") {
  HostDescription host_of = host();
  add(host_of, "fits", 10);
  workload::IoTest& more = add(host_of, "more", 10);
  CHECK(run(host_of).notes.empty());
  more.io.span = sim::Bytes{std::int64_t{1} << 50};
  const std::vector<std::string> notes = run(host_of).notes;
  REQUIRE(notes.size() == 1);
  CHECK_THAT(notes.front(), Catch::Contains("jobs of vm.guest ask for more than their disk") &&
                                Catch::Contains("and use that: more;"));
}

TEST_CASE("jobs that their disk has no room for are refused before anything runs") {
  HostDescription host_of = host();
  add(host_of, "one", 10).io.offset = sim::Bytes{std::int64_t{1} << 50};
  CHECK_THROWS_WITH(check(host_of),
                    Catch::Matchers::Contains("test[0]: a job has 0 B of the disk"));
  host_of.vms[0].workload.tests[0].io.offset = {};
  check(host_of);
  host_of.vms[0].workload.io.jobs = 1;
  host_of.vms[0].workload.io.offset = sim::Bytes{std::int64_t{1} << 50};
  CHECK_THROWS_WITH(check(host_of), Catch::Matchers::Contains("workload: a job has 0 B"));
}

TEST_CASE("impossible tests are refused with their place") {
  HostDescription wrong = host();
  add(wrong, "a b", 1).time_based = true;
  add(wrong, "twice", 1);
  workload::IoTest& last = add(wrong, "twice", 1);
  last.io.jobs = 0;
  last.after = "later";
  last.io.distribution = {.spread = workload::Spread::zipf, .skew = 0};
  last.io.batch = 2;  // of which one alone is under way: it would wait for good
  try {
    check(wrong);
    FAIL("accepted");
  } catch (const sim::ConfigError& error) {
    const std::string text = error.what();
    CHECK(text.find("vm.guest.workload.test[0].name: got \"a b\"") != std::string::npos);
    CHECK(text.find("vm.guest.workload.test[0].time_based: needs a runtime") != std::string::npos);
    CHECK(text.find("vm.guest.workload.test[2].name: two tests") != std::string::npos);
    CHECK(text.find("vm.guest.workload.test[2].after: got \"later\"") != std::string::npos);
    CHECK(text.find("vm.guest.workload.test[2].skew: got 0") != std::string::npos);
    CHECK(text.find("vm.guest.workload.test[2].batch: got 2, need depth, 1") != std::string::npos);
    CHECK(text.find("vm.guest.workload.test[2].jobs: need at least 1") != std::string::npos);
  }
  HostDescription small = host();
  add(small, "small", 1).io.span = sim::Bytes{512};
  CHECK_THROWS_WITH(run(small), Catch::Matchers::Contains("less than its block of 4096 B"));
  HostDescription without_disk = host();
  add(without_disk, "read", 1);
  without_disk.vms[0].disks.clear();
  CHECK_THROWS_WITH(check(without_disk), Catch::Matchers::Contains("give it a [[vm.disk]]"));
}
