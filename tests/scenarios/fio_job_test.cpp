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
cpu = "haswell"
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
vcpus = 4
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

std::vector<models::workload::IoTest> read_jobs(const std::string& jobs,
                                                const Variables& variables = {}) {
  return Files{jobs}
      .study({.variables = variables})
      .points.front()
      .scenario.host.vms.front()
      .workload.tests;
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

TEST_CASE("a per cent is of the disk, or of files whose size stands before") {
  const auto read = read_jobs(
      "[a]\nfilename=/dev/vdb\nsize=20%\noffset=50%\nnumjobs=3\noffset_increment=10%\n"
      "[b]\nfilename=/data/x\nsize=10m\n[c]\nfilename=/data/x\nsize=20%\noffset=50%\n"
      "[d]\nfilesize=100m\nsize=25%\n[e]\nfilename=/dev/vdb\nsize=100%\n[f]\nsize=1m\n");
  const sim::Bytes disk{std::int64_t{10'000} << 12};
  CHECK(read[0].size == sim::Bytes{});  // its part once
  CHECK(read[0].io.used(disk) == disk / 5);
  CHECK(read[0].io.from(disk, 0) == disk / 2);
  CHECK(read[0].io.from(disk, 2) == disk / 10 * 7);
  CHECK(read[0].io.used_by_job(disk, 2) == disk / 5);
  CHECK(read[2].io.offset == sim::Bytes{5 << 20});
  CHECK(read[2].io.span == sim::Bytes{2 << 20});
  CHECK(read[3].io.span == sim::Bytes{25 << 20});
  CHECK(read[4].io.used(disk) == disk);
  CHECK(read[5].io.offset == sim::Bytes{110 << 20});
  CHECK(complaint("[a]\nsize=20%\n").find("[a]: a per cent of which size?") != std::string::npos);
  CHECK(complaint("[a]\nsize=120%\n").find("size=120%: need a size") != std::string::npos);
}

TEST_CASE("files named together lie side by side and are used in turn") {
  const auto read = read_jobs(
      "[a]\nfilename=/x:/y\nsize=4m\n[b]\nfilename=/y\nfile_service_type=sequential\n"
      "[c]\nfilename=/x:/y\nrw=randread\nfile_service_type=random\n[d]\nsize=1m\n");
  CHECK(read[0].io.files == 2);
  CHECK(read[0].io.files_in_turn);
  CHECK(read[0].io.span == sim::Bytes{4 << 20});
  CHECK(read[1].io.files == 1);
  CHECK(read[1].io.offset == sim::Bytes{2 << 20});
  CHECK(read[1].io.span == sim::Bytes{2 << 20});
  CHECK(read[2].io.offset == sim::Bytes{});
  CHECK(read[2].io.span == sim::Bytes{4 << 20});
  CHECK(read[3].io.offset == sim::Bytes{4 << 20});
  CHECK_FALSE(
      read_jobs("[a]\nfilename=x:y\nsize=4m\nfile_service_type=sequential\n")[0].io.files_in_turn);
  CHECK(complaint("[a]\nfilename=x:y\nsize=4m\nfile_service_type=random\n")
            .find("random where rw is, too") != std::string::npos);
  CHECK(complaint("[a]\nfilename=x:y\nsize=4m\n[b]\nfilename=y:x\n")
            .find("filename=y:x: need files that an earlier section names together") !=
        std::string::npos);
  CHECK(complaint("[a]\nfilename=/dev/vdb:/dev/vdc\n").find("need one device") !=
        std::string::npos);
}

TEST_CASE("what makes I/Os cheaper is passed over with a note") {
  const Study study =
      Files{
          "[global]\nsize=1m\nfixedbufs\nhipri=0\n[a]\niodepth_batch_submit=16\nsqthread_poll=1\n"
          "nonvectored=1\n[b]\n"}
          .study();
  REQUIRE(study.notes.size() == 3);
  CHECK(study.notes[0].find("jobs.fio:3: fixedbufs: ") != std::string::npos);
  CHECK(study.notes[1].find("jobs.fio:6: iodepth_batch: ") != std::string::npos);
  CHECK(study.notes[2].find("jobs.fio:7: sqthread_poll: ") != std::string::npos);
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

TEST_CASE("comments end lines, variables are filled in, names may hold escaped colons") {
  const auto read = read_jobs(
      "  # text\n[global] ; all\nbs=8k ; blocks\n[a] # first\nsize=${SIZE}\t# text\n"
      "filename=/data/x\\:y\n[b]\nsize=1m\nbs=$pagesize\n",
      {{"SIZE", "3m"}});
  CHECK(read[0].name == "a");
  CHECK(read[0].io.block == sim::Bytes{8'192});
  CHECK(read[0].io.span == sim::Bytes{3 << 20});
  CHECK(read[1].io.block == sim::Bytes{4'096});
  // Values are not filled in themselves.
  CHECK_THROWS_WITH(read_jobs("[a]\nsize=${A}\n", {{"A", "${A}"}}),
                    Catch::Matchers::Contains("size=${A}: need a size"));
  CHECK(complaint("[a]\nsize=1m\nnumjobs=$ncpus\n").find("jobs.fio:3:1: numjobs: $ncpus is not") !=
        std::string::npos);
}

TEST_CASE("random places come once each, unless the job says otherwise") {
  using models::workload::Spread;
  const auto read = [](const std::string& options) {
    return read_jobs("[a]\nsize=1g\nrw=randread\n" + options)[0].io;
  };
  CHECK(read("").distribution.spread == Spread::once);
  CHECK(read("norandommap\n").distribution.spread == Spread::uniform);
  CHECK(read("norandommap\nrandom_generator=lfsr\n").distribution.spread == Spread::once);
  CHECK(read("rw=read\n").distribution.spread == Spread::uniform);
  CHECK(read("random_distribution=zipf:1.2\n").distribution.spread == Spread::zipf);
  CHECK(read("random_distribution=zipf:1.2:0.5\n").distribution.skew == Approx(1.2));
  CHECK(read("random_distribution=zipf:1.2:0.5\n").distribution.centre == Approx(0.5));
  CHECK(read("random_distribution=pareto\n").distribution.skew == Approx(0.2));
  CHECK(read("random_distribution=normal:10\n").distribution.skew == Approx(0.1));
  CHECK(read("percentage_random=25\n").random_share == Approx(0.25));
  const auto zoned = read("random_distribution=zoned:50/5:30/15:20/\n").distribution;
  REQUIRE(zoned.zones.size() == 3);
  CHECK(zoned.spread == Spread::zones);
  CHECK(zoned.zones[0].share == Approx(0.5));
  CHECK(zoned.zones[2].part == Approx(0.8));
  const auto by_size = read("random_distribution=zoned_abs:60/1m:40/9m\n").distribution;
  CHECK(by_size.zones[1].size == sim::Bytes{9 << 20});
  const auto refused = [](const std::string& value) {
    return complaint("[a]\nsize=1g\nrw=randread\nrandom_distribution=" + value + "\n");
  };
  CHECK(refused("zipf:1").find("need an exponent other than 1") != std::string::npos);
  CHECK(refused("zoned:50/5").find("sum to 100") != std::string::npos);
  CHECK(refused("sequence:2,0,1").find("need one of random, zipf") != std::string::npos);
}

TEST_CASE("rw's postfix makes holes, goes back, or makes runs") {
  const auto read = [](const std::string& options) {
    return read_jobs("[a]\nsize=1g\n" + options)[0].io;
  };
  CHECK(read("rw=write:112k\n").skip == sim::Bytes{112 << 10});
  CHECK_FALSE(read("rw=write:112k\n").backwards);
  CHECK(read("rw=read:-8k\n").skip == sim::Bytes{8 << 10});
  CHECK(read("rw=read:-8k\n").backwards);
  CHECK(read("rw=randread:8\n").run == 8);
  CHECK_FALSE(read("rw=randread:8\n").repeat);
  CHECK(read("rw=randread:8\nrw_sequencer=identical\n").repeat);
  CHECK(complaint("[a]\nsize=1m\nrw=randread:-1\n").find("need a number of I/Os behind") !=
        std::string::npos);
  CHECK(complaint("[a]\nsize=1m\nrw=randtrim\n").find("trims are not simulated") !=
        std::string::npos);
}

TEST_CASE("reads and writes may have sizes of their own") {
  const auto read = [](const std::string& options) {
    return read_jobs("[a]\nsize=1g\nrw=randrw\n" + options)[0].io;
  };
  const auto two = read("bs=4k,64k\n");
  CHECK(two.block == sim::Bytes{4'096});
  CHECK(two.write_block == sim::Bytes{64 << 10});
  CHECK(two.mean_block_B() == Approx(34 << 10));
  CHECK(read("bs=,8k\n").block == sim::Bytes{4'096});
  CHECK(read("bs=8k,8k\n").write_block == sim::Bytes{});
  const auto range = read("bsrange=4k-16k,8k-8k\n");
  REQUIRE(range.blocks.size() == 4);
  CHECK(range.blocks[3].size == sim::Bytes{16 << 10});
  CHECK(range.blocks[3].share == Approx(0.25));
  CHECK(range.write_block == sim::Bytes{8'192});
  const auto uneven = read("bsrange=4k-10k\n");  // the rest is of the largest
  REQUIRE(uneven.blocks.size() == 3);
  CHECK(uneven.blocks[2].size == sim::Bytes{10 << 10});
  CHECK(uneven.blocks[2].share == Approx(0.2));
  CHECK(read("bsrange=512-16m\n").blocks.size() == 256);
  // Places are multiples of the least size, or of what blockalign says.
  CHECK(range.align == sim::Bytes{4'096});
  CHECK(read("bs=64k\nblockalign=4k\n").align == sim::Bytes{4'096});
  CHECK(read("bs=64k\n").align == sim::Bytes{});
  CHECK(read_jobs("[a]\nsize=1g\nrw=randwrite\nbs=4k,64k\n")[0].io.block == sim::Bytes{64 << 10});
}

TEST_CASE("rates are of reads and of writes, and may be random") {
  const auto read = [](const std::string& options) {
    return read_jobs("[a]\nsize=1g\n" + options)[0].io;
  };
  CHECK(read("rate_iops=100,50\n").rate == sim::Hertz{100});
  const auto both = read("rw=randrw\nrate_iops=300,100\n");
  CHECK(both.rate == sim::Hertz{400});
  CHECK(both.read_share == Approx(0.75));
  CHECK(read("rw=rw\nbs=4k,8k\nrate=400k\n").rate == sim::Hertz{150});
  CHECK(read("rate_iops=100\nrate_process=poisson\n").random_rate);
  CHECK_FALSE(read("rate_iops=100\n").random_rate);
  CHECK(
      complaint("[a]\nsize=1g\nrw=rw\nrate_iops=100,\n").find("one for reads and one for writes") !=
      std::string::npos);
}

TEST_CASE("batches and thinking hold back who asks for many at once") {
  const auto read = [](const std::string& options) {
    return read_jobs("[a]\nsize=1g\nioengine=libaio\ndirect=1\niodepth=16\n" + options)[0].io;
  };
  CHECK(read("").batch == 1);
  CHECK(read("iodepth_batch_complete_min=8\n").batch == 8);
  CHECK(read("iodepth_batch_complete=99\n").batch == 16);
  CHECK(read("iodepth_low=4\n").batch == 12);
  CHECK(read("thinktime=50\nthinktime_blocks=4\n").batch == 16);
  const auto alone = read("iodepth=1\nthinktime=50\nthinktime_blocks=4\n");
  CHECK(alone.batch == 1);
  CHECK(alone.think_every == 4);
  const auto offloaded = read_jobs("[a]\nsize=1m\niodepth=8\nio_submit_mode=offload\n")[0].io;
  CHECK(offloaded.depth == 8);
}

TEST_CASE("clones of a job lie apart, run where they are told to and end when they are") {
  const auto read = read_jobs(
      "[a]\nfilename=/dev/vdb\nsize=1g\nnumjobs=4\noffset_increment=2g\ncpus_allowed=0,2-3\n"
      "number_ios=100\nloops=2\nexitall\nexit_what=stonewall\n"
      "[b]\nwait_for=a\nsize=1m\nioengine=sg\n");
  CHECK(read[0].io.increment == sim::Bytes{std::int64_t{2} << 30});
  CHECK(read[0].io.span == sim::Bytes{1 << 30});
  CHECK(read[0].io.cpus == std::vector<int>{0, 2, 3});
  CHECK(read[0].ios == 200);
  CHECK(read[0].ends_others);
  CHECK(read[1].after == "a");
  CHECK(read[1].together);
  CHECK(read[1].io.direct);
  CHECK(complaint("[a]\nsize=1m\nwait_for=b\n").find("wait_for=b: need the name of a section") !=
        std::string::npos);
}

TEST_CASE("what is verified is read back, which costs the CPU") {
  const auto read = read_jobs(
      "[a]\nrw=randwrite\nsize=1g\nbs=64k\nverify=md5\nioengine=libaio\ndirect=1\niodepth=4\n"
      "[b]\nwait_for=a\nsize=1m\n[c]\nstonewall\nsize=1m\nverify=crc32c\n"
      "[d]\nrw=write\nsize=1m\nverify=md5\ndo_verify=0\n");
  REQUIRE(read.size() == 5);
  CHECK(read[0].io.compute == sim::Instructions{(7 + 1) * 65'536});  // check, fill
  const auto& back = read[1];
  CHECK(back.name == "a-verify");
  CHECK(back.together);
  CHECK(back.after == "a");
  CHECK(back.sync_first);
  CHECK(back.drop_cached);
  CHECK(back.io.read_share == 1.0);
  CHECK(back.io.depth == 4);
  CHECK(back.io.offset == read[0].io.offset);
  CHECK(back.io.span == read[0].io.span);
  CHECK(back.io.compute == sim::Instructions{7 * 65'536});
  CHECK(read[2].after == "a-verify");
  CHECK(read[3].io.compute.count() > 0);
  CHECK(read[4].io.compute == sim::Instructions{8 * 4'096});
  const auto mixed = read_jobs("[a]\nrw=randrw\nrwmixread=75\nsize=4m\nverify=md5\n");
  CHECK(mixed[1].size == sim::Bytes{1 << 20});
  CHECK(read_jobs("[a]\nrw=write\nsize=1m\nrefill_buffers\n")[0].io.compute ==
        sim::Instructions{4'096});
  CHECK(complaint("[a]\nrw=write\nsize=1m\nverify=md5\nruntime=5\n")
            .find("jobs.fio:5:1: runtime: with verify") != std::string::npos);
}

TEST_CASE("a job may use a file that stands before it, or fill the disk") {
  const auto read = read_jobs(
      "[a]\nfilename=x\nrw=write\nsize=8m\n[b]\nstonewall\nfilename=x\n"
      "[c]\nstonewall\nrw=write\nfilename=y\nfill_device=1\n[d]\nstonewall\nfilename=y\n");
  CHECK(read[1].io.span == sim::Bytes{8 << 20});
  CHECK(read[2].io.offset == sim::Bytes{8 << 20});
  CHECK(read[2].io.span == sim::Bytes{});
  CHECK(read[3].io.offset == sim::Bytes{8 << 20});
  CHECK(read[3].io.span == sim::Bytes{});
  const auto alike = read_jobs("[a]\nfilename_format=z\nsize=1m\nnumjobs=2\n");
  CHECK(alike[0].io.parts == models::workload::Parts::shared);
}

TEST_CASE("what is outside of what is simulated is told once") {
  const std::string text = complaint(
      "[global]\nioengine=http\nhttp_host=x\nhttp_s3_key=${TENANCY_NOT_SET}\n[a]\nrw=trim\n[b]\n");
  CHECK(text.find("jobs.fio:2:1: ioengine=http: outside of what is simulated") !=
        std::string::npos);
  CHECK(text.find("http_host") == std::string::npos);
  CHECK(text.find("TENANCY_NOT_SET") == std::string::npos);
  CHECK(complaint("[a]\nsize=1m\nioengine=libaoi\n").find("did you mean \"libaio\"?") !=
        std::string::npos);
  CHECK(complaint("[a]\nioengine=io_uring_cmd\n").find("did you mean") == std::string::npos);
  const std::string zones = complaint("[a]\nsize=8z\nzonemode=zbd\nzonesize=1m\n");
  CHECK(zones.find("jobs.fio:3:1: zonemode=zbd: no zoned device") != std::string::npos);
  CHECK(zones.find("jobs.fio:4") == std::string::npos);
  CHECK(complaint("[a]\nsize=1m\nfilename=/dev/null\n").find("no disk") != std::string::npos);
}

TEST_CASE("options that change nothing pass, others only as they change nothing") {
  CHECK(complaint("[a]\nsize=1m\nlog_avg_msec=500\nwrite_lat_log=x\nthread=1\nzonemode=none\n"
                  "fadvise_hint=1\nnice=0\nunified_rw_reporting=1\nallrandrepeat=1\nratemin=5\n"
                  "iodepth_batch_complete_max=4\nsoftrandommap\nkb_base=1024\n") == "accepted");
  const std::string text = complaint(
      "[a]\nsize=1m\nnice=5\nkb_base=1000\nlatency_target=500\nnuma_cpu_nodes=0\nthreads=1\n");
  CHECK(text.find("jobs.fio:3:1: nice=5: need 0") != std::string::npos);
  CHECK(text.find("jobs.fio:4:1: kb_base=1000: need 1024") != std::string::npos);
  CHECK(text.find("jobs.fio:5:1: latency_target: this option of fio is not simulated; sweep") !=
        std::string::npos);
  CHECK(text.find("numa_cpu_nodes: this option of fio is not simulated; say") != std::string::npos);
  CHECK(text.find("threads: this option of fio is not simulated (did you mean \"thread\"?)") !=
        std::string::npos);
}

TEST_CASE("mistakes in a job file are told with its lines") {
  const std::string text = complaint(
      "bs=4k\n[a]\nsize=1q\nrw=backwards\nzonesize=1m\nnumjobs=1.5\nruntime=x\nbs=4q,8k\n"
      "ioengine=psync\n[b]\nfilename=${TENANCY_NOT_SET}/x\n[c]\n");
  CHECK(text.find("jobs.fio:1:1: an option before the first section") != std::string::npos);
  CHECK(text.find("jobs.fio:3:1: size=1q: need a size") != std::string::npos);
  CHECK(text.find("jobs.fio:4:1: rw=backwards: need one of read") != std::string::npos);
  CHECK(text.find("jobs.fio:5:1: zonesize: this option of fio is not simulated") !=
        std::string::npos);
  CHECK(text.find("jobs.fio:6:1: numjobs=1.5: need a whole number") != std::string::npos);
  CHECK(text.find("jobs.fio:7:1: runtime=x: need a time") != std::string::npos);
  CHECK(text.find("jobs.fio:8:1: bs=4q,8k: need a size") != std::string::npos);
  CHECK(text.find("jobs.fio:11:1: filename: ${TENANCY_NOT_SET} is not set") != std::string::npos);
  CHECK(text.find("[c]: need size=") != std::string::npos);
  CHECK(complaint("[global]\nsize=1m\n").find("no job") != std::string::npos);
  CHECK(complaint("[a]\nsize=nan\n").find("size=nan: need a size") != std::string::npos);
}

TEST_CASE("a job file without an end is not read") {
  const tests::TemporaryFolder folder;
  std::string text = kScenario;
  text.replace(text.find("jobs.fio"), 8, "/dev/zero");
  CHECK_THROWS_WITH(read_file(folder.write("scenario.toml", text), {}),
                    Catch::Contains("/dev/zero"));
}

TEST_CASE("numbers that fio refuses are refused, whether or not they matter") {
  for (const char* rw : {"randrw", "randwrite"}) {
    const std::string jobs = std::string{"[a]\nsize=1m\nrw="} + rw + "\n";
    CHECK(complaint(jobs + "rwmixread=120\n")
              .find("jobs.fio:4:1: rwmixread=120: need a percentage") != std::string::npos);
    CHECK(complaint(jobs + "rwmixwrite=101\n").find("rwmixwrite=101: need a percentage") !=
          std::string::npos);
    CHECK(complaint(jobs + "iodepth=0\n").find("iodepth=0: need 1 or more") != std::string::npos);
  }
}
