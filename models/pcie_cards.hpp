// A host's PCI Express with everything that its description has in slots: NICs, drives, and cards
// that drives and arrays hang on.
//
// Part of the composition root. Checked tests/models/pcie_cards_test.cpp.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "models/host_description.hpp"
#include "models/pcie/fabric.hpp"
#include "models/results.hpp"
#include "models/storage/device/host_way.hpp"

namespace models {

// Why the cards, drives and controllers cannot sit so, one reason a line; empty: they can.
std::string pcie_complaints(const HostDescription& host);

class PcieCards {
 public:
  // Requires that pcie_complaints() found nothing.
  PcieCards(sim::Engine& engine, const HostDescription& description,
            const topology::Topology& topology);
  ~PcieCards();
  PcieCards(const PcieCards&) = delete;
  PcieCards& operator=(const PcieCards&) = delete;

  // Null: nothing sits in a slot.
  pcie::Fabric* fabric() { return fabric_.get(); }
  // Whether data takes its time: not under `--without pcie`.
  bool carries() const { return fabric_ != nullptr && carries_; }
  // Of a drive's or an array's data; null: nothing is in it.
  storage::device::HostWay* way(const HostDisk& disk);
  storage::device::HostWay* way(const HostArray& array);

  void begin_measuring();
  void report(Results& results) const;

 private:
  struct Way;
  storage::device::HostWay* way_by(const std::string& card);

  std::unique_ptr<pcie::Fabric> fabric_;
  bool carries_;
  std::deque<std::unique_ptr<Way>> ways_;
};

}  // namespace models
