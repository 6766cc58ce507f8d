// The network of a running host: its NICs and switches, the guests' NICs, the machines at the other
// end, what is said between them, and what came of it.
//
// Models  softirqs as threads bound to a CPU, which an interrupt starts at once; vhost's and QEMU's
//         threads on the VMM's scheduler; guests' kernels on their vCPUs.
//         A NIC reads and writes the memory that a packet lies in: of the CPU whose softirq or
//         thread allots it, or a guest's own for its virtual function.
// Omits   more than one NIC a guest.
// Part of the composition root. Checked tests/models/network_paths_test.cpp.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "models/guest_network.hpp"
#include "models/host_description.hpp"
#include "models/network/own_cpu.hpp"
#include "models/network/requests.hpp"
#include "models/pcie/fabric.hpp"
#include "models/results.hpp"
#include "models/scheduler/scheduler.hpp"
#include "sim/engine.hpp"

namespace models {

class RunningHost;

// What cannot be about the network of a host, one reason a line; empty: nothing.
std::string network_complaints(const HostDescription& host);

class NetworkPaths {
 public:
  // `reach` null: nothing but what hangs on its cables.
  NetworkPaths(RunningHost& host, const HostDescription& description, GuestReach* reach);
  ~NetworkPaths();

  sim::Engine& engine();
  // The VM's NIC and the threads that serve it, which may run on `cpus`.
  void add(int vm, const std::vector<int>& cpus, scheduler::GroupId group);
  void start();
  // The end of a connection with a VM of a class, in turn by `member`.
  network::Place place(const std::string& vm, int member, int connection, int flow);
  void begin_measuring();
  // Of the time in which vCPUs of the class do nothing, the share that conversations wait; zero for
  // those that have times of their own to wait.
  double waiting(int kind) const;
  double units(int kind) const;  // transactions, bytes of streams or datagrams
  void report(int kind, double measured_s, Results& results) const;
  void report_host(double measured_s, Results& results) const;

 private:
  class WorkerThread;
  struct Switches;
  struct Ingress;
  struct Uplink;
  struct Junction;
  struct PciDma;
  struct GuestBuffers;
  struct HostNic;
  struct Guest;
  class Application;
  struct Talk;
  struct Counts;

  WorkerThread& thread(int worker, bool before_all = false);
  network::Thread& kernel_thread(const std::vector<int>& cpus, bool interrupt);
  network::Switch& network_of(HostNic& nic, NicMode mode);
  void join(HostNic& nic, NicMode mode, int of_host, network::Port& port,
            const network::Cost& behind = {});
  void add_nic(const NicDescription& description);
  void attach(Guest& guest, const std::vector<int>& cpus, scheduler::GroupId group);
  void attach_container(Guest& guest);
  void attach_function(Guest& guest);
  network::BackendCosts backend_costs(network::GuestNicModel model) const;
  network::StackConfig stack_config(const HostNic& nic, bool bursts) const;
  network::StackConfig guest_stack_config(const Guest& guest, bool bursts) const;
  network::Stack& host_stack(Guest& guest);

  void talk(Guest& guest, int connection);
  network::Place here(Guest& guest, int connection, int flow);
  network::Place there(Guest& guest, int connection, int flow);
  Guest& neighbour(Guest& guest);
  int station(int of_host) const;
  Counts counts(const Talk& talk) const;

  RunningHost& host_;
  const HostDescription& description_;
  GuestReach* reach_;
  sim::Hertz clock_;
  network::MemoryDistance distance_;
  scheduler::GroupId kernel_ = 0;
  scheduler::GroupId interrupts_ = 0;
  std::vector<int> softirqs_;  // workers
  std::deque<WorkerThread> threads_;
  std::deque<HostNic> nics_;
  std::deque<Guest> guests_;
  std::deque<network::Stack> host_stacks_;
  std::deque<network::Loopback> loopbacks_;
  std::deque<Talk> talks_;
  int flows_ = 0;
};

}  // namespace models
