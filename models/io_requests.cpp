// Which blocks guests' jobs ask for, and where in memory their data lies.
#include <algorithm>

#include "models/io_paths.hpp"
#include "models/pcie_cards.hpp"
#include "models/running_host.hpp"

namespace models {

// Where the next request's data lies: nodes take turns by the VM's memory there. -1: no matter.
int IoPaths::memory_node(RunningGuest& running) {
  const std::vector<double>& shares = host_.vms_[static_cast<std::size_t>(running.vm)].accesses;
  if (shares.size() < 2 || !host_.cards_->carries()) return -1;
  running.due.resize(shares.size());
  for (std::size_t node = 0; node < shares.size(); ++node) running.due[node] += shares[node];
  const auto most = std::max_element(running.due.begin(), running.due.end());
  *most -= 1.0;
  return static_cast<int>(most - running.due.begin());
}

std::int64_t IoPaths::file_size(const workload::IoProfile& profile, const Stream& stream) {
  return (stream.size.count() + profile.files - 1) / profile.files;
}

sim::Bytes IoPaths::block(const workload::IoProfile& profile, sim::Random& random) {
  if (profile.blocks.empty()) return profile.block;
  double all = 0.0;
  for (const workload::BlockShare& one : profile.blocks) all += one.share;
  double left = random.uniform() * all;
  for (const workload::BlockShare& one : profile.blocks) {
    left -= one.share;
    if (left < 0) return one.size;
  }
  return profile.blocks.back().size;
}

storage::Request IoPaths::next(const workload::IoProfile& profile, Stream& stream,
                               sim::Random& random) const {
  const sim::Bytes size = block(profile, random);
  if (stream.next_B + size.count() > stream.size.count()) stream.next_B = 0;
  std::int64_t offset_B = stream.next_B;
  if (profile.pattern == workload::Pattern::sequential) {
    stream.next_B += size.count();
  } else {
    const auto places = static_cast<std::uint64_t>(stream.size.count() / size.count());
    offset_B = size.count() * static_cast<std::int64_t>(random.below(places));
  }
  ++stream.issued;
  const bool read =
      profile.read_share >= 1 || (profile.read_share > 0 && random.uniform() < profile.read_share);
  return {.operation = read ? storage::Operation::read : storage::Operation::write,
          .offset = stream.from + sim::Bytes{offset_B},
          .size = size};
}

}  // namespace models
