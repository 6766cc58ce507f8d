#include "scenarios/host_keys.hpp"

#include <functional>
#include <utility>

#include "scenarios/core_keys.hpp"
#include "scenarios/fields.hpp"
#include "scenarios/network_keys.hpp"
#include "scenarios/storage_keys.hpp"

namespace scenarios {
namespace {

namespace topology = models::topology;

const Section<topology::Queueing>& queueing_keys() {
  using T = topology::Queueing;
  static const Section<T> section{
      quantity("delay", Unit::time, &T::delay, "d in: added delay = d * u / (1 - u)^exponent"),
      real("exponent", &T::exponent, 0.01, 4.0, "how late and steep the delay rises; 1 is M/M/1"),
  };
  return section;
}

const Section<topology::SwapDevice>& swap_keys() {
  using T = topology::SwapDevice;
  static const Section<T> section{
      quantity("size", Unit::size, &T::size, "of the host's swap space; 0 B: none"),
      quantity("latency", Unit::time, &T::latency, "of reading a page back", Zero::refused),
      quantity("write_rate", Unit::rate, &T::write_rate, "of swapping out", Zero::refused),
      whole("parallel", &T::parallel, 1, 1024, "reads at once"),
  };
  return section;
}

const Section<topology::MemoryController>& controller_keys() {
  using T = topology::MemoryController;
  static const Section<T> section{
      whole("channels", &T::channels, 1, 64,
            "memory channels of a node (front-side bus: of the hub)"),
      quantity("channel_bandwidth", Unit::channel_rate, &T::channel_bandwidth,
               "MT/s x 8 B of one channel", Zero::refused),
      real("efficiency", &T::efficiency, 0.01, 1.0, "achievable share of the peak"),
      quantity("latency", Unit::time, &T::latency, "idle load-to-use time from the same node"),
      table("queueing", &T::queueing, &queueing_keys, "added delay under load"),
      quantity("turnaround", Unit::time, &T::turnaround,
               "a channel's idle time from reads to writes and back"),
      whole("write_batch", &T::write_batch, 1, 1024, "lines written between two turns"),
  };
  return section;
}

const Section<topology::Link>& link_keys() {
  using T = topology::Link;
  static const Section<T> section{
      whole("from", &T::from, 0, 1023, "node at one end"),
      whole("to", &T::to, 0, 1023, "node at the other end"),
      text("kind", &T::kind,
           "qpi, upi, ht, xgmi, gmi, mesh: a latency that is left out is its kind's"),
      quantity("bandwidth", Unit::link_rate, &T::bandwidth, "raw, per direction", Zero::refused),
      real("efficiency", &T::efficiency, 0.01, 1.0, "share left for data after protocol"),
      quantity("latency", Unit::time, &T::latency, "what one crossing adds to an access"),
  };
  return section;
}

const std::vector<Word<topology::CpuNumbering>>& numberings() {
  static const std::vector<Word<topology::CpuNumbering>> words{
      {"siblings-last", topology::CpuNumbering::siblings_last},
      {"siblings-adjacent", topology::CpuNumbering::siblings_adjacent}};
  return words;
}

const std::vector<Word<topology::Interconnect>>& interconnects() {
  static const std::vector<Word<topology::Interconnect>> words{
      {"point-to-point", topology::Interconnect::point_to_point},
      {"front-side-bus", topology::Interconnect::front_side_bus}};
  return words;
}

const std::vector<Word<topology::Coherence>>& coherences() {
  static const std::vector<Word<topology::Coherence>> words{
      {"memory-directory", topology::Coherence::memory_directory},
      {"snoop", topology::Coherence::snoop},
      {"probe-filter", topology::Coherence::probe_filter}};
  return words;
}

template <class T, class Q>
Field<T> quantities(std::string_view name, Unit unit, std::vector<Q> T::*member,
                    std::string_view kind, std::string_view array, std::string_view meaning,
                    Zero zero = Zero::refused) {
  return {name,
          std::string{kind},
          meaning,
          [=](T& host, const Node& node, const std::string& path, Problems& problems) {
            if (node.array() == nullptr) {
              return expect(problems, node, path, fmt::format("an array such as {}", array));
            }
            (host.*member).clear();
            for (const Node& element : *node.array()) {
              const auto value =
                  read_quantity(unit, element, path, problems, zero == Zero::allowed);
              if (value) (host.*member).push_back(from_base<Q>(*value));
            }
          },
          [=](const T& host) {
            Json list = Json::array();
            for (const Q& value : host.*member) {
              list.push_back(format_quantity(unit, to_base(value)));
            }
            return list;
          },
          {}};
}

Field<topology::Description> channels_key() {
  using T = topology::Description;
  return {"node_channels",
          "array of whole numbers",
          "of each node with CPUs, where they differ; instead of controller.channels",
          [](T& host, const Node& node, const std::string& path, Problems& problems) {
            if (node.array() == nullptr) {
              return expect(problems, node, path, "an array such as [6, 4]");
            }
            host.node_channels.clear();
            for (const Node& element : *node.array()) {
              const auto* value = std::get_if<std::int64_t>(&element.value);
              if (value == nullptr || *value < 1 || *value > 64) {
                expect(problems, element, path, "whole numbers from 1 to 64");
                continue;
              }
              host.node_channels.push_back(static_cast<int>(*value));
            }
          },
          [](const T& host) {
            Json list = Json::array();
            for (const int channels : host.node_channels) list.push_back(channels);
            return list;
          },
          {}};
}

const Section<topology::Chiplet>& chiplet_keys() {
  using T = topology::Chiplet;
  static const Section<T> section{
      whole("shared_by", &T::shared_by, 0, 1024,
            "hardware threads of one; 0: cores reach memory without such ports"),
      quantity("read_bandwidth", Unit::rate, &T::read_bandwidth,
               "of its port, raw: EPYC, 32 B a fabric clock"),
      quantity("write_bandwidth", Unit::rate, &T::write_bandwidth,
               "of its port: EPYC, 16 B a fabric clock"),
      real("efficiency", &T::efficiency, 0.01, 1.0, "share of read_bandwidth that data gets"),
  };
  return section;
}

const Section<topology::MemoryNode>& memory_node_keys() {
  using T = topology::MemoryNode;
  static const Section<T> section{
      whole("on", &T::on, 0, 1023, "node with CPUs that it hangs on"),
      quantity("memory", Unit::size, &T::memory, "its capacity", Zero::refused),
      quantity("bandwidth", Unit::rate, &T::bandwidth, "that it gives, reads and writes together",
               Zero::refused),
      quantity("latency", Unit::time, &T::latency,
               "idle load-to-use time from the node it hangs on", Zero::refused),
  };
  return section;
}

const std::vector<Word<topology::Governor>>& governors() {
  using Governor = topology::Governor;
  static const std::vector<Word<Governor>> words{{"performance", Governor::performance},
                                                 {"intel-pstate", Governor::intel_pstate},
                                                 {"ondemand", Governor::ondemand},
                                                 {"schedutil", Governor::schedutil},
                                                 {"hwp", Governor::hwp}};
  return words;
}

// A key that others apply, before the table is read or after; here it is checked. It is no part of
// what a host is then.
Field<topology::Description> applied_elsewhere(
    std::string_view name, std::string kind, std::string_view meaning,
    std::function<void(const Node&, const std::string& path, Problems&)> check) {
  using T = topology::Description;
  return {name,
          std::move(kind),
          meaning,
          [check = std::move(check)](T&, const Node& node, const std::string& path,
                                     Problems& problems) { check(node, path, problems); },
          [](const T&) { return Json{}; },
          {}};
}

// smt.hpp: what is left without SMT is a machine of one thread a core.
Field<topology::Description> smt_key() {
  return applied_elsewhere(
      "smt", "true or false",
      "false: off, as in the firmware's menu: each core has one hardware thread, and what "
      "threads_per_core and shared_by say is of the machine with SMT on; CPU numbers, of pins "
      "too, are those of the machine without; left out: true",
      [](const Node& node, const std::string& path, Problems& problems) {
        if (!std::holds_alternative<bool>(node.value))
          expect(problems, node, path, "true or false");
      });
}

// expand.hpp, which refuses what is no preset.
Field<topology::Description> cpu_key() {
  return applied_elsewhere(
      "cpu", "a preset's name",
      "generation of its CPUs (`tenancy list cpus`): what these have, where the host says nothing "
      "of its own",
      [](const Node&, const std::string&, Problems&) {});
}

// host_defaults.hpp
Field<topology::Description> node_link_key() {
  return applied_elsewhere(
      "node_link", "a table of a link's keys",
      "joins each two nodes of a socket that no link joins; kind \"mesh\" where none is given: "
      "10 ns",
      [](const Node& node, const std::string& path, Problems& problems) {
        topology::Link checked;
        read_table(link_keys(), checked, node, path, problems);
      });
}

const Section<topology::Description>& hardware_keys() {
  using T = topology::Description;
  static const Section<T> section{
      text("name", &T::name, "what the host is called in reports"),
      text("source", &T::source, "where the figures come from"),
      cpu_key(),
      node_link_key(),
      whole("sockets", &T::sockets, 1, 64, "populated sockets"),
      whole("nodes_per_socket", &T::nodes_per_socket, 1, 16,
            "dies or sub-NUMA clusters of a socket"),
      whole("cores_per_node", &T::cores_per_node, 1, 512, "physical cores of a node"),
      whole("threads_per_core", &T::threads_per_core, 1, 8, "hardware threads of a core"),
      smt_key(),
      choice("cpu_numbering", &T::cpu_numbering, numberings(), "how Linux numbers sibling threads"),
      quantity("frequency", Unit::frequency, &T::frequency, "nominal clock", Zero::refused),
      quantities("turbo", Unit::frequency, &T::turbo, "array of frequencies",
                 R"(["3.0 GHz", "2.8 GHz"])",
                 "clock by active cores of a socket; the last repeats"),
      choice("governor", &T::governor, governors(),
             "who chooses the cores' clocks; performance: always the highest"),
      quantity("lowest_frequency", Unit::frequency, &T::lowest_frequency,
               "of a core that has little to do, under another governor"),
      real("smt_yield", &T::smt_yield, 0.0, 2.0,
           "two busy threads of a core over one; 0: the workload's figure"),
      table("tlb", &T::tlb, &tlb_keys, "translation caches of a core"),
      quantity("vm_round_trip", Unit::cycles, &T::vm_round_trip,
               "VM exit and entry, the hardware's part"),
      truth("virtual_interrupts", &T::virtual_interrupts,
            "APICv or AVIC: interrupts reach guests without exits"),
      quantity("doorbell", Unit::cycles, &T::doorbell,
               "of an interrupt to another vCPU that takes no exit; 0 cycles: it takes one"),
      truth("vmcs_shadowing", &T::vmcs_shadowing,
            "a VMM that runs in a VM reads and writes its VMCS without exits: Haswell and later, "
            "AMD"),
      quantity("pause", Unit::cycles, &T::pause, "PAUSE; 10 cycles, since Skylake 140"),
      truth("page_modification_log", &T::page_modification_log,
            "the CPU notes pages that become dirty"),
      tables("idle_state", &T::idle_states, &idle_state_keys,
             "sleep states of cores, shallow first; left out: C1, 2 us; []: cores wake at once"),
      table("l1", &T::l1, &l1_keys, "first-level data cache"),
      table("l2", &T::l2, &cache_keys, "private cache"),
      table("llc", &T::llc, &cache_keys, "last-level cache"),
      table("ring", &T::ring, &ring_keys, "where the slices of the last-level cache lie"),
      table("line_buffers", &T::line_buffers, &line_buffer_keys,
            "lines that a core waits for at once"),
      table("chiplet", &T::chiplet, &chiplet_keys,
            "compute dies with ports to memory of their own"),
      whole("llc_ways", &T::llc_ways, 1, 64, "of each last-level cache, for vm.<name>.llc_ways"),
      choice("coherence", &T::coherence, coherences(),
             "who knows which cache has modified a line: its home by bits in memory or by a "
             "directory of its own, or nobody, so that all are asked"),
      choice("interconnect", &T::interconnect, interconnects(), "how nodes reach memory"),
      quantity("fsb_bandwidth", Unit::channel_rate, &T::fsb_bandwidth,
               "of one front-side bus, both directions"),
      real("fsb_efficiency", &T::fsb_efficiency, 0.01, 1.0, "share of the bus left for data"),
      table("fsb_queueing", &T::fsb_queueing, &queueing_keys, "added delay of a loaded bus"),
      quantity("memory", Unit::size, &T::memory,
               "of all nodes with CPUs, divided equally over them", Zero::refused),
      quantities("node_memory", Unit::size, &T::node_memory, "array of sizes",
                 R"(["96 GiB", "64 GiB"])",
                 "of each node with CPUs, where they differ; instead of memory", Zero::allowed),
      channels_key(),
      tables("memory_node", &T::memory_nodes, &memory_node_keys,
             "nodes without CPUs (CXL), numbered after those with CPUs"),
      table("swap", &T::swap, &swap_keys, "where the host swaps to"),
      table("controller", &T::controller, &controller_keys, "memory controller of a node"),
      table("link_queueing", &T::link_queueing, &queueing_keys, "added delay of a loaded link"),
      tables("link", &T::links, &link_keys, "links between nodes"),
  };
  return section;
}

}  // namespace

const Section<models::HostDescription>& host_keys() {
  using T = models::HostDescription;
  static const Section<T> section = [] {
    Section<T> all;
    append_part(all, hardware_keys(), &T::hardware);
    append_part(all, storage_keys(), &T::storage);
    all.push_back(tables("nic", &T::nics, &nic_keys, "network interfaces"));
    all.push_back(table("peer", &T::peer, &peer_keys, "the machine at the other end of a NIC"));
    all.push_back(table("pcie", &T::pcie, &pcie_keys, "slots, DMI and IOMMU"));
    return all;
  }();
  return section;
}

}  // namespace scenarios
