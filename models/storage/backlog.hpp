// What a cache has taken from writers and not yet written on.
//
// A run that ends while that still grows has measured the cache, not what is below it.
// Checked tests/models/storage/backlog_test.cpp.
#pragma once

#include <string>

#include "sim/units.hpp"

namespace models::storage {

struct Backlog {
  sim::Bytes unwritten{};
  sim::Bytes written{};  // on to what is below, since the run began

  void add(const Backlog& other) {
    unwritten += other.unwritten;
    written += other.written;
  }
};

// In words, for a cache that most of what was written from one moment to another stayed in; else
// empty. `cache`: whose, as in "the cache of array0's controller".
std::string still_fills(const std::string& cache, const Backlog& before, const Backlog& now);

}  // namespace models::storage
