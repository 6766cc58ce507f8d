#include "scenarios/fio_options.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <vector>

#include "scenarios/nearest.hpp"

namespace scenarios {
namespace {

using Names = std::set<std::string_view>;
using Pairs = std::map<std::string_view, std::string_view>;

// Other names of options, and those that come to the same here.
const Pairs kOtherNames{{"readwrite", "rw"},
                        {"blocksize", "bs"},
                        {"blocksize_range", "bsrange"},
                        {"ba", "blockalign"},
                        {"io_limit", "io_size"},
                        {"nr_files", "nrfiles"},
                        {"fileoffset", "offset"},
                        {"fill_fs", "fill_device"},
                        {"iodepth_batch_submit", "iodepth_batch"},
                        {"iodepth_batch_complete", "iodepth_batch_complete_min"},
                        {"fdatasync", "fsync"},
                        {"fsync_on_close", "end_fsync"},
                        {"timeout", "runtime"},
                        {"wait_for_previous", "stonewall"},
                        {"allrandrepeat", "randrepeat"},
                        {"iomem", "mem"},
                        {"mem_align", "iomem_align"},
                        {"ratemin", "rate_min"},
                        {"ratecycle", "rate_cycle"},
                        {"disable_bw", "disable_bw_measurement"},
                        {"log_max_value", "log_window_value"},
                        {"log_unix_epoch", "log_alternate_epoch"},
                        {"data_placement", "dataplacement"},
                        {"blocksize_unaligned", "bs_unaligned"},
                        {"ss", "steadystate"}};

// What makes submitting or completing cheaper, by less than is told apart here.
const Pairs kCosts{{"fixedbufs", "each I/O's pages are pinned all the same"},
                   {"hipri", "completions come by interrupts, as of a disk without poll queues"},
                   {"iodepth_batch", "each I/O is submitted by a system call of its own"},
                   {"sqthread_poll", "each I/O is submitted by a system call, no thread polls"}};

const Names kSimulated{"blockalign",
                       "bs",
                       "bsrange",
                       "bssplit",
                       "buffered",
                       "cpus_allowed",
                       "direct",
                       "directory",
                       "do_verify",
                       "end_fsync",
                       "exit_what",
                       "exitall",
                       "file_service_type",
                       "filename",
                       "filename_format",
                       "filesize",
                       "fill_device",
                       "fsync",
                       "invalidate",
                       "io_size",
                       "io_submit_mode",
                       "iodepth",
                       "iodepth_batch_complete_min",
                       "iodepth_low",
                       "ioengine",
                       "loops",
                       "new_group",
                       "norandommap",
                       "nrfiles",
                       "number_ios",
                       "numjobs",
                       "offset",
                       "offset_increment",
                       "percentage_random",
                       "ramp_time",
                       "random_distribution",
                       "random_generator",
                       "rate",
                       "rate_iops",
                       "rate_process",
                       "refill_buffers",
                       "runtime",
                       "rw",
                       "rw_sequencer",
                       "rwmixread",
                       "rwmixwrite",
                       "size",
                       "startdelay",
                       "stonewall",
                       "sync",
                       "thinktime",
                       "thinktime_blocks",
                       "time_based",
                       "verify",
                       "wait_for"};

// What changes reports, logs, contents, how files are made before, or what is done about errors.
const Names kPassedOver{"allow_file_create",
                        "allow_mounted_write",
                        "block_error_percentiles",
                        "buffer_compress_chunk",
                        "buffer_compress_percentage",
                        "buffer_pattern",
                        "bwavgtime",
                        "clat_percentiles",
                        "clocksource",
                        "comm",
                        "continue_on_error",
                        "cpus_allowed_policy",
                        "create_fsync",
                        "create_on_open",
                        "create_serialize",
                        "dedupe_global",
                        "dedupe_mode",
                        "dedupe_percentage",
                        "dedupe_working_set_percentage",
                        "description",
                        "disable_bw_measurement",
                        "disable_clat",
                        "disable_lat",
                        "disable_slat",
                        "disk_util",
                        "error_dump",
                        "exitall_on_error",
                        "fallocate",
                        "gid",
                        "group_reporting",
                        "gtod_cpu",
                        "gtod_reduce",
                        "hugepage-size",
                        "ignore_error",
                        "iodepth_batch_complete_max",
                        "iomem_align",
                        "iopsavgtime",
                        "job_start_clock_id",
                        "lat_percentiles",
                        "log_alternate_epoch",
                        "log_alternate_epoch_clock_id",
                        "log_avg_msec",
                        "log_compression",
                        "log_compression_cpus",
                        "log_entries",
                        "log_hist_coarseness",
                        "log_hist_msec",
                        "log_issue_time",
                        "log_offset",
                        "log_prio",
                        "log_store_compressed",
                        "log_window_value",
                        "mem",
                        "name",
                        "nonvectored",
                        "openfiles",
                        "overwrite",
                        "per_job_logs",
                        "percentile_list",
                        "randrepeat",
                        "randseed",
                        "rate_cycle",
                        "rate_iops_min",
                        "rate_min",
                        "registerfiles",
                        "scramble_buffers",
                        "significant_figures",
                        "slat_percentiles",
                        "softrandommap",
                        "sqthread_poll_cpu",
                        "stats",
                        "status_interval",
                        "thinktime_blocks_type",
                        "thread",
                        "uid",
                        "unified_rw_reporting",
                        "unique_filename",
                        "unit_base",
                        "unlink",
                        "unlink_each_loop",
                        "userspace_reap",
                        "verify_dump",
                        "verify_fatal",
                        "verify_header_seed",
                        "verify_interval",
                        "verify_offset",
                        "verify_pattern",
                        "verify_pattern_interval",
                        "verify_policy",
                        "verify_state_save",
                        "verify_write_sequence",
                        "verifysort",
                        "verifysort_nr",
                        "write_bw_log",
                        "write_hist_log",
                        "write_iops_log",
                        "write_lat_log",
                        "zero_buffers"};

// Options whose usual value changes nothing, and which have no other one here.
const Pairs kOnlyAs{{"atomic", "0"},
                    {"bs_is_seq_rand", "0"},
                    {"end_syncfs", "0"},
                    {"experimental_verify", "0"},
                    {"fadvise_hint", "1"},
                    {"fdp", "0"},
                    {"file_append", "0"},
                    {"flow", "0"},
                    {"kb_base", "1024"},
                    {"latency_target", "0"},
                    {"lockfile", "none"},
                    {"lockmem", "0"},
                    {"nice", "0"},
                    {"nowait", "0"},
                    {"num_range", "1"},
                    {"offset_align", "0"},
                    {"pre_read", "0"},
                    {"random_sequence_stride", "0"},
                    {"serialize_overlap", "0"},
                    {"sprandom", "0"},
                    {"thinktime_iotime", "0"},
                    {"thinktime_spin", "0"},
                    {"trim_percentage", "0"},
                    {"verify_async", "0"},
                    {"verify_backlog", "0"},
                    {"write_barrier", "0"},
                    {"write_hint", "none"},
                    {"zonemode", "none"}};

const Pairs kInstead{{"cpumask", "say the guest's vCPUs by cpus_allowed"},
                     {"numa_cpu_nodes", "say the guest's vCPUs by cpus_allowed"},
                     {"numa_mem_policy", "say the guest's memory by vm.numa"},
                     {"latency_target", "sweep vm.<vm>.workload.test's depth instead"},
                     {"latency_run", "sweep vm.<vm>.workload.test's depth instead"},
                     {"steadystate", "take it out; runtime says how long a job lasts"},
                     {"include", "write that file's lines here"},
                     {"read_iolog", "no log is replayed; describe the I/O by rw, bs and rate"},
                     {"flow", "give each job a rate"}};

const Names kWait{"psync", "sync", "vsync", "pvsync", "pvsync2", "mmap", "sg"};
const Names kGoOn{"libaio", "io_uring", "posixaio", "windowsaio"};

std::vector<std::string_view> all_of(std::initializer_list<const Names*> sets) {
  std::vector<std::string_view> all;
  for (const Names* names : sets) all.insert(all.end(), names->begin(), names->end());
  return all;
}

std::string guess(const std::string& near) {
  return near.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", near);
}

}  // namespace

std::string fio_option_name(std::string_view given) {
  const auto other = kOtherNames.find(given);
  return std::string{other == kOtherNames.end() ? given : other->second};
}

std::string fio_option_problem(std::string_view name, std::string_view value) {
  if (kSimulated.contains(name) || kPassedOver.contains(name) || kCosts.contains(name)) return {};
  const auto only = kOnlyAs.find(name);
  if (only != kOnlyAs.end() && value == only->second) return {};
  const auto instead = kInstead.find(name);
  if (instead != kInstead.end())
    return fmt::format("{}: this option of fio is not simulated; {}", name, instead->second);
  if (only != kOnlyAs.end())
    return fmt::format("{}={}: need {}; other values are not simulated", name, value, only->second);
  return fmt::format(
      "{}: this option of fio is not simulated{}; take it out, or describe the job "
      "as [[vm.workload.test]]",
      name, guess(nearest(name, all_of({&kSimulated, &kPassedOver}))));
}

std::string fio_option_note(std::string_view name, std::string_view value) {
  const auto cost = kCosts.find(name);
  const bool usual = value == "0" || (name == "iodepth_batch" && value == "1");
  return cost == kCosts.end() || usual ? std::string{} : std::string{cost->second};
}

FioEngine fio_engine(std::string_view name) {
  if (kWait.contains(name)) return FioEngine::waits;
  return kGoOn.contains(name) ? FioEngine::goes_on : FioEngine::outside;
}

std::string fio_engine_near(std::string_view name) {
  return nearest(name, all_of({&kWait, &kGoOn}));
}

}  // namespace scenarios
