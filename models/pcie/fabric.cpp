#include "models/pcie/fabric.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "models/pcie/link_rate.hpp"
#include "sim/error.hpp"
#include "sim/join.hpp"

namespace models::pcie {
namespace {

const Slot* find_slot(const Description& description, const std::string& name) {
  const auto found = std::find_if(description.slots.begin(), description.slots.end(),
                                  [&](const Slot& slot) { return slot.name == name; });
  return found == description.slots.end() ? nullptr : &*found;
}

std::string place_of(const Slot& slot) {
  return slot.riser.empty() ? fmt::format("slot {}", slot.name)
                            : fmt::format("slot {} of the {} riser", slot.name, slot.riser);
}

bool is_width(int lanes) {
  return lanes == 1 || lanes == 2 || lanes == 4 || lanes == 8 || lanes == 16;
}

void check_slots(const Description& description, sim::Complaints& reasons) {
  std::set<std::string> names;
  std::map<int, int> lanes;  // by owner
  for (const Slot& slot : description.slots) {
    const std::string where = place_of(slot);
    reasons.need(names.insert(slot.name).second, fmt::format("{}: stands twice", where));
    reasons.need(is_width(slot.lanes) && is_width(slot.connector),
                 fmt::format("{}: x{} in an x{} connector, needs 1, 2, 4, 8 or 16 lanes", where,
                             slot.lanes, slot.connector));
    reasons.need(slot.lanes <= slot.connector, fmt::format("{}: {} lanes wired to an x{} connector",
                                                           where, slot.lanes, slot.connector));
    reasons.need(slot.generation >= 1 && slot.generation <= 5,
                 fmt::format("{}: generation {}, needs 1 to 5", where, slot.generation));
    lanes[slot.owner] += slot.lanes;
  }
  for (const auto& [owner, wired] : lanes) {
    reasons.need(owner == kChipset || wired <= description.lanes_per_socket,
                 fmt::format("slots of CPU {}: {} lanes are wired, the CPU has {}", owner + 1,
                             wired, description.lanes_per_socket));
  }
}

void check_cards(const Description& description, int sockets, sim::Complaints& reasons) {
  std::map<std::string, std::string> taken;  // slot -> card
  for (const Card& card : description.cards) {
    const Slot* const slot = find_slot(description, card.slot);
    if (slot == nullptr) {
      std::vector<std::string> known;
      for (const Slot& other : description.slots) known.push_back(other.name);
      reasons.need(false,
                   fmt::format("card {}: no slot {}, the host has {}", card.name, card.slot,
                               known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "))));
      continue;
    }
    const std::string where = fmt::format("card {} in {}", card.name, place_of(*slot));
    const int owner = slot->owner == kChipset ? description.chipset_socket : slot->owner;
    reasons.need(owner < sockets,
                 fmt::format("{}: its lanes come from CPU {}, whose socket is empty ({} "
                             "populated); fit that CPU or use another slot",
                             where, owner + 1, sockets));
    reasons.need(is_width(card.lanes) && card.generation >= 1 && card.generation <= 5,
                 fmt::format("{}: x{} of generation {}, needs 1, 2, 4, 8 or 16 lanes of 1 to 5",
                             where, card.lanes, card.generation));
    reasons.need(card.lanes <= slot->connector,
                 fmt::format("{}: an x{} card does not fit an x{} connector", where, card.lanes,
                             slot->connector));
    const auto [other, first] = taken.emplace(card.slot, card.name);
    reasons.need(first, fmt::format("{}: card {} sits there", where, other->second));
  }
}

}  // namespace

std::string complaints(const Description& description, int sockets) {
  sim::Complaints reasons;
  check_slots(description, reasons);
  check_cards(description, sockets, reasons);
  reasons.need(description.dmi_generation >= 1 && description.dmi_generation <= 5,
               fmt::format("dmi_generation = {}, needs 1 to 5", description.dmi_generation));
  reasons.need(is_width(description.dmi_lanes),
               fmt::format("dmi_lanes = {}, needs 1, 2, 4, 8 or 16", description.dmi_lanes));
  reasons.need(description.chipset_socket >= 0,
               fmt::format("chipset_socket = {}, needs 0 or more", description.chipset_socket));
  reasons.need(
      description.max_payload >= sim::Bytes{128},
      fmt::format("max_payload = {}, needs at least 128", description.max_payload.count()));
  return reasons.text();
}

namespace {

Description checked(const Description& description, int sockets) {
  const std::string wrong = complaints(description, sockets);
  if (!wrong.empty()) throw sim::ConfigError{wrong};
  return description;
}

}  // namespace

// Of one card before another has its turn; packets are of 128 or 256 bytes.
constexpr sim::Bytes kQuantum{4'096};

Fabric::Shared::Shared(sim::Engine& engine, int cards, sim::BytesPerSecond of)
    : rate{of}, in{engine, cards, kQuantum / of}, out{engine, cards, kQuantum / of} {}

Fabric::Fabric(sim::Engine& engine, const Description& description,
               const topology::Topology& topology)
    : engine_{engine},
      description_{checked(description, topology.sockets())},
      topology_{topology},
      dmi_{engine, static_cast<int>(description_.cards.size()),
           data_rate(description.dmi_generation, description.dmi_lanes, description.max_payload)} {
  for (const Card& card : description_.cards) {
    const Slot& slot = *find_slot(description_, card.slot);
    const int lanes = std::min(card.lanes, slot.lanes);
    const int generation = std::min(card.generation, slot.generation);
    seats_.push_back({card.name, slot.owner, lanes, generation});
    slots_.emplace_back(engine, data_rate(generation, lanes, description_.max_payload));
  }
  for (const topology::Resource& resource : topology.resources())
    links_.emplace_back(engine, cards(), kQuantum / sim::BytesPerSecond{resource.capacity_Bps});
}

int Fabric::card(const std::string& name) const {
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    if (seats_[i].card == name) return static_cast<int>(i);
  }
  throw sim::ConfigError{fmt::format("no card {} on this host", name)};
}

int Fabric::lanes(int card) const {
  return seats_[static_cast<std::size_t>(card)].lanes;
}
int Fabric::generation(int card) const {
  return seats_[static_cast<std::size_t>(card)].generation;
}
bool Fabric::behind_chipset(int card) const {
  return seats_[static_cast<std::size_t>(card)].owner == kChipset;
}

int Fabric::node_of(int card) const {
  const int owner = seats_[static_cast<std::size_t>(card)].owner;
  return (owner == kChipset ? description_.chipset_socket : owner) *
         (topology_.nodes() / topology_.sockets());
}

// What data crosses between the card's node and `node`; controllers are among them.
const std::vector<int>& Fabric::links(int card, int node, Direction direction) const {
  const topology::Route& route = topology_.route_of_node(
      std::min(node_of(card), topology_.nodes() - 1), std::min(node, topology_.memories() - 1));
  return direction == Direction::to_memory ? route.writes : route.reads;
}

sim::BytesPerSecond Fabric::rate(int card, int node) const {
  sim::BytesPerSecond least = slots_[static_cast<std::size_t>(card)].rate;
  if (behind_chipset(card)) least = std::min(least, dmi_.rate);
  for (const int link : links(card, node, Direction::to_memory)) {
    const topology::Resource& resource = topology_.resources()[static_cast<std::size_t>(link)];
    if (resource.kind != topology::ResourceKind::link) continue;
    least = std::min(least, sim::BytesPerSecond{resource.capacity_Bps});
  }
  return least;
}

sim::Duration Fabric::latency(int card, int node) const {
  const int own = std::min(node_of(card), topology_.nodes() - 1);
  const double crossing_s =
      topology_.route_of_node(own, std::min(node, topology_.memories() - 1)).idle_latency_s -
      topology_.route_of_node(own, own).idle_latency_s;
  return description_.latency +
         (behind_chipset(card) ? description_.chipset_latency : sim::Duration::zero()) +
         sim::from_seconds(crossing_s);
}

sim::Duration Fabric::detour(int card, int node) const {
  return latency(card, node) - description_.latency;
}

sim::Duration Fabric::translation(sim::Bytes amount, sim::Bytes mapped) const {
  const Iommu& iommu = description_.iommu;
  if (!iommu.on || mapped.count() <= 0) return {};
  const double reach = static_cast<double>(iommu.page.count()) * iommu.entries;
  const double missed = std::max(0.0, 1.0 - reach / static_cast<double>(mapped.count()));
  const double pages = std::ceil(amount / iommu.page);
  return sim::from_seconds(pages * missed * sim::seconds(iommu.walk));
}

sim::Task<> Fabric::hold(sim::Engine&, sim::Server& server, sim::Duration time) {
  co_await server.serve(time);
}

sim::Task<> Fabric::share(sim::Engine&, Arbiter& lanes, int card, sim::Duration time) {
  co_await lanes.pass(card, time);
}

sim::Task<> Fabric::transfer(int card, int node, Direction direction, sim::Bytes amount,
                             sim::Bytes mapped) {
  Segment& slot = slots_[static_cast<std::size_t>(card)];
  const sim::Duration on_lanes = amount / slot.rate + translation(amount, mapped);
  const std::vector<int>& way = links(card, node, direction);
  const bool lone = !behind_chipset(card) && way.size() <= 1;  // of links, none: a controller
  if (lone) {
    co_await slot.side(direction).serve(on_lanes);
  } else {
    sim::Join segments{engine_};
    segments.add(hold(engine_, slot.side(direction), on_lanes));
    if (behind_chipset(card)) {
      segments.add(share(engine_, dmi_.side(direction), card, amount / dmi_.rate));
    }
    for (const int link : way) {
      const topology::Resource& resource = topology_.resources()[static_cast<std::size_t>(link)];
      if (resource.kind != topology::ResourceKind::link) continue;
      segments.add(share(engine_, links_[static_cast<std::size_t>(link)], card,
                         amount / sim::BytesPerSecond{resource.capacity_Bps}));
    }
    co_await segments.all();
  }
}

void Fabric::restart_stats() {
  const auto restart = [](Segment& segment) {
    segment.in.restart_stats();
    segment.out.restart_stats();
  };
  for (Segment& slot : slots_) restart(slot);
  dmi_.in.restart_stats();
  dmi_.out.restart_stats();
}

double Fabric::busy(int card, Direction direction) const {
  const Segment& slot = slots_[static_cast<std::size_t>(card)];
  return (direction == Direction::to_memory ? slot.in : slot.out)
      .stats()
      .busy.average(engine_.now());
}

double Fabric::dmi_busy(Direction direction) const {
  return (direction == Direction::to_memory ? dmi_.in : dmi_.out).busy();
}

}  // namespace models::pcie
