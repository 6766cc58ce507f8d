// Each device preset under small fio jobs: what data sheets say and what was recorded of the bare
// device comes out. Tolerances stand beside the figures.
#include <catch2/catch.hpp>
#include <string_view>

#include "models/storage/device/description.hpp"
#include "scenarios/device_keys.hpp"
#include "scenarios/library.hpp"
#include "sim/units.hpp"
#include "tests/models/storage/closed_loop.hpp"

using namespace sim::literals;
using models::storage::Operation;
using tests::Job;
using tests::Load;

namespace {

constexpr sim::Bytes kMiB{1 << 20};

struct Figures {
  double per_second;
  double rate_MBps;
  double mean_us;
  double p99_us;
};

Figures measured(std::string_view preset, const Job& job) {
  sim::Engine engine;
  const auto device =
      models::storage::device::make_device(engine, scenarios::device_preset(preset), "disk");
  const Load load = tests::run(engine, *device, job);
  return {load.per_second(), load.megabytes_per_second(), load.latency_us.mean(), load.p99_us()};
}

}  // namespace

TEST_CASE("every device preset names itself and its source, and makes a device") {
  int seen = 0;
  for (const scenarios::PresetInfo& info : scenarios::list_presets("devices")) {
    INFO(info.name);
    const auto description = scenarios::device_preset(info.name);
    CHECK(description.name == info.name);
    CHECK_FALSE(description.source.empty());
    sim::Engine engine;
    CHECK(models::storage::device::make_device(engine, description, "disk")->capacity() ==
          description.capacity);
    ++seen;
  }
  CHECK(seen == 16);
}

// Recorded: 268 MB/s; 550 reads/s and 480 writes/s of 4 KiB in the first 30 GB, 4 jobs of 32.
TEST_CASE("hdd-7200-sata-16tb: sequential rate within 1 %, random ones within 3 %", "[hdd]") {
  const char* disk = "hdd-7200-sata-16tb";
  const sim::Bytes span{30'000'000'000};
  const auto sequential = [&](Operation operation) {
    return measured(disk, {.operation = operation, .block = kMiB, .depth = 32, .random = false})
        .rate_MBps;
  };
  CHECK(sequential(Operation::read) == Approx(268).epsilon(0.01));
  CHECK(sequential(Operation::write) == Approx(268).epsilon(0.01));
  CHECK(measured(disk, {.depth = 128, .span = span, .measured = 60_s}).per_second ==
        Approx(550).epsilon(0.03));
  CHECK(
      measured(disk, {.operation = Operation::write, .depth = 128, .span = span, .measured = 60_s})
          .per_second == Approx(480).epsilon(0.03));
}

// Data sheets and surveys: semantics of 75-80, 175-200 and about 60 random reads/s at depth 1,
// times 1.8 to 2.5 with 32 commands to choose among.
TEST_CASE("disks of other classes read at their data sheets' rates", "[hdd]") {
  const auto reads = [](std::string_view preset, int depth) {
    return measured(preset, {.depth = depth, .measured = 60_s}).per_second;
  };
  const double sata = reads("hdd-7200-sata-1tb", 1);
  CHECK(sata == Approx(78).epsilon(0.06));
  CHECK(reads("hdd-7200-sata-1tb", 32) / sata == Approx(2.15).epsilon(0.17));
  CHECK(reads("hdd-15k-sas-146gb", 1) == Approx(187).epsilon(0.07));
  CHECK(reads("hdd-5400-laptop", 1) == Approx(58).epsilon(0.06));
  // 1 / (average seek + half a turn + overhead) of their product manuals.
  CHECK(reads("hdd-10k-sas-600gb", 1) == Approx(1 / 7.0e-3).epsilon(0.05));
  CHECK(reads("hdd-7200-sas-4tb", 1) == Approx(1 / 12.87e-3).epsilon(0.05));
  const Job stream{.block = kMiB, .depth = 2, .random = false};
  CHECK(measured("hdd-7200-sata-1tb", stream).rate_MBps == Approx(125).epsilon(0.01));
  CHECK(measured("hdd-15k-sas-146gb", stream).rate_MBps == Approx(125).epsilon(0.01));
  CHECK(measured("hdd-5400-laptop", stream).rate_MBps == Approx(100).epsilon(0.01));
  CHECK(measured("hdd-10k-sas-600gb", stream).rate_MBps == Approx(141).epsilon(0.01));
  CHECK(measured("hdd-7200-sas-4tb", stream).rate_MBps == Approx(175).epsilon(0.01));
}

// Recorded on bare metal; the host's 7 and 15 us at depth 1 as the preset says.
TEST_CASE("nvme-m5d: rates within 4 %, 99th percentiles within 10 %", "[flash]") {
  const char* disk = "nvme-m5d";
  const Figures small = measured(disk, {.host = 7_us, .measured = 5_s});
  CHECK(small.per_second == Approx(16'472.9).epsilon(0.04));
  CHECK(small.p99_us == Approx(98.8).epsilon(0.10));
  const Figures small_deep = measured(disk, {.depth = 32, .measured = 1_s});
  CHECK(small_deep.per_second == Approx(301'182).epsilon(0.01));
  CHECK(small_deep.p99_us == Approx(199.7).epsilon(0.10));
  const Figures large = measured(disk, {.block = 128_KiB, .host = 15_us});
  CHECK(large.per_second == Approx(4'738.6).epsilon(0.04));
  CHECK(large.p99_us == Approx(276.5).epsilon(0.10));
  const Figures large_deep = measured(disk, {.block = 128_KiB, .depth = 32, .measured = 5_s});
  CHECK(large_deep.per_second == Approx(13'182).epsilon(0.01));
  CHECK(large_deep.p99_us == Approx(2'638).epsilon(0.10));
}

TEST_CASE("ssd-sata and ssd-nvme-p3700-class: data-sheet rates within 5 %", "[flash]") {
  const auto reads = [](std::string_view disk) {
    return measured(disk, {.depth = 256, .measured = 1_s}).per_second;
  };
  const auto writes = [](std::string_view disk) {
    return measured(disk, {.operation = Operation::write, .depth = 32, .measured = 2_s}).per_second;
  };
  const auto stream = [](std::string_view disk, Operation operation) {
    return measured(disk, {.operation = operation,
                           .block = 128_KiB,
                           .depth = 32,
                           .random = false,
                           .measured = 1_s})
        .rate_MBps;
  };
  CHECK(reads("ssd-sata") == Approx(95'000).epsilon(0.05));
  CHECK(writes("ssd-sata") == Approx(90'000).epsilon(0.05));  // before the cliff
  CHECK(stream("ssd-sata", Operation::read) == Approx(550).epsilon(0.05));
  CHECK(stream("ssd-sata", Operation::write) == Approx(520).epsilon(0.05));
  CHECK(reads("ssd-nvme-p3700-class") == Approx(460'000).epsilon(0.05));
  CHECK(writes("ssd-nvme-p3700-class") == Approx(90'000).epsilon(0.05));
  CHECK(stream("ssd-nvme-p3700-class", Operation::read) == Approx(2'800).epsilon(0.05));
  CHECK(stream("ssd-nvme-p3700-class", Operation::write) == Approx(1'900).epsilon(0.05));
}

// As ordered and as announced: thousands a second at 4 KiB, MB/s at 128 KiB; at depth 1 with 4 us
// of the host.
TEST_CASE("solid-state disks of servers: data-sheet rates within 5 %, latencies within 10 %",
          "[flash]") {
  struct Sheet {
    const char* name;
    double reads, writes, read_MBps, write_MBps, read_us, write_us;
  };
  for (const Sheet& sheet :
       {Sheet{"ssd-nvme-p4500-4tb", 645e3, 62.5e3, 3'200, 1'800, 115, 20},
        Sheet{"ssd-nvme-p5500-8tb", 1e6, 130e3, 7'000, 4'300, 80, 15},
        Sheet{"ssd-sata-s4600", 72e3, 65e3, 500, 490, 110, 52},
        Sheet{"ssd-nvme-optane-p4800x", 565e3, 500e3, 2'400, 2'000, 8.9, 8.9}}) {
    INFO(sheet.name);
    const auto small = [&](Operation operation, int depth) {
      return measured(sheet.name, {.operation = operation,
                                   .depth = depth,
                                   .host = depth == 1 ? 4_us : 0_us,
                                   .measured = depth == 1 ? 200_ms : 500_ms});
    };
    const auto stream = [&](Operation operation) {
      return measured(sheet.name, {.operation = operation,
                                   .block = 128_KiB,
                                   .depth = 64,
                                   .random = false,
                                   .measured = 500_ms})
          .rate_MBps;
    };
    CHECK(small(Operation::read, 512).per_second == Approx(sheet.reads).epsilon(0.05));
    CHECK(small(Operation::write, 128).per_second == Approx(sheet.writes).epsilon(0.05));
    CHECK(stream(Operation::read) == Approx(sheet.read_MBps).epsilon(0.05));
    CHECK(stream(Operation::write) == Approx(sheet.write_MBps).epsilon(0.05));
    CHECK(small(Operation::read, 1).mean_us == Approx(sheet.read_us).epsilon(0.10));
    CHECK(small(Operation::write, 1).mean_us == Approx(sheet.write_us).epsilon(0.10));
  }
}

TEST_CASE("ssd-nvme-pm1733a writes at its announced rate", "[flash]") {
  const Job stream{.operation = Operation::write,
                   .block = 128_KiB,
                   .depth = 64,
                   .random = false,
                   .measured = 500_ms};
  CHECK(measured("ssd-nvme-pm1733a", stream).rate_MBps == Approx(3'800).epsilon(0.05));
}

// Recorded natively. The host's part, CPU time, interrupt and the wake-up of a sleeping core, is
// 31 us of a 4 KiB request and 150 us of 1 MiB one by one (validation/cases/felter-fio-*.toml).
TEST_CASE("lun-flashsystem-840-2fc8: native fio rates within 3 %", "[lun]") {
  const char* unit = "lun-flashsystem-840-2fc8";
  const auto stream = [&](Operation operation, int depth) {
    return measured(unit, {.operation = operation,
                           .block = kMiB,
                           .depth = depth,
                           .random = false,
                           .host = depth == 1 ? 150_us : 50_us})
        .per_second;
  };
  CHECK(stream(Operation::write, 16) == Approx(733).epsilon(0.03));
  // Less what io_submit takes for the pages of 1 MiB, which is the host's: 143.2 - 9.8 us of slat.
  CHECK(stream(Operation::read, 1) == Approx(1 / (1 / 499.0 - 133.4e-6)).epsilon(0.03));
  CHECK(stream(Operation::read, 2) == Approx(787).epsilon(0.03));
  const auto small = [&](Operation operation) {
    return measured(unit, {.operation = operation, .depth = 16, .host = 31_us, .measured = 2_s})
        .per_second;
  };
  CHECK(small(Operation::read) == Approx(58'729).epsilon(0.03));
  CHECK(small(Operation::write) == Approx(72'807).epsilon(0.03));
}

TEST_CASE("ram-disk: a request of 4 KiB takes its microsecond and the copy", "[memory_disk]") {
  CHECK(measured("ram-disk", {.measured = 1_s}).mean_us == Approx(1.512).epsilon(0.001));
}

TEST_CASE("a preset of devices can be changed, and its mistakes are told with their place") {
  CHECK_THROWS_WITH(scenarios::device_preset("nvme-m5"), Catch::Contains("nvme-m5d"));
}
