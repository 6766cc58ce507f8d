// Tests of disks that a guest runs once, one after the other: IOzone's, dd's, the sections of an
// fio job file. They begin when measuring does.
//
// Models  jobs that end after so many bytes or so much time, together or in turn; durability asked
//         for at the end; pages that are dropped before.
// Omits   what a job costs beside its I/Os: creating and opening files.
// Source  fio(1): size, runtime, time_based, startdelay, ramp_time, stonewall, end_fsync,
// invalidate; iozone -i. Checked tests/models/io_tests_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "models/workload/io_profile.hpp"
#include "sim/error.hpp"

namespace models::workload {

struct IoTest {
  std::string name;
  bool together = false;     // with the test before it; else when all before it have ended
  std::string after{};       // of those that it begins with, one that must have ended
  sim::Duration delay{};     // before its jobs begin
  IoProfile io{.jobs = 1};   // its jobs; what I/Os cost the kernel is the workload's `io`'s
  sim::Bytes size{};         // that each job reads and writes; zero: its part of the disk, once
  std::int64_t ios = 0;      // of each job, after which it has ended, too; 0: `size` says
  sim::Duration ramp{};      // I/Os of its first part do not count
  sim::Duration runtime{};   // after that, it ends; zero: when all is done
  bool time_based = false;   // not before: goes on, whatever its size
  bool sync_at_end = false;  // each job asks for durability, which counts
  bool ends_others = false;  // those that run beside it end with it
  bool sync_first = false;   // what was written is made durable first, which does not count
  bool drop_cached = false;  // the guest's page cache forgets what is clean, first
};

// Numbers that cannot be. `path`: what the jobs' table is called.
void check(const IoProfile& io, const std::string& path, sim::Complaints& complaints);
// Jobs that ask for what their disks of `sizes`, which they take in turn, or their VM's `vcpus`
// have not.
void check_fit(const IoProfile& io, const std::vector<sim::Bytes>& sizes, int vcpus,
               const std::string& path, sim::Complaints& complaints);
// Names that cannot be told apart or printed, tests without an end. `vm`: the class's name.
void check(const std::vector<IoTest>& tests, const std::string& vm, sim::Complaints& complaints);

// I/Os of tests that may be under way at once.
int most_under_way(const std::vector<IoTest>& tests);

// I/Os of a job of a test that has `part` of the disk to use; zero: no end.
std::int64_t requests(const IoTest& test, sim::Bytes part);

}  // namespace models::workload
