// An fio job file as a workload's tests: `fio = "database.fio"` in a workload's table.
//
// Sections become [[test]]s in their order, [global] ones their defaults; what I/Os cost the kernel
// is the workload's (`use`, the preset "fio" unless it says another). Regular files lie one after
// the other on the disk, each job's own unless filename= names one for all; a device is all of it.
// Options that change nothing here (names, logs, seeds, reports) are passed over, those that would
// and are not simulated are refused with their line, as fio's own mistakes are; those that make
// I/Os cheaper by less than is told apart are noted. A job that verifies
// reads back what it wrote as a test of its own, "<job>-verify", which begins when it has ended.
//
// Source  fio(1), HOWTO: sections, sizes (1k = 1024), times, defaults (psync, 4 KiB, buffered).
// Checked tests/scenarios/fio_job_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scenarios/node.hpp"
#include "scenarios/problems.hpp"
#include "scenarios/scenario.hpp"

namespace scenarios {

// A workload with `fio` and without `use` starts from the preset "fio"; of a preset's own jobs none
// run beside the file's, unless the workload itself says how many. Before presets are expanded.
void prepare_fio_job(Node& workload);

// Replaces the key `fio` of a workload's table, once its preset is expanded, by tests. `path`: what
// the table is called in messages; `notes`: what is passed over of it.
void expand_fio_job(Node& workload, const std::string& path, const Variables& variables,
                    std::vector<std::string>& notes, Problems& problems);

// The tests that a job file's text asks for, as an array of tables; `file` is its name in messages.
Node fio_tests(std::string_view text, const std::string& file, const Variables& variables,
               std::vector<std::string>& notes, Problems& problems);

}  // namespace scenarios
