#include "scenarios/fio_job.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "scenarios/read.hpp"
#include "tests/temporary_folder.hpp"

using namespace scenarios;

namespace {

constexpr const char* kScenario = R"(
[host]
cores_per_node = 4
frequency = "2 GHz"
memory = "8 GiB"
l2 = { size = "1 MiB", latency = "5 ns" }
llc = { size = "8 MiB", shared_by = 4, latency = "15 ns" }
controller = { channel_bandwidth = "12.8 GB/s" }
[[host.disk]]
name = "sda"
[[vm]]
name = "guest"
memory = "1 GiB"
workload = { fio = "jobs.fio" }
[[vm.disk]]
on = "sda"
size = "100 GiB"
)";

class Files {
 public:
  explicit Files(const std::string& jobs) : scenario_{folder_.write("scenario.toml", kScenario)} {
    folder_.write("jobs.fio", jobs);
  }
  Study study(const ReadOptions& options = {}) const { return read_file(scenario_, options); }

 private:
  tests::TemporaryFolder folder_;
  std::string scenario_;
};

std::vector<models::workload::IoTest> read_jobs(const std::string& jobs) {
  return Files{jobs}.study().points.front().scenario.host.vms.front().workload.tests;
}

std::string complaint(const std::string& jobs) {
  try {
    Files{jobs}.study();
  } catch (const ScenarioError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("sections of a job file become tests, with what [global] says") {
  const auto read = read_jobs(R"(
; what all share
[global]
ioengine=libaio
direct=1
bs=4k
size=1g
runtime=30
time_based

[random read]
rw=randread
iodepth=16

[write]
stonewall
rw=write
bs=128k
numjobs=2
fdatasync=32
end_fsync=1
ramp_time=2s
startdelay=500ms
)");
  REQUIRE(read.size() == 2);
  const auto& first = read[0];
  CHECK(first.name == "random-read");
  CHECK_FALSE(first.together);
  CHECK(first.io.pattern == models::workload::Pattern::random);
  CHECK(first.io.read_share == 1.0);
  CHECK(first.io.depth == 16);
  CHECK(first.io.direct);
  CHECK(first.io.block == sim::Bytes{4'096});
  CHECK(first.io.span == sim::Bytes{1 << 30});
  CHECK(first.time_based);
  CHECK(first.runtime == sim::from_seconds(30));
  const auto& second = read[1];
  CHECK_FALSE(second.together);
  CHECK(second.io.pattern == models::workload::Pattern::sequential);
  CHECK(second.io.read_share == 0.0);
  CHECK(second.io.jobs == 2);
  CHECK(second.io.depth == 1);
  CHECK(second.io.sync_every == 32);
  CHECK(second.sync_at_end);
  CHECK(second.ramp == sim::from_seconds(2));
  CHECK(second.delay == sim::from_seconds(0.5));
  // Each job's file lies behind the files before it.
  CHECK(second.io.offset == sim::Bytes{1 << 30});
  CHECK(second.io.span == sim::Bytes{std::int64_t{2} << 30});
  CHECK(second.io.parts == models::workload::Parts::own);
}

TEST_CASE("what a job file does not say is as fio has it") {
  const auto read = read_jobs("[plain]\nsize=16m\n[other]\nsize=10ki\nrw=randrw\nrwmixwrite=30\n");
  CHECK(read[0].io.pattern == models::workload::Pattern::sequential);
  CHECK(read[0].io.read_share == 1.0);
  CHECK_FALSE(read[0].io.direct);
  CHECK(read[0].drop_cached);
  CHECK(read[0].io.block == sim::Bytes{4'096});
  CHECK(read[1].together);
  CHECK(read[1].size == sim::Bytes{10'000});
  CHECK(read[1].io.read_share == Approx(0.7));
}

TEST_CASE("depth counts where the engine goes on without waiting") {
  const auto depth = [](const std::string& options) {
    return read_jobs("[a]\nsize=1m\niodepth=8\n" + options)[0].io.depth;
  };
  CHECK(depth("") == 1);
  CHECK(depth("ioengine=libaio\ndirect=1\n") == 8);
  CHECK(depth("ioengine=libaio\n") == 1);
  CHECK(depth("ioengine=io_uring\n") == 8);
  CHECK(depth("ioengine=sync\ndirect=1\n") == 1);
}

TEST_CASE("files named by several jobs are one, devices all of the disk") {
  const auto read = read_jobs(
      "[a]\nsize=1m\n[b]\nfilename=/data/x\nsize=4m\n[c]\nfilename=/data/x\nsize=2m\noffset=1m\n"
      "[d]\nfilename=/dev/vdb\nsize=100%\nrate_iops=100\nthinktime=50\n");
  CHECK(read[1].io.offset == sim::Bytes{1 << 20});
  CHECK(read[1].io.parts == models::workload::Parts::shared);
  CHECK(read[2].io.offset == sim::Bytes{2 << 20});
  CHECK(read[2].io.span == sim::Bytes{1 << 20});
  CHECK(read[3].io.span == sim::Bytes{});
  CHECK(read[3].io.rate == sim::Hertz{100});
  CHECK(read[3].io.think == sim::from_seconds(50e-6));
  CHECK(read[3].io.steady_think);
}

TEST_CASE("a study of tests ends with them unless it says how long it lasts") {
  Study study = Files{"[a]\nsize=1m\n"}.study();
  CHECK(study.settings.until_tests_end);
  CHECK(study.settings.duration == sim::from_seconds(3600));
  ReadOptions options;
  options.overrides = {{"study.duration", "\"5 s\""}};
  study = Files{"[a]\nsize=1m\n"}.study(options);
  CHECK_FALSE(study.settings.until_tests_end);
  CHECK(study.settings.duration == sim::from_seconds(5));
  options.overrides.push_back({"study.until_tests_end", "true"});
  study = Files{"[a]\nsize=1m\n"}.study(options);
  CHECK(study.settings.until_tests_end);
  CHECK(study.settings.duration == sim::from_seconds(5));
}

TEST_CASE("the preset's own jobs make way, its costs stay") {
  const Study study = Files{"[a]\nsize=1m\n"}.study();
  const auto& work = study.points.front().scenario.host.vms.front().workload;
  CHECK(work.io.jobs == 0);
  CHECK(work.io.submit.count() > 0);
  CHECK(work.idle);
  // Those that the scenario itself asks for go on beside the file's.
  ReadOptions options;
  options.overrides = {{"vm.guest.workload.io.jobs", "3"}};
  const Study beside = Files{"[a]\nsize=1m\n"}.study(options);
  CHECK(beside.points.front().scenario.host.vms.front().workload.io.jobs == 3);
  // Results hold the tests, not the file: they can be run again without it.
  const Study again = read_text(
      R"({"scenario": )" + resolved(study.points.front().scenario).dump() + R"(, "points": []})",
      "again", {});
  CHECK(again.points.front().scenario.host.vms.front().workload.tests.size() == 1);
}

TEST_CASE("a mix of sizes, whose shares that are left out are alike") {
  const auto read = read_jobs("[a]\nsize=1m\nbssplit=4k/60:64k/:8k\n[b]\nsize=1m\nbs=8k,8k\n");
  REQUIRE(read[0].io.blocks.size() == 3);
  CHECK(read[0].io.blocks[0].size == sim::Bytes{4'096});
  CHECK(read[0].io.blocks[0].share == Approx(0.6));
  CHECK(read[0].io.blocks[1].share == Approx(0.2));
  CHECK(read[0].io.blocks[2].size == sim::Bytes{8'192});
  CHECK(read[0].io.mean_block_B() == Approx(0.6 * 4'096 + 0.2 * (65'536 + 8'192)));
  CHECK(read[1].io.blocks.empty());
  CHECK(read[1].io.block == sim::Bytes{8'192});
  CHECK(complaint("[a]\nsize=1m\nbssplit=4k/x\n").find("bssplit=4k/x: need sizes") !=
        std::string::npos);
}

TEST_CASE("mistakes in a job file are told with its lines") {
  const std::string text = complaint(
      "bs=4k\n[a]\nsize=1q\nrw=backwards\nverify=md5\nnumjobs=1.5\nruntime=x\nbs=4k,8k\n"
      "ioengine=rados\n[b]\nfilename=${HOME}/x\n");
  CHECK(text.find("jobs.fio:1:1: an option before the first section") != std::string::npos);
  CHECK(text.find("jobs.fio:3:1: size=1q: need a size") != std::string::npos);
  CHECK(text.find("jobs.fio:4:1: rw=backwards: need one of read") != std::string::npos);
  CHECK(text.find("jobs.fio:5:1: verify: this option of fio is not simulated") !=
        std::string::npos);
  CHECK(text.find("jobs.fio:6:1: numjobs=1.5: need a whole number") != std::string::npos);
  CHECK(text.find("jobs.fio:7:1: runtime=x: need a time") != std::string::npos);
  CHECK(text.find("jobs.fio:8:1: bs=4k,8k: need the same for reads") != std::string::npos);
  CHECK(text.find("jobs.fio:9:1: ioengine=rados: need one of") != std::string::npos);
  CHECK(text.find("jobs.fio:11:1: filename: variables are not filled in") != std::string::npos);
  CHECK(text.find("[b]: need size=") != std::string::npos);
  CHECK(complaint("[global]\nsize=1m\n").find("no job") != std::string::npos);
  CHECK(complaint("[a]\nsize=nan\n").find("size=nan: need a size") != std::string::npos);
}
