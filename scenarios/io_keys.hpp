// Keys of what a workload's jobs and tests ask of disks.
#pragma once

#include "models/workload/io_profile.hpp"
#include "models/workload/io_test.hpp"
#include "scenarios/section.hpp"

namespace scenarios {

const Section<models::workload::IoProfile>& io_keys();
const Section<models::workload::IoTest>& io_test_keys();

// What a test does not say of its jobs, but for their number, its workload's `io` says.
void fill_tests(Node& workload);

}  // namespace scenarios
