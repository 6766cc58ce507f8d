#include "models/pcie_cards.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sim/error.hpp"

namespace models {
namespace {

bool is_card(const HostDescription& host, const std::string& name) {
  return std::any_of(host.pcie.cards.begin(), host.pcie.cards.end(),
                     [&](const pcie::Card& card) { return card.name == name; });
}

// What the description says of cards, and who else takes a slot.
pcie::Description fitted(const HostDescription& host) {
  pcie::Description all = host.pcie;
  for (const NicDescription& nic : host.nics) {
    if (nic.slot.empty()) continue;
    all.cards.push_back(
        {.name = nic.nic.name, .slot = nic.slot, .lanes = nic.lanes, .generation = nic.generation});
  }
  for (const HostDisk& disk : host.storage.disks) {
    if (disk.slot.empty()) continue;
    all.cards.push_back(
        {.name = disk.name, .slot = disk.slot, .lanes = disk.lanes, .generation = disk.generation});
  }
  return all;
}

void check_disk(const HostDescription& host, const HostDisk& disk, sim::Complaints& reasons) {
  const auto need = [&](bool holds, const std::string& text) {
    reasons.need(holds, fmt::format("host.disk.{}: {}", disk.name, text));
  };
  const bool attached = !disk.slot.empty() || !disk.card.empty();
  need(!attached || disk.on.empty(),
       "a unit of a storage server comes over the network, not through a slot or card");
  need(!attached || disk.device.kind != storage::device::Kind::memory,
       "lies in memory, not in a slot or behind a card");
  need(disk.slot.empty() || disk.card.empty(), "slot or card, not both");
  need(disk.slot.empty() || disk.count == 1,
       fmt::format("{} drives in slot {}, which has room for one; give each a [[host.disk]] of its "
                   "own, or a card that they hang on",
                   disk.count, disk.slot));
  need(disk.card.empty() || is_card(host, disk.card),
       fmt::format("card: no [[host.pcie.card]] is named \"{}\"", disk.card));
}

void check_array(const HostDescription& host, const HostArray& array, sim::Complaints& reasons) {
  if (array.card.empty()) return;
  const auto need = [&](bool holds, const std::string& text) {
    reasons.need(holds, fmt::format("host.array.{}: {}", array.name, text));
  };
  need(is_card(host, array.card),
       fmt::format("card: no [[host.pcie.card]] is named \"{}\"", array.card));
  need(array.raid.hardware.present,
       "card: md has none; give the card to its disks, or the array `hardware`");
  for (const HostDisk& disk : host.storage.disks) {
    const bool member =
        std::find(array.disks.begin(), array.disks.end(), disk.name) != array.disks.end();
    need(!member || (disk.slot.empty() && disk.card.empty()),
         fmt::format("its disk {} is behind the array's card and has no slot or card of its own",
                     disk.name));
  }
}

}  // namespace

std::string pcie_complaints(const HostDescription& host) {
  sim::Complaints reasons;
  const pcie::Description all = fitted(host);
  std::set<std::string> names;
  for (const pcie::Card& card : all.cards)
    reasons.need(names.insert(card.name).second,
                 fmt::format("host.pcie: two cards are named \"{}\"", card.name));
  for (const HostDisk& disk : host.storage.disks) check_disk(host, disk, reasons);
  for (const HostArray& array : host.storage.arrays) check_array(host, array, reasons);
  for (const StorageServer& server : host.servers) {
    const auto need = [&](bool holds, const std::string& name) {
      reasons.need(holds, fmt::format("cluster.storage.{}: {}: a slot or card, which only hosts "
                                      "have",
                                      server.name, name));
    };
    for (const HostDisk& disk : server.storage.disks)
      need(disk.slot.empty() && disk.card.empty(), disk.name);
    for (const HostArray& array : server.storage.arrays) need(array.card.empty(), array.name);
  }
  const std::string misplaced = pcie::complaints(all, host.hardware.sockets);
  for (std::size_t from = 0; !misplaced.empty() && from <= misplaced.size();) {
    const std::size_t end = std::min(misplaced.find('\n', from), misplaced.size());
    reasons.need(false, "host.pcie: " + misplaced.substr(from, end - from));
    from = end + 1;
  }
  return reasons.text();
}

// Packets, then what is further than a slot of the memory's own socket: a drive's own latency is
// measured there.
struct PcieCards::Way final : storage::device::HostWay {
  Way(pcie::Fabric& of, int which) : fabric{of}, card{which} {}
  sim::Engine& engine() override { return fabric.engine(); }
  sim::Task<> carry(storage::Operation operation, sim::Bytes amount, int node) override {
    if (amount.count() <= 0) co_return;
    const int to = node < 0 ? fabric.node_of(card) : node;
    const auto direction = operation == storage::Operation::read ? pcie::Direction::to_memory
                                                                 : pcie::Direction::from_memory;
    co_await fabric.transfer(card, to, direction, amount, {});
    const sim::Duration detour = fabric.detour(card, to);
    if (detour > sim::Duration::zero()) co_await fabric.engine().delay(detour);
  }
  pcie::Fabric& fabric;
  int card;
};

PcieCards::PcieCards(sim::Engine& engine, const HostDescription& description,
                     const topology::Topology& topology)
    : carries_{!description.without.contains(Mechanism::pcie)} {
  const pcie::Description all = fitted(description);
  if (!all.cards.empty()) fabric_ = std::make_unique<pcie::Fabric>(engine, all, topology);
}

PcieCards::~PcieCards() = default;

storage::device::HostWay* PcieCards::way_by(const std::string& card) {
  if (card.empty() || !carries()) return nullptr;
  return ways_.emplace_back(std::make_unique<Way>(*fabric_, fabric_->card(card))).get();
}

storage::device::HostWay* PcieCards::way(const HostDisk& disk) {
  return way_by(disk.slot.empty() ? disk.card : disk.name);
}

storage::device::HostWay* PcieCards::way(const HostArray& array) {
  return way_by(array.card);
}

void PcieCards::begin_measuring() {
  if (carries()) fabric_->restart_stats();
}

void PcieCards::report(Results& results) const {
  if (!carries()) return;
  const auto put = [&](const std::string& name, double in, double out) {
    results.metrics.push_back({fmt::format("host.pcie.{}.in", name), in});
    results.metrics.push_back({fmt::format("host.pcie.{}.out", name), out});
  };
  bool chipset = false;
  for (int card = 0; card < fabric_->cards(); ++card) {
    chipset = chipset || fabric_->behind_chipset(card);
    put(fabric_->name(card), fabric_->busy(card, pcie::Direction::to_memory),
        fabric_->busy(card, pcie::Direction::from_memory));
  }
  if (chipset)
    put("dmi", fabric_->dmi_busy(pcie::Direction::to_memory),
        fabric_->dmi_busy(pcie::Direction::from_memory));
}

}  // namespace models
