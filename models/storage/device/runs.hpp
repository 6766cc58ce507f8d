// Accesses that go on where others ended, told apart however many of them there are at a time.
//
// A first access is a candidate; what goes on at its end makes it a run. A run takes in what it
// reaches, so that accesses may overtake each other, and may begin again where it began, as a log
// does that is written round and round. Of runs the one longest not touched makes room for a new
// one, of candidates the oldest: one access in `kCandidates` keeps a run known.
//
// Source  Memblaze: SSD read-ahead, PBlaze7 7940 (technical article 698): a context for each of the
//         sequential streams, which arrive out of order and among random accesses.
// Checked tests/models/storage/device/runs_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/units.hpp"

namespace models::storage::device {

class Runs {
 public:
  static constexpr std::size_t kCandidates = 64;

  struct Run {
    sim::Bytes begin{-1};
    sim::Bytes end{-1};
    sim::Bytes length{};       // of all its accesses, laps counted again
    std::uint64_t number = 0;  // of the run; another when its place has been given to another
    std::uint64_t touched = 0;
  };

  explicit Runs(std::size_t most);

  // The run that this access goes on with, it included; null: none, it may begin one.
  const Run* follow(sim::Bytes offset, sim::Bytes size);
  // The run's place among `most`.
  std::size_t places() const { return runs_.size(); }  // that have ever been taken
  std::size_t place(const Run& run) const { return static_cast<std::size_t>(&run - runs_.data()); }

 private:
  struct Span {
    sim::Bytes begin{-1};
    sim::Bytes end{-1};
  };
  Run* known(Span access);
  Run& begin_run(const Span& first);
  void extend(Run& run, Span access);

  std::size_t most_;
  std::vector<Run> runs_;
  std::vector<Span> candidates_;  // a ring
  std::size_t next_candidate_ = 0;
  std::uint64_t clock_ = 0;
};

}  // namespace models::storage::device
