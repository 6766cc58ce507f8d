// Which blocks guests' jobs ask for, and where in memory their data lies.
#include <algorithm>
#include <optional>

#include "models/io_paths.hpp"
#include "models/pcie_cards.hpp"
#include "models/running_host.hpp"

namespace models {
namespace {

sim::Bytes block(const std::vector<workload::BlockShare>& mix, sim::Bytes otherwise,
                 sim::Random& random) {
  if (mix.empty()) return otherwise;
  double all = 0.0;
  for (const workload::BlockShare& one : mix) all += one.share;
  double left = random.uniform() * all;
  for (const workload::BlockShare& one : mix) {
    left -= one.share;
    if (left < 0) return one.size;
  }
  return mix.back().size;
}

// In a part of `all`, for an I/O of `size`. `places`: nothing if all are as likely.
std::int64_t random_place(const workload::IoProfile& profile,
                          std::optional<workload::Places>& places, sim::Bytes all, sim::Bytes size,
                          sim::Random& random) {
  const std::int64_t unit_B = places                      ? profile.place().count()
                              : profile.align.count() > 0 ? profile.align.count()
                                                          : size.count();
  const std::int64_t last = (all - size).count() / unit_B;
  if (!places)
    return unit_B * static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(last + 1)));
  return unit_B * std::min(last, static_cast<std::int64_t>(places->next(random)));
}

}  // namespace

// Where the next request's data lies: nodes take turns by the VM's memory there. -1: no matter.
int IoPaths::memory_node(RunningGuest& running) {
  const std::vector<double>& shares = host_.vms_[static_cast<std::size_t>(running.vm)].accesses;
  if (shares.size() < 2 || !host_.cards_->carries()) return -1;
  return running.turns.next(shares);
}

std::int64_t IoPaths::file_size(const workload::IoProfile& profile, const Stream& stream) {
  return (stream.size.count() + profile.files - 1) / profile.files;
}

// Where the next I/O of `size` begins in the job's part.
std::int64_t IoPaths::place(const workload::IoProfile& profile, Stream& stream, sim::Bytes size,
                            sim::Random& random) {
  const bool in_turn =
      profile.files_in_turn && profile.files > 1 && profile.pattern != workload::Pattern::random;
  const std::int64_t all_B = in_turn ? stream.size.count() / profile.files : stream.size.count();
  const std::int64_t from_B = in_turn ? all_B * stream.file : 0;
  std::int64_t at_B = stream.next_B;
  if (profile.pattern == workload::Pattern::random) {
    const bool begins = stream.in_run == 0;
    stream.in_run = (stream.in_run + 1) % profile.run;
    const bool jumps =
        begins && (profile.random_share >= 1 || random.uniform() < profile.random_share);
    if (jumps) {
      at_B = random_place(profile, stream.places, stream.size, size, random);
    } else if (!begins && profile.repeat) {
      at_B = stream.last_B;
    }
  }
  if (at_B + size.count() > all_B) at_B = 0;
  stream.last_B = at_B;
  if (in_turn) {
    stream.file = (stream.file + 1) % profile.files;
    if (stream.file != 0) return from_B + at_B;
  }
  const std::int64_t end_B = at_B + size.count(), skip_B = profile.skip.count();
  stream.next_B = profile.backwards ? end_B - skip_B : end_B + skip_B;
  if (stream.next_B < 0) stream.next_B = std::max<std::int64_t>(0, all_B - skip_B);
  return from_B + at_B;
}

storage::Request IoPaths::next(const workload::IoProfile& profile, Stream& stream,
                               sim::Random& random) {
  const auto reads = [&] {
    return profile.read_share >= 1 ||
           (profile.read_share > 0 && random.uniform() < profile.read_share);
  };
  // Which of both it is comes first only where its size depends on it.
  const bool by_size = profile.own_writes();
  bool read = !by_size || reads();
  const sim::Bytes size = read ? block(profile.blocks, profile.block, random)
                               : block(profile.write_blocks, profile.write_block, random);
  const std::int64_t offset_B = place(profile, stream, size, random);
  ++stream.issued;
  if (!by_size) read = reads();
  return {.operation = read ? storage::Operation::read : storage::Operation::write,
          .offset = stream.from + sim::Bytes{offset_B},
          .size = size,
          .direct = profile.direct};
}

}  // namespace models
