#include "models/network_paths.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/compute/dirty_lines.hpp"
#include "models/io_paths.hpp"
#include "models/network_state.hpp"
#include "models/pcie_cards.hpp"
#include "sim/error.hpp"

namespace models {
namespace {

constexpr double kKernelShares = 262'144;  // softirqs go before guests; the most that cgroups take
constexpr int kOutside = -1;               // station of the first NIC's other end; then down
constexpr int kHost = 0;
constexpr int kLongestRing = 4'096;  // of the 82599: no bottleneck, where a peer's CPUs are none

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

network::SwitchMode switch_mode(NicMode mode) {
  switch (mode) {
    case NicMode::automatic:
    case NicMode::bridge:
    case NicMode::host:
      return network::SwitchMode::bridge;
    case NicMode::routed:
      return network::SwitchMode::routed;
    case NicMode::nat:
      return network::SwitchMode::nat;
    case NicMode::isolated:
      return network::SwitchMode::isolated;
  }
  throw sim::ModelError{"unknown NIC mode"};
}

// Of few busy cores: the path of one conversation keeps four at work.
sim::Hertz busy_clock(const topology::Description& hardware) {
  if (hardware.turbo.empty()) return hardware.frequency;
  return hardware.turbo[std::min<std::size_t>(3, hardware.turbo.size() - 1)];
}

// A line that a CPU behind another LLC has written, over one that a neighbour has: the mean over
// the memories that it may belong to.
double far_over_near(const topology::Topology& topology) {
  int far = 0;
  while (far < topology.cpus() && topology.cpu(far).llc == topology.cpu(0).llc) ++far;
  if (far == topology.cpus()) return 1.0;
  double sum = 0.0;
  for (int home = 0; home < topology.memories(); ++home) {
    sum +=
        compute::dirty_line_s(topology, 0, far, home) / compute::dirty_line_s(topology, 0, 0, home);
  }
  return sum / topology.memories();
}

}  // namespace

NetworkPaths::NetworkPaths(RunningHost& host, const HostDescription& description, GuestReach* reach)
    : host_{host},
      description_{description},
      reach_{reach},
      clock_{busy_clock(description.hardware)},
      distance_{host.topology_, !description.without.contains(Mechanism::remote_latency)} {
  const bool used = std::any_of(description.vms.begin(), description.vms.end(),
                                [](const VmDescription& vm) { return !vm.nics.empty(); });
  if (!used) return;
  kernel_ = host_.scheduler_->add_group(scheduler::GroupConfig{.shares = kKernelShares});
  interrupts_ = host_.scheduler_->add_group(
      scheduler::GroupConfig{.shares = kKernelShares, .interrupts = true});
  for (const NicDescription& nic : description.nics) add_nic(nic);
}

NetworkPaths::~NetworkPaths() = default;

sim::Engine& NetworkPaths::engine() {
  return host_.engine();
}

NetworkPaths::WorkerThread& NetworkPaths::thread(int worker, bool before_all) {
  const Worker& of = host_.workers_[at(worker)];
  double work_per_s = 1.0 / RunningHost::kEmulatorUnit_s;
  bool own_pace = false;
  if (of.stream >= 0) {
    const workload::Description& workload = host_.vms_[at(of.vm)].description->workload;
    work_per_s = clock_.count() / workload.profile.base_cpi;
    own_pace = workload.idle;
  }
  return threads_.emplace_back(host_, worker, work_per_s, own_pace, before_all);
}

network::Thread& NetworkPaths::kernel_thread(const std::vector<int>& cpus, bool interrupt) {
  const int worker = host_.add_thread(-1, cpus, interrupt ? interrupts_ : kernel_);
  host_.workers_[at(worker)].interrupt = interrupt;
  if (interrupt) softirqs_.push_back(worker);
  return thread(worker);
}

// --- the host's NICs, and the machines at their other ends --------------------------------------

void NetworkPaths::add_nic(const NicDescription& description) {
  HostNic& own = nics_.emplace_back(engine());
  own.description = &description;
  own.peer_station = kOutside - static_cast<int>(nics_.size()) + 1;
  network::NicConfig config = description.nic;
  config.driver = description_.vmm.network.driver;
  config.clock = clock_;
  config.distance = distance_;
  config.node = std::max(description.node, 0);
  if (!description.slot.empty()) {
    pcie::Fabric& fabric = *host_.cards_->fabric();
    const int card = fabric.card(config.name);
    config.node = fabric.node_of(card);
    if (host_.cards_->carries()) {
      own.dma = std::make_unique<PciDma>(fabric, card);
      config.latency += fabric.latency(card, config.node);
    }
  }
  config.buffers = description.node < 0 ? config.node : description.node;
  const std::vector<int>& cpus = host_.topology_.cpus_of_node(config.buffers);
  std::vector<network::Thread*> softirqs;
  for (int queue = 0; queue < config.queues; ++queue) {
    softirqs.push_back(&kernel_thread({cpus[at(queue) % cpus.size()]}, true));
  }
  own.nic = std::make_unique<network::Nic>(engine(), config, softirqs, own.ingress, own.dma.get());
  own.uplink.nic = own.nic.get();

  const PeerDescription& peer = description_.peer;
  int connections = 1;
  for (const VmDescription& vm : description_.vms) {
    if (!vm.nics.empty()) connections += vm.count * vm.workload.net.connections;
  }
  config.clock = peer.clock;
  config.latency = description.nic.latency;
  config.queues = connections;
  config.rx_ring = std::max(config.rx_ring, kLongestRing);
  config.distance = {};
  std::vector<network::Thread*> peer_softirqs;
  for (int i = 0; i < connections; ++i)
    peer_softirqs.push_back(&own.peer_softirqs.emplace_back(engine(), peer.interrupt_wake));
  own.peer_stack = std::make_unique<network::Stack>(
      engine(), network::StackConfig{.costs = description_.vmm.network.stack,
                                     .mtu = config.mtu,
                                     .tso = config.tso,
                                     .clock = peer.clock});
  own.peer = std::make_unique<network::Nic>(engine(), config, peer_softirqs, *own.peer_stack);
  own.peer_stack->set_device(*own.peer);
  if (reach_ != nullptr) {
    own.junction = std::make_unique<Junction>(*reach_, own.peer_station, *own.peer);
    own.nic->connect(*own.junction, peer.cable);
  } else {
    own.nic->connect(*own.peer, peer.cable);
  }
  own.peer->connect(*own.nic, peer.cable);
}

network::Switch& NetworkPaths::network_of(HostNic& nic, NicMode mode) {
  const network::SwitchMode of = switch_mode(mode);
  for (const Switches& known : nic.switches) {
    if (known.mode == of) return *known.network;
  }
  auto made =
      std::make_unique<network::Switch>(engine(), of, description_.vmm.network.forwarding, clock_);
  if (of != network::SwitchMode::isolated) made->set_uplink(nic.uplink);
  return *nic.switches.emplace_back(Switches{of, std::move(made)}).network;
}

// A guest or the host on one of its networks, which an isolated one keeps to itself.
void NetworkPaths::join(HostNic& nic, NicMode mode, int of_host, network::Port& port,
                        const network::Cost& behind) {
  network::Switch& network = network_of(nic, mode);
  network.attach(of_host, port, behind);
  if (mode != NicMode::isolated) nic.reach(of_host, network);
}

int NetworkPaths::station(int of_host) const {
  return reach_ != nullptr ? reach_->station(of_host) : of_host;
}

// --- the guests' NICs ---------------------------------------------------------------------------

void NetworkPaths::add(int vm, const std::vector<int>& cpus, scheduler::GroupId group) {
  const RunningVm& owner = host_.vms_[at(vm)];
  Guest& guest = guests_.emplace_back();
  guest.vm = vm;
  guest.kind = owner.kind;
  guest.station = station(vm + 1);
  guest.description = owner.description;
  const std::string& on = owner.description->nics.front().on;
  for (HostNic& nic : nics_) {
    if (on.empty() || nic.description->nic.name == on) {
      guest.on = &nic;
      if (reach_ != nullptr) reach_->attach(guest.station, *nic.nic);
      break;
    }
  }
  for (const int worker : owner.vcpus) {
    guest.vcpus.push_back(&thread(worker));
    guest.softirqs.push_back(&thread(worker, true));
  }
  guest.lock = std::make_unique<sim::Server>(engine());
  guest.buffers = std::make_unique<GuestBuffers>(host_, vm);
  attach(guest, cpus, group);
  const workload::NetProfile& net = owner.description->workload.net;
  if (!net.any() || !net.peer.empty() || net.partner != workload::Partner::host) return;
  for (int i = 0; i < net.connections; ++i) guest.partners.push_back(&kernel_thread({}, false));
}

network::StackConfig NetworkPaths::stack_config(const HostNic& nic, bool bursts) const {
  const network::StackCosts& costs = description_.vmm.network.stack;
  const double cold_far = static_cast<double>(costs.cold.count()) * far_over_near(host_.topology_);
  return {.costs = costs,
          .mtu = nic.description->nic.mtu,
          .tso = bursts,
          .clock = clock_,
          .cold_far = sim::Cycles{static_cast<std::int64_t>(cold_far)},
          .topology = &host_.topology_,
          .distance = distance_};
}

// A guest's, whose kernel takes exits to interrupt another of its CPUs.
network::StackConfig NetworkPaths::guest_stack_config(const Guest& guest, bool bursts) const {
  network::StackConfig config = stack_config(*guest.on, bursts);
  config.buffers = guest.buffers.get();
  const auto taken = [&](vmm::ExitKind kind) {
    return sim::Cycles{static_cast<std::int64_t>(host_.cycles_of(kind))};
  };
  // Whose reader sleeps, sleeps itself: the exit wakes its thread of the host, and it stops and
  // starts its tick around the sleep (nohz), each a write to its timer.
  config.interrupt_other = taken(vmm::ExitKind::ipi) + description_.vmm.network.backend.wake;
  config.interrupted =
      taken(vmm::ExitKind::inject) + taken(vmm::ExitKind::eoi) + taken(vmm::ExitKind::timer) * 2;
  return config;
}

network::BackendCosts NetworkPaths::backend_costs(network::GuestNicModel model) const {
  network::BackendCosts costs = description_.vmm.network.backend;
  const auto taken = [&](vmm::ExitKind kind) {
    return sim::Cycles{static_cast<std::int64_t>(host_.cycles_of(kind))};
  };
  costs.kick += taken(vmm::ExitKind::pio);
  costs.inject = taken(vmm::ExitKind::inject);
  costs.end_of_interrupt = taken(vmm::ExitKind::eoi);
  costs.call_qemu = taken(vmm::ExitKind::mmio_user);
  costs.guest_driver = description_.vmm.network.driver;
  // Emulated devices fill a buffer a packet.
  if (!network::emulated(model)) costs.guest_driver.receive.per_packet = costs.page;
  return costs;
}

void NetworkPaths::attach(Guest& guest, const std::vector<int>& cpus, scheduler::GroupId group) {
  const GuestNicDescription& description = guest.description->nics.front();
  if (description_.vmm.architecture == Architecture::container) return attach_container(guest);
  if (description.model == network::GuestNicModel::sriov) return attach_function(guest);
  HostNic& on = *guest.on;
  const bool one_loop = description.model != network::GuestNicModel::vhost;
  std::vector<network::GuestNic::Threads> threads;
  for (int queue = 0; queue < description.queues; ++queue) {
    if (queue == 0 || !one_loop)
      guest.backends.push_back(&thread(host_.io_->backend(guest.vm, cpus, group)));
    threads.push_back({guest.softirqs[at(queue) % guest.softirqs.size()], guest.backends.back()});
  }
  const bool bursts = description.offloads && description.model != network::GuestNicModel::rtl8139;
  network::Switch& network = network_of(on, description.mode);
  guest.stack = std::make_unique<network::Stack>(engine(), guest_stack_config(guest, bursts));
  guest.nic = std::make_unique<network::GuestNic>(
      engine(),
      network::GuestNicConfig{.name = guest.description->name,
                              .model = description.model,
                              .queues = description.queues,
                              .ring = description.ring,
                              .tap_queue = description.tap_queue,
                              .offloads = description.offloads,
                              .zero_copy = description.zero_copy,
                              .costs = backend_costs(description.model),
                              .clock = clock_,
                              .distance = distance_,
                              .buffers = guest.buffers.get()},
      threads, *guest.stack, network, host_.io_->big_lock(guest.vm));
  guest.stack->set_device(*guest.nic);
  join(on, description.mode, guest.station, guest.nic->tap());
}

// Interrupts of a function leave the guest, are handed on, and their end leaves it again, unless
// they are delivered virtually (posted).
void NetworkPaths::attach_function(Guest& guest) {
  double exits = 0.0;
  if (!description_.hardware.virtual_interrupts) {
    exits = host_.cycles_of(vmm::ExitKind::interrupt) + host_.cycles_of(vmm::ExitKind::inject) +
            host_.cycles_of(vmm::ExitKind::eoi) +
            static_cast<double>(description_.vmm.network.backend.function_interrupt.count());
  }
  const bool bursts = guest.on->description->nic.tso;
  guest.stack = std::make_unique<network::Stack>(engine(), guest_stack_config(guest, bursts));
  std::vector<network::Thread*> vcpus;
  for (int queue = 0; queue < guest.description->nics.front().queues; ++queue)
    vcpus.push_back(guest.softirqs[at(queue) % guest.softirqs.size()]);
  guest.stack->set_device(guest.on->nic->add_function(guest.station, vcpus, *guest.stack,
                                                      sim::Cycles{static_cast<std::int64_t>(exits)},
                                                      guest.buffers.get()));
}

void NetworkPaths::attach_container(Guest& guest) {
  const NicMode mode = guest.description->nics.front().mode;
  HostNic& on = *guest.on;
  guest.stack = std::make_unique<network::Stack>(engine(), stack_config(on, true));
  if (mode == NicMode::host || mode == NicMode::automatic) {
    const bool alone = guest.description->workload.net.partner == workload::Partner::host;
    guest.stack->set_device(
        alone ? static_cast<network::Port&>(loopbacks_.emplace_back(*guest.stack)) : on.uplink);
    guest.hosts = guest.stack.get();
    on.reach(guest.station, *guest.stack);
    return;
  }
  guest.stack->set_device(network_of(on, mode));
  join(on, mode, guest.station, *guest.stack, description_.vmm.network.forwarding.pair);
}

// The host's own stack on the guest's network.
network::Stack& NetworkPaths::host_stack(Guest& guest) {
  if (guest.hosts != nullptr) return *guest.hosts;
  network::Switch& network = network_of(*guest.on, guest.description->nics.front().mode);
  for (Guest& other : guests_) {
    if (other.hosts == nullptr || other.on != guest.on) continue;
    if (&network_of(*other.on, other.description->nics.front().mode) != &network) continue;
    guest.hosts = other.hosts;
    return *guest.hosts;
  }
  guest.hosts = &host_stacks_.emplace_back(engine(), stack_config(*guest.on, true));
  guest.hosts->set_device(network);
  join(*guest.on, guest.description->nics.front().mode, station(kHost), *guest.hosts);
  return *guest.hosts;
}

}  // namespace models
