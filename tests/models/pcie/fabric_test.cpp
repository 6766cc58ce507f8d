#include "models/pcie/fabric.hpp"

#include <catch2/catch.hpp>

#include "models/pcie/link_rate.hpp"
#include "sim/error.hpp"
#include "tests/models/sockets.hpp"

using namespace models;
using namespace models::pcie;

namespace {

// As a DL380p Gen8 has it [recall]: a primary riser on CPU 1 whose last slot is the chipset's, and
// a secondary riser on CPU 2.
Description two_risers() {
  return {.slots = {{.name = "1",
                     .riser = "primary",
                     .owner = 0,
                     .connector = 16,
                     .lanes = 16,
                     .generation = 3},
                    {.name = "2",
                     .riser = "primary",
                     .owner = 0,
                     .connector = 8,
                     .lanes = 8,
                     .generation = 3},
                    {.name = "3",
                     .riser = "primary",
                     .owner = kChipset,
                     .connector = 8,
                     .lanes = 4,
                     .generation = 2},
                    {.name = "4",
                     .riser = "secondary",
                     .owner = 1,
                     .connector = 16,
                     .lanes = 16,
                     .generation = 3}},
          .cards = {}};
}

sim::Process move(sim::Engine& engine, Fabric& fabric, int card, int node, sim::Bytes amount,
                  std::vector<double>& at) {
  co_await fabric.transfer(card, node, Direction::to_memory, amount, {});
  at.push_back(sim::seconds(engine.now().time_since_epoch()) * 1e6);
}

}  // namespace

TEST_CASE("a card in the second riser needs the second CPU, and the message says so") {
  Description description = two_risers();
  description.cards = {{.name = "ssd0", .slot = "4", .lanes = 8, .generation = 3}};
  CHECK(complaints(description, 2).empty());
  CHECK(complaints(description, 1) ==
        "card ssd0 in slot 4 of the secondary riser: its lanes come from CPU 2, whose socket is "
        "empty (1 populated); fit that CPU or use another slot");
  sim::Engine engine;
  const topology::Topology one = tests::sockets(1);
  CHECK_THROWS_AS((Fabric{engine, description, one}), sim::ConfigError);
}

TEST_CASE("cards must find a slot of their size that nobody sits in") {
  Description description = two_risers();
  description.cards = {{.name = "nic0", .slot = "2", .lanes = 16},
                       {.name = "nic1", .slot = "2"},
                       {.name = "nic2", .slot = "9"}};
  CHECK(complaints(description, 2) ==
        "card nic0 in slot 2 of the primary riser: an x16 card does not fit an x8 connector\n"
        "card nic1 in slot 2 of the primary riser: card nic0 sits there\n"
        "card nic2: no slot 9, the host has 1, 2, 3, 4");
}

TEST_CASE("a CPU has no more lanes than it has") {
  Description description = two_risers();
  description.lanes_per_socket = 16;
  CHECK(complaints(description, 2) == "slots of CPU 1: 24 lanes are wired, the CPU has 16");
}

TEST_CASE("a card in the chipset's slot trains to what the slot has and shares DMI") {
  sim::Engine engine;
  const topology::Topology two = tests::sockets(2);
  Description description = two_risers();
  description.cards = {{.name = "a", .slot = "2", .lanes = 8, .generation = 3},
                       {.name = "b", .slot = "3", .lanes = 8, .generation = 3}};
  Fabric fabric{engine, description, two};
  CHECK(fabric.lanes(fabric.card("a")) == 8);
  CHECK(fabric.lanes(fabric.card("b")) == 4);
  CHECK(fabric.generation(fabric.card("b")) == 2);
  CHECK(fabric.rate(0, 0).count() == Approx(data_rate(3, 8, sim::Bytes{256}).count()));
  CHECK(fabric.rate(1, 0).count() == Approx(data_rate(2, 4, sim::Bytes{256}).count()));
  CHECK(fabric.behind_chipset(1));
  CHECK_THROWS_WITH(fabric.card("c"), "no card c on this host");
}

TEST_CASE("DMA to the other node crosses the link, which may be the narrowest part") {
  sim::Engine engine;
  const topology::Topology two = tests::sockets(2);
  Description description = two_risers();
  description.cards = {{.name = "a", .slot = "1", .lanes = 16, .generation = 3}};
  Fabric fabric{engine, description, two};
  CHECK(fabric.node_of(0) == 0);
  CHECK(fabric.rate(0, 0).count() == Approx(14.3e9).epsilon(0.01));
  CHECK(fabric.rate(0, 1).count() == Approx(10.4e9));  // 16 GB/s x 0.65
  CHECK(fabric.latency(0, 1) - fabric.latency(0, 0) == sim::Duration{50'000});
}

TEST_CASE("cards behind the chipset take turns on DMI, those of a CPU's slots need none") {
  sim::Engine engine;
  const topology::Topology two = tests::sockets(2);
  Description description = two_risers();
  description.slots.push_back(
      {.name = "5", .riser = "", .owner = kChipset, .connector = 4, .lanes = 4, .generation = 2});
  description.cards = {{.name = "a", .slot = "3", .lanes = 4, .generation = 2},
                       {.name = "b", .slot = "5", .lanes = 4, .generation = 2},
                       {.name = "c", .slot = "2", .lanes = 4, .generation = 2}};
  Fabric fabric{engine, description, two};
  std::vector<double> at;
  const sim::Bytes amount{181'560};  // 100 us at x4 of the second generation: 2 GB/s x 256/282
  for (int card = 0; card < 3; ++card) engine.spawn(move(engine, fabric, card, 0, amount, at));
  engine.run();
  REQUIRE(at.size() == 3);
  CHECK(at[0] == Approx(100).epsilon(1e-4));
  CHECK(at[1] == Approx(200).epsilon(0.005));  // the other's last turn is all that is left
  CHECK(at[2] == Approx(200).epsilon(1e-4));
  CHECK(fabric.dmi_busy(Direction::to_memory) == Approx(1.0).epsilon(1e-4));
}

TEST_CASE("IOTLB misses cost where a device's memory outgrows its reach") {
  sim::Engine engine;
  const topology::Topology one = tests::sockets(1);
  Description description = two_risers();
  description.cards = {{.name = "a", .slot = "1"}};
  description.iommu.on = true;
  Fabric fabric{engine, description, one};
  // Reach 64 x 4 KiB = 256 KiB.
  CHECK(fabric.translation(sim::Bytes{4'096}, sim::Bytes{256 << 10}) == sim::Duration{});
  CHECK(fabric.translation(sim::Bytes{8'192}, sim::Bytes{512 << 10}) == sim::Duration{250'000});
  description.iommu.page = sim::Bytes{2 << 20};
  Fabric large{engine, description, one};
  CHECK(large.translation(sim::Bytes{8'192}, sim::Bytes{64 << 20}) == sim::Duration{});
}
