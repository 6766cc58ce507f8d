#include "scenarios/network_keys.hpp"

#include "scenarios/fields.hpp"

namespace scenarios {
namespace {

namespace network = models::network;
namespace pcie = models::pcie;

const Section<network::ModerationConfig>& moderation_keys() {
  using T = network::ModerationConfig;
  using Kind = network::ModerationKind;
  static const std::vector<Word<Kind>> kinds{{"none", Kind::none},
                                             {"throttle", Kind::throttle},
                                             {"hold-off", Kind::hold_off},
                                             {"adaptive", Kind::adaptive}};
  static const Section<T> section{
      choice("kind", &T::kind, kinds,
             "when a NIC interrupts: at once; not within `gap` of the last time; `gap` after the "
             "first packet or at `frames`; not within a gap that follows the traffic"),
      quantity("gap", Unit::time, &T::gap, "rx-usecs"),
      whole("frames", &T::frames, 0, 65536, "rx-frames; 0: no limit"),
  };
  return section;
}

const Section<network::NicConfig>& physical_keys() {
  using T = network::NicConfig;
  static const Section<T> section{
      text("name", &T::name, "as [[vm.nic]] names it in `on`"),
      quantity("rate", Unit::wire_rate, &T::rate, "of the link, each direction", Zero::refused),
      quantity("mtu", Unit::size, &T::mtu, "largest packet; 9000 B: jumbo frames"),
      whole("queues", &T::queues, 1, 128, "pairs of rings, each with an interrupt of its own"),
      whole("rx_ring", &T::rx_ring, 1, 65536, "receive descriptors of a queue, in packets"),
      whole("tx_ring", &T::tx_ring, 1, 65536, "transmit descriptors of a queue, in buffers"),
      truth("tso", &T::tso, "the NIC cuts bursts of 64 KiB into packets"),
      truth("gro", &T::gro, "the driver merges received packets"),
      whole("gro_packets", &T::gro_packets, 1, 1024, "most packets of a merged buffer"),
      table("moderation", &T::moderation, &moderation_keys, "of interrupts"),
      whole("functions", &T::functions, 0, 256, "virtual functions (SR-IOV)"),
      quantity("latency", Unit::time, &T::latency, "doorbell or frame to DMA done"),
  };
  return section;
}

const Section<pcie::Slot>& slot_keys() {
  using T = pcie::Slot;
  static const Section<T> section{
      text("name", &T::name, "as printed on the riser"),
      text("riser", &T::riser, "that it is on; empty: on the board"),
      whole("owner", &T::owner, -1, 63, "socket whose lanes it has; -1: the chipset"),
      whole("connector", &T::connector, 1, 16, "lanes that a card may have to fit in"),
      whole("lanes", &T::lanes, 1, 16, "that are wired"),
      whole("generation", &T::generation, 1, 5, "of PCI Express"),
  };
  return section;
}

const Section<pcie::Card>& card_keys() {
  using T = pcie::Card;
  static const Section<T> section{
      text("name", &T::name, "of the card"),
      text("slot", &T::slot, "that it sits in"),
      whole("lanes", &T::lanes, 1, 16, "of the card"),
      whole("generation", &T::generation, 1, 5, "of PCI Express"),
  };
  return section;
}

const Section<pcie::Iommu>& iommu_keys() {
  using T = pcie::Iommu;
  static const Section<T> section{
      truth("on", &T::on, "devices' addresses are translated"),
      whole("entries", &T::entries, 1, 65536, "of the IOTLB"),
      quantity("page", Unit::size, &T::page, "that mappings are made of", Zero::refused),
      quantity("walk", Unit::time, &T::walk, "of an IOTLB miss"),
  };
  return section;
}

template <class T>
Field<T> cost(std::string_view name, network::Cost T::*member,
              const Section<network::Cost>& (*keys)(), std::string_view meaning) {
  return table(name, member, keys, meaning);
}

const Section<network::Cost>& cost_keys() {
  using T = network::Cost;
  static const Section<T> section{
      quantity("per_buffer", Unit::cycles, &T::per_buffer, "of a burst or merged buffer"),
      quantity("per_packet", Unit::cycles, &T::per_packet, "of each packet in it"),
      quantity("per_KiB", Unit::cycles, &T::per_KiB, "of 1,024 bytes of payload"),
  };
  return section;
}

const Section<network::StackCosts>& stack_keys() {
  using T = network::StackCosts;
  static const Section<T> section{
      quantity("call", Unit::cycles, &T::call, "send or recv: entry, lock, accounting"),
      cost("send", &T::send, &cost_keys, "TCP/IP output, copy from the sender included"),
      cost("receive", &T::receive, &cost_keys, "IP and TCP input"),
      quantity("read_per_KiB", Unit::cycles, &T::read_per_KiB, "copy to the reader"),
      quantity("wake", Unit::cycles, &T::wake, "of a reader that sleeps, by who wakes it"),
      quantity("cold", Unit::cycles, &T::cold, "of what comes for another connection"),
      quantity("generate", Unit::cycles, &T::generate,
               "a packet that is made in the kernel for no socket, beside its driver's part"),
      quantity("acknowledge", Unit::cycles, &T::acknowledge, "building or handling one"),
  };
  return section;
}

const Section<network::DriverCosts>& driver_keys() {
  using T = network::DriverCosts;
  static const Section<T> section{
      quantity("interrupt", Unit::cycles, &T::interrupt, "handler, and softirq raised"),
      quantity("poll", Unit::cycles, &T::poll, "a round of NAPI"),
      cost("receive", &T::receive, &cost_keys, "descriptor, skb, GRO, into the stack"),
      cost("transmit", &T::transmit, &cost_keys, "qdisc, descriptor, doorbell, completion"),
      quantity("segment", Unit::cycles, &T::segment, "of a packet cut in software"),
  };
  return section;
}

const Section<network::SwitchCosts>& forwarding_keys() {
  using T = network::SwitchCosts;
  static const Section<T> section{
      cost("bridge", &T::bridge, &cost_keys, "of a bridge"),
      cost("route", &T::route, &cost_keys, "of IP forwarding, on top"),
      cost("translate", &T::translate, &cost_keys, "of NAT, on top of both"),
      cost("pair", &T::pair, &cost_keys, "of a container's pair of virtual devices, on top"),
  };
  return section;
}

// Exits come from vmm.exits, the guest's driver from vmm.network.driver.
const Section<network::BackendCosts>& backend_keys() {
  using T = network::BackendCosts;
  static const Section<T> section{
      cost("guest_send", &T::guest_send, &cost_keys, "the guest's driver"),
      quantity("kick", Unit::cycles, &T::kick, "signalling the backend, beside the exit"),
      quantity("signal", Unit::cycles, &T::signal, "raising the guest's interrupt"),
      quantity("wake", Unit::cycles, &T::wake, "of a backend that sleeps, by who wakes it"),
      quantity("page", Unit::cycles, &T::page, "of each buffer that a received burst fills"),
      quantity("function_interrupt", Unit::cycles, &T::function_interrupt,
               "handing on a virtual function's interrupt, beside its exits"),
      whole("emulated_send_exits", &T::emulated_send_exits, 0, 100,
            "register writes of a buffer on an emulated NIC"),
      whole("emulated_receive_exits", &T::emulated_receive_exits, 0, 100,
            "register accesses of an interrupt's handler"),
      cost("tap", &T::tap, &cost_keys, "queueing at the tap"),
      cost("vhost_send", &T::vhost_send, &cost_keys, "vhost's thread, out of the guest"),
      cost("vhost_receive", &T::vhost_receive, &cost_keys, "vhost's thread, into the guest"),
      quantity("zero_copy", Unit::cycles, &T::zero_copy, "pinning pages instead of a copy"),
      cost("qemu_send", &T::qemu_send, &cost_keys, "QEMU's thread, out of the guest"),
      cost("qemu_receive", &T::qemu_receive, &cost_keys, "QEMU's thread, into the guest"),
      cost("emulated", &T::emulated, &cost_keys, "of an emulated NIC's packet"),
      whole("rtl8139_send_exits", &T::rtl8139_send_exits, 0, 100,
            "register accesses of a packet on rtl8139, with its interrupt"),
      whole("rtl8139_receive_exits", &T::rtl8139_receive_exits, 0, 100,
            "register accesses of an interrupt for packets on rtl8139"),
      cost("rtl8139_send", &T::rtl8139_send, &cost_keys,
           "of rtl8139's packet out of the guest, beside `emulated`"),
      cost("rtl8139_receive", &T::rtl8139_receive, &cost_keys,
           "of rtl8139's packet into the guest, beside `emulated`: with its CRC"),
  };
  return section;
}

}  // namespace

const Section<models::NicDescription>& nic_keys() {
  using T = models::NicDescription;
  static const Section<T> section = [] {
    Section<T> all;
    append_part(all, physical_keys(), &T::nic);
    all.push_back(text("slot", &T::slot, "of host.pcie; empty: PCI Express never queues"));
    all.push_back(whole("lanes", &T::lanes, 1, 16, "of the card"));
    all.push_back(whole("generation", &T::generation, 1, 5, "of the card's PCI Express"));
    all.push_back(
        whole("node", &T::node, -1, 255, "whose CPUs take its interrupts; -1: its slot's"));
    return all;
  }();
  return section;
}

const Section<models::PeerDescription>& peer_keys() {
  using T = models::PeerDescription;
  static const Section<T> section{
      quantity("clock", Unit::frequency, &T::clock, "of its CPUs", Zero::refused),
      quantity("wake", Unit::time, &T::wake, "of its threads that sleep"),
      quantity("interrupt_wake", Unit::time, &T::interrupt_wake, "of its CPUs, by an interrupt"),
      quantity("cable", Unit::time, &T::cable, "latency of the wire and switches between"),
  };
  return section;
}

const Section<pcie::Description>& pcie_keys() {
  using T = pcie::Description;
  static const Section<T> section{
      tables("slot", &T::slots, &slot_keys, "PCI Express slots"),
      tables("card", &T::cards, &card_keys, "further cards"),
      whole("dmi_generation", &T::dmi_generation, 1, 5, "of the chipset's link"),
      whole("dmi_lanes", &T::dmi_lanes, 1, 16, "of the chipset's link"),
      whole("chipset_socket", &T::chipset_socket, 0, 63, "whose DMI it is behind"),
      whole("lanes_per_socket", &T::lanes_per_socket, 1, 256, "of a CPU, for slots"),
      quantity("max_payload", Unit::size, &T::max_payload, "of a packet"),
      quantity("latency", Unit::time, &T::latency, "from slot to memory"),
      quantity("chipset_latency", Unit::time, &T::chipset_latency, "added by chipset and DMI"),
      table("iommu", &T::iommu, &iommu_keys, "translation for devices"),
  };
  return section;
}

const Section<models::GuestNicDescription>& guest_nic_keys() {
  using T = models::GuestNicDescription;
  using Model = network::GuestNicModel;
  using Mode = models::NicMode;
  static const std::vector<Word<Model>> models{{"vhost", Model::vhost},
                                               {"virtio", Model::virtio},
                                               {"e1000", Model::e1000},
                                               {"rtl8139", Model::rtl8139},
                                               {"sriov", Model::sriov}};
  static const std::vector<Word<Mode>> modes{
      {"automatic", Mode::automatic}, {"bridge", Mode::bridge},
      {"routed", Mode::routed},       {"nat", Mode::nat},
      {"isolated", Mode::isolated},   {"host", Mode::host}};
  static const Section<T> section{
      text("on", &T::on, "NIC of the host; empty: the first"),
      choice("model", &T::model, models, "the device, and what serves it: virtio is QEMU"),
      choice("mode", &T::mode, modes,
             "how it is connected; host: a container on the host's stack; automatic: that for "
             "containers, a bridge for guests"),
      whole("queues", &T::queues, 1, 256, "pairs of rings"),
      whole("ring", &T::ring, 2, 1024, "descriptors of a ring"),
      whole("tap_queue", &T::tap_queue, 1, 1000000, "buffers that wait at the tap"),
      truth("offloads", &T::offloads, "bursts of 64 KiB cross it whole"),
      truth("zero_copy", &T::zero_copy, "vhost does not copy what the guest sends"),
  };
  return section;
}

const Section<models::NetworkCosts>& network_cost_keys() {
  using T = models::NetworkCosts;
  static const Section<T> section{
      table("stack", &T::stack, &stack_keys, "sockets and TCP/IP"),
      table("driver", &T::driver, &driver_keys, "NICs' drivers"),
      table("forwarding", &T::forwarding, &forwarding_keys, "between guests and the wire"),
      table("backend", &T::backend, &backend_keys, "guests' NICs and what serves them"),
  };
  return section;
}

const Section<models::workload::NetProfile>& net_profile_keys() {
  using T = models::workload::NetProfile;
  using Conversation = models::workload::Conversation;
  using Partner = models::workload::Partner;
  static const std::vector<Word<Conversation>> conversations{
      {"none", Conversation::none},
      {"stream-out", Conversation::stream_out},
      {"stream-in", Conversation::stream_in},
      {"serve", Conversation::serve},
      {"ask", Conversation::ask},
      {"datagrams-in", Conversation::datagrams_in},
      {"datagrams-out", Conversation::datagrams_out}};
  static const std::vector<Word<Partner>> partners{
      {"outside", Partner::outside}, {"host", Partner::host}, {"guest", Partner::guest}};
  static const Section<T> section{
      choice("conversation", &T::conversation, conversations,
             "TCP from or to the guest; requests that it answers or asks; UDP to or from it"),
      text("peer", &T::peer,
           "whom it talks to across the network: a client ([cluster.client.<name>]) or a class of "
           "VMs, on whichever host; empty: as partner says"),
      choice("partner", &T::partner, partners,
             "a machine on the wire, the host, or the next guest of the class"),
      whole("connections", &T::connections, 1, 4096, "of a guest, spread over its vCPUs"),
      quantity("message", Unit::size, &T::message, "of each send() of a stream", Zero::refused),
      quantity("window", Unit::size, &T::window, "most bytes of a stream under way", Zero::refused),
      truth("file", &T::file,
            "what a stream sends is read from the VM's first disk, what it receives is written "
            "there, "
            "through the guest's page cache"),
      quantity("per_KiB", Unit::cycles, &T::per_KiB,
               "of the guest's application, of a stream: cipher, checksums"),
      quantity("request", Unit::size, &T::request, "payload", Zero::refused),
      quantity("response", Unit::size, &T::response, "payload", Zero::refused),
      quantity("service", Unit::cycles, &T::service, "of the server, beside its system calls"),
      quantity("held", Unit::cycles, &T::held,
               "of that, with the lock that all threads of the server share"),
      quantity("client_service", Unit::time, &T::client_service, "of a client before a request"),
      whole("round_trips", &T::round_trips, 1, 10000, "of a transaction, one after the other"),
      quantity("think", Unit::time, &T::think, "mean, of a client between two transactions"),
      quantity("datagram", Unit::size, &T::datagram, "payload; 18 B: 64-byte frames",
               Zero::refused),
      quantity("rate", Unit::frequency, &T::rate,
               "of datagrams of a connection; 0 Hz: as fast as the sender can"),
      whole("at_once", &T::at_once, 1, 1024, "datagrams that are simulated together"),
      truth("in_kernel", &T::in_kernel, "datagrams come from pktgen, without system calls"),
  };
  return section;
}

}  // namespace scenarios
