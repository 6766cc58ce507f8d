// What the I/Os of one job of an fio job file are like, as keys of a [[test]].
//
// Models  directions and their mix; sequences with holes, backwards, runs from random places; sizes
//         of their own for reads and writes; fio's random map and distributions; rates, thinking,
//         batches of asynchronous I/O; CPU that contents cost.
// Omits   the random map where reads and writes have sizes of their own; that of I/Os larger than
//         its granule.
// Source  fio(1); io_u.c (get_next_offset, get_next_buflen, rate_ddir), init.c (fixup_options).
// Checked tests/scenarios/fio_job_test.cpp.
#pragma once

#include <string>

#include "scenarios/fio_job_file.hpp"
#include "scenarios/node.hpp"
#include "scenarios/problems.hpp"

namespace scenarios {

void put(Node& table, const Location& at, std::string key, decltype(Node::value) value);
void put_bytes(Node& table, const Location& at, std::string key, double size_B);

struct FioIos {
  double read_share = 1.0;
  double block_B = 0.0;        // mean
  double write_block_B = 0.0;  // of writes
  bool writes() const { return read_share < 1.0; }
};

// `reading_back`: of its verification, which reads what it wrote.
FioIos put_ios(const FioJob& job, bool reading_back, Node& test, Problems& problems);

// Whether it reads back what it has written.
bool verifies_writes(const FioJob& job);

}  // namespace scenarios
