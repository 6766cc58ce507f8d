// What a guest's disk submits of a round of its event loop: requests on their own, neighbours
// merged, writes that complete as one (guest_disk.hpp).
#include <algorithm>
#include <utility>

#include "models/guest_disk.hpp"
#include "models/running_host.hpp"
#include "sim/join.hpp"

namespace models {

// For the end of the round.
bool GuestDisk::collects(const Piece& piece) const {
  const vmm::BlockCosts& costs = host_.block_costs();
  if (description_.bus != DiskBus::virtio_blk || !has_data(piece.request)) return false;
  const bool writes = piece.request.operation == storage::Operation::write;
  return costs.request_merging || (costs.multiwrite && writes);
}

// Before a flush, and before a request in the other direction.
bool GuestDisk::ends(const std::vector<Piece*>& round, const Piece& piece) const {
  if (round.empty()) return false;
  if (!has_data(piece.request)) return true;
  return collects(piece) && piece.request.operation != round.front()->request.operation;
}

// In order of place; neighbours go as one, as long as its pages fit into one call.
void GuestDisk::submit_round(std::vector<Piece*> pieces) {
  constexpr std::int64_t kMostVectors = 1024;  // IOV_MAX; a page each
  std::stable_sort(pieces.begin(), pieces.end(), [](const Piece* a, const Piece* b) {
    return a->request.offset < b->request.offset;
  });
  std::vector<std::vector<Piece*>> runs;
  sim::Bytes size{};
  for (Piece* piece : pieces) {
    const storage::Request& request = piece->request;
    const storage::Request* first = runs.empty() ? nullptr : &runs.back().front()->request;
    const bool joins = first != nullptr && request.offset == first->offset + size &&
                       request.fua == first->fua && pages(size + request.size) <= kMostVectors;
    if (!joins) {
      runs.emplace_back();
      size = {};
    }
    runs.back().push_back(piece);
    size += request.size;
  }
  if (host_.block_costs().multiwrite) {
    engine().spawn(submit_together(std::move(runs)));
    return;
  }
  for (std::vector<Piece*>& run : runs) engine().spawn(submit_run(std::move(run)));
}

sim::Process GuestDisk::submit(Piece& piece) {
  co_await below_.serve(piece.request);
  complete(piece);
}

sim::Process GuestDisk::submit_together(std::vector<std::vector<Piece*>> runs) {
  sim::Join all{engine()};
  for (const std::vector<Piece*>& run : runs) all.add(serve_run(run));
  co_await all.all();
  for (const std::vector<Piece*>& run : runs) {
    for (Piece* piece : run) complete(*piece);
  }
}

sim::Process GuestDisk::submit_run(std::vector<Piece*> run) {
  co_await serve_run(run);
  for (Piece* piece : run) complete(*piece);
}

sim::Task<> GuestDisk::serve_run(const std::vector<Piece*>& run) {
  storage::Request request = run.front()->request;
  if (run.size() == 1) {
    co_await below_.serve(request);
    co_return;
  }
  storage::Waits* const waits = request.waits;
  storage::Waits merged;
  merged.requests = static_cast<double>(run.size());
  request.waits = &merged;
  request.size = run.back()->request.offset + run.back()->request.size - request.offset;
  co_await below_.serve(request);
  waits->add(merged);
  // Reaped as one, each goes to the used ring by itself (virtio_blk_rw_complete).
  const auto others = static_cast<std::int64_t>(run.size()) - 1;
  co_await loop_->work(host_.block_costs().complete * others);
}

}  // namespace models
