// Values of fio's options that are mixes: sizes with their shares, distributions of places.
//
// Source  fio(1): bs, bsrange, bssplit, random_distribution; fio options.c, io_u.c.
// Checked tests/scenarios/fio_job_test.cpp.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "scenarios/fio_job_file.hpp"
#include "scenarios/node.hpp"
#include "scenarios/problems.hpp"

namespace scenarios {

using FioMix = std::vector<std::pair<double, double>>;  // bytes, share; never empty

// By bssplit before bsrange before bs.
FioMix fio_sizes(const FioJob& job, const std::string FioJob::Both::*way, Problems& problems);
double mean(const FioMix& mix);

// random_distribution other than "random", as keys of a [[test]].
void put_fio_distribution(const FioJob& job, const std::string& text, Node& test,
                          Problems& problems);

}  // namespace scenarios
