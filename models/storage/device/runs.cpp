#include "models/storage/device/runs.hpp"

#include <algorithm>

namespace models::storage::device {
namespace {

// From inside or its very end, and beyond.
template <typename Stretch, typename Access>
bool goes_on(const Stretch& stretch, const Access& access) {
  return stretch.begin <= access.begin && access.begin <= stretch.end && stretch.end < access.end;
}

sim::Bytes length(const Runs::Run& run) {
  return run.length;
}
template <typename Span>
sim::Bytes length(const Span& span) {
  return span.end - span.begin;
}

// What came before its turn and begins where the run ends.
template <typename Stretches>
bool takes_in(Runs::Run& run, Stretches& early) {
  const auto next = std::find_if(early.begin(), early.end(),
                                 [&](const auto& each) { return each.begin == run.end; });
  if (next == early.end()) return false;
  run.length += length(*next);
  run.end = next->end;
  *next = {};
  return true;
}

}  // namespace

Runs::Runs(std::size_t most) : most_{most}, candidates_(kCandidates) {
  runs_.reserve(most);
}

const Runs::Run* Runs::follow(sim::Bytes offset, sim::Bytes size) {
  const Span access{offset, offset + size};
  Run* run = known(access);
  if (run == nullptr) {
    const auto first = std::find_if(candidates_.begin(), candidates_.end(),
                                    [&](const Span& each) { return goes_on(each, access); });
    if (first == candidates_.end()) {
      candidates_[next_candidate_] = access;
      next_candidate_ = (next_candidate_ + 1) % kCandidates;
      return nullptr;
    }
    run = &begin_run(*first);
    *first = {};
  }
  extend(*run, access);
  return run;
}

Runs::Run* Runs::known(Span access) {
  const auto found = std::find_if(runs_.begin(), runs_.end(), [&](const Run& each) {
    return goes_on(each, access) || each.begin == access.begin;
  });
  return found == runs_.end() ? nullptr : &*found;
}

Runs::Run& Runs::begin_run(const Span& first) {
  if (runs_.size() < most_) runs_.emplace_back();
  Run& run = *std::min_element(runs_.begin(), runs_.end(), [](const Run& left, const Run& right) {
    return left.touched < right.touched;
  });
  run = {first.begin, first.end, first.end - first.begin, ++clock_, clock_};
  return run;
}

void Runs::extend(Run& run, Span access) {
  run.touched = ++clock_;
  run.length += access.end - access.begin;
  run.end = access.end;
  while (takes_in(run, candidates_) || takes_in(run, runs_)) {
  }
}

}  // namespace models::storage::device
