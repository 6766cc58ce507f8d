// What guests and others say to each other on the network, and what came of it.
#include <fmt/format.h>

#include <algorithm>

#include "models/io_paths.hpp"
#include "models/network_state.hpp"
#include "sim/error.hpp"

namespace models {
namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

constexpr double kKept = 1.02;  // what senders may lack of their rate before it is said

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : 0.0;
}

}  // namespace

void NetworkPaths::start() {
  for (Guest& guest : guests_) {
    const workload::NetProfile& net = guest.description->workload.net;
    for (int i = 0; net.any() && i < net.connections; ++i) talk(guest, i);
  }
}

// A server's thread goes where its guest's kernel puts it, which is taken to be as old as the
// host's; another connection's has a vCPU of its own choice. Packets' interrupts come where the
// queue's do.
network::Place NetworkPaths::here(Guest& guest, int connection, int flow) {
  const std::size_t vcpu = at(connection) % guest.vcpus.size();
  const workload::NetProfile& net = guest.description->workload.net;
  if (description_.vmm.cfs.affine_by_load && guest.nic != nullptr && guest.vcpus.size() > 1 &&
      net.conversation == workload::Conversation::serve && net.held == sim::Cycles{}) {
    if (guest.threads == nullptr) {
      guest.threads = std::make_unique<network::ServerThreads>(
          engine(), std::vector<network::Thread*>{guest.vcpus.begin(), guest.vcpus.end()},
          std::vector<network::Thread*>{guest.softirqs.begin(), guest.softirqs.end()});
    }
    network::ServerThreads::One& thread = guest.threads->add(static_cast<int>(vcpu));
    return {
        .station = guest.station, .stack = guest.stack.get(), .app = &thread, .wakeups = &thread};
  }
  const int queues = guest.description->nics.front().queues;
  return {.station = guest.station,
          .stack = guest.stack.get(),
          .app = guest.vcpus[vcpu],
          .app_now = guest.softirqs[vcpu],
          .interrupted = vcpu != at(flow % queues) % guest.vcpus.size()};
}

NetworkPaths::Guest& NetworkPaths::neighbour(Guest& guest) {
  const std::vector<int>& vms = host_.kinds_[at(guest.kind)].vms;
  const int next = guest.vm + 1 <= vms.back() ? guest.vm + 1 : vms.front();
  return *std::find_if(guests_.begin(), guests_.end(),
                       [&](const Guest& other) { return other.vm == next; });
}

network::Place NetworkPaths::place(const std::string& vm, int member, int connection, int flow) {
  std::vector<Guest*> members;
  for (Guest& guest : guests_) {
    if (guest.description->name == vm) members.push_back(&guest);
  }
  if (members.empty()) throw sim::ModelError{"no VM with a NIC is called " + vm};
  return here(*members[at(member) % members.size()], connection, flow);
}

network::Place NetworkPaths::there(Guest& guest, int connection, int flow) {
  const std::string& peer = guest.description->workload.net.peer;
  if (!peer.empty()) {
    const int member = guest.vm - host_.kinds_[at(guest.kind)].vms.front();
    return reach_ != nullptr ? reach_->place(peer, member, connection, flow)
                             : place(peer, member, connection, flow);
  }
  switch (guest.description->workload.net.partner) {
    case workload::Partner::outside:
      return {.station = guest.on->peer_station,
              .stack = guest.on->peer_stack.get(),
              .app = &guest.on->peer_apps.emplace_back(engine(), description_.peer.wake)};
    case workload::Partner::host: {
      // A container on the host's stack is the host.
      network::Stack& stack = host_stack(guest);
      return {.station = &stack == guest.stack.get() ? guest.station : station(0),
              .stack = &stack,
              .app = guest.partners[at(connection)]};
    }
    case workload::Partner::guest:
      return here(neighbour(guest), connection, flow);
  }
  throw sim::ModelError{"unknown partner"};
}

void NetworkPaths::talk(Guest& guest, int connection) {
  const workload::NetProfile& net = guest.description->workload.net;
  const int flow = flows_++;
  const network::Place guest_end = here(guest, connection, flow);
  const network::Place other_end = there(guest, connection, flow);
  Talk& made = talks_.emplace_back();
  made.kind = guest.kind;
  using workload::Conversation;
  const bool from_guest = net.conversation == Conversation::stream_out ||
                          net.conversation == Conversation::ask ||
                          net.conversation == Conversation::datagrams_out;
  const network::Place& from = from_guest ? guest_end : other_end;
  const network::Place& to = from_guest ? other_end : guest_end;
  const auto keep = [&](auto sender, auto receiver, auto&&... arguments) {
    receiver->start();
    sender->start(*receiver, arguments...);
    made.from = std::move(sender);
    made.to = std::move(receiver);
  };
  switch (net.conversation) {
    case Conversation::none:
      return;
    case Conversation::stream_out:
    case Conversation::stream_in: {
      if (net.file || net.per_KiB > sim::Cycles{})
        made.application = std::make_unique<Application>(host_, guest, connection, guest_end);
      network::Content* content = made.application.get();
      auto reader =
          std::make_unique<network::StreamReceiver>(to, flow, from_guest ? nullptr : content);
      made.reader = reader.get();
      keep(std::make_unique<network::StreamSender>(
               from, flow,
               network::StreamConfig{.message = net.message,
                                     .window = net.window,
                                     .content = from_guest ? content : nullptr}),
           std::move(reader));
      return;
    }
    case Conversation::serve:
    case Conversation::ask: {
      const network::RequestConfig config{.request = net.request,
                                          .response = net.response,
                                          .service = net.service / clock_,
                                          .held = net.held / clock_,
                                          .client_service = net.client_service,
                                          .think = net.think,
                                          .round_trips = net.round_trips};
      auto asker = std::make_unique<network::Requester>(from, flow, config);
      made.asker = asker.get();
      keep(std::move(asker),
           std::make_unique<network::Responder>(to, flow, config,
                                                from_guest ? nullptr : guest.lock.get()),
           engine().stream(fmt::format("net.{}.{}", guest.station, connection)));
      return;
    }
    case Conversation::datagrams_in:
    case Conversation::datagrams_out: {
      auto source = std::make_unique<network::DatagramSender>(
          from, flow,
          network::DatagramConfig{.payload = net.datagram,
                                  .rate_Hz = net.rate.count(),
                                  .at_once = net.at_once,
                                  .calls = !net.in_kernel});
      auto sink = std::make_unique<network::DatagramReceiver>(to, flow);
      made.source = source.get();
      made.sink = sink.get();
      keep(std::move(source), std::move(sink));
      return;
    }
  }
}

NetworkPaths::Application::Application(RunningHost& host, Guest& guest, int job,
                                       const network::Place& place)
    : host_{host}, guest_{guest}, net_{guest.description->workload.net}, job_{job}, place_{place} {}

sim::Task<> NetworkPaths::Application::pass(sim::Bytes amount) {
  const bool sends = net_.conversation == workload::Conversation::stream_out;
  const auto copy = [&] {
    return host_.io_->copy(guest_.vm, sends ? storage::Operation::read : storage::Operation::write,
                           amount, job_, position_B_);
  };
  const sim::Cycles own{net_.per_KiB.count() * amount.count() / 1'024};
  if (net_.file && sends) co_await copy();
  if (own > sim::Cycles{}) co_await place_.app->work(place_.stack->time(own));
  if (net_.file && !sends) co_await copy();
}

// --- what came of it ----------------------------------------------------------------------------

void NetworkPaths::begin_measuring() {
  for (Talk& talk : talks_) {
    if (talk.reader != nullptr) talk.bytes_before = talk.reader->read_B();
    if (talk.asker != nullptr) talk.asker->restart_stats();
    if (talk.sink == nullptr) continue;
    talk.bytes_before = talk.sink->traffic().payload_B;
    talk.packets_before = talk.sink->traffic().packets;
    talk.sent_before = talk.source->sent();
  }
}

NetworkPaths::Counts NetworkPaths::counts(const Talk& talk) const {
  Counts counts;
  const auto since = [](auto now, auto before) { return static_cast<double>(now - before); };
  if (talk.reader != nullptr) counts.bytes = since(talk.reader->read_B(), talk.bytes_before);
  if (talk.asker != nullptr) counts.transactions = static_cast<double>(talk.asker->transactions());
  if (talk.sink == nullptr) return counts;
  counts.bytes = since(talk.sink->traffic().payload_B, talk.bytes_before);
  counts.packets = since(talk.sink->traffic().packets, talk.packets_before);
  counts.sent = since(talk.source->sent(), talk.sent_before);
  return counts;
}

double NetworkPaths::units(int kind) const {
  double sum = 0.0;
  for (const Talk& talk : talks_) {
    if (talk.kind != kind) continue;
    const Counts of = counts(talk);
    sum += talk.asker != nullptr ? of.transactions : talk.sink != nullptr ? of.packets : of.bytes;
  }
  return sum;
}

double NetworkPaths::waiting(int kind) const {
  const VmDescription& vm = description_.vms[at(kind)];
  const workload::NetProfile& net = vm.workload.net;
  using workload::Conversation;
  const bool asks =
      net.conversation == Conversation::ask || net.conversation == Conversation::serve;
  const bool streams =
      net.conversation == Conversation::stream_in || net.conversation == Conversation::stream_out;
  const bool datagrams = net.conversation == Conversation::datagrams_in ||
                         net.conversation == Conversation::datagrams_out;
  const bool always = streams || datagrams || (asks && net.think == sim::Duration::zero());
  return always ? std::min(1.0, static_cast<double>(net.connections) / vm.vcpus) : 0.0;
}

void NetworkPaths::report(int kind, double measured_s, Results& results) const {
  const VmDescription& description = description_.vms[at(kind)];
  if (!description.workload.net.any()) return;
  Counts all;
  sim::Histogram latency;
  sim::Tally mean;
  for (const Talk& talk : talks_) {
    if (talk.kind != kind) continue;
    const Counts of = counts(talk);
    all.transactions += of.transactions;
    all.bytes += of.bytes;
    all.packets += of.packets;
    all.sent += of.sent;
    if (talk.asker == nullptr) continue;
    latency.merge(talk.asker->latency());
    mean.merge(talk.asker->mean());
  }
  double backend_s = 0.0, kicks = 0.0, interrupts = 0.0, vms = 0.0;
  for (const Guest& guest : guests_) {
    if (guest.kind != kind) continue;
    ++vms;
    for (const WorkerThread* backend : guest.backends) {
      const guest::Causes causes = host_.workers_[at(backend->worker())].progress.seconds();
      backend_s += causes[static_cast<std::size_t>(Cause::running)];
    }
    if (guest.nic == nullptr) continue;
    kicks += static_cast<double>(guest.nic->kicks());
    interrupts += static_cast<double>(guest.nic->interrupts());
  }
  const auto put = [&](std::string_view quantity, double value) {
    results.metrics.push_back({fmt::format("vm.{}.{}", description.name, quantity), value});
  };
  put("net.throughput", all.bytes / measured_s / vms);
  put("net.packets", all.packets / measured_s / vms);
  put("net.sent", all.sent / measured_s / vms);
  put("net.lost", all.sent > 0 ? std::max(0.0, 1.0 - all.packets / all.sent) : 0.0);
  const workload::NetProfile& net = description.workload.net;
  const double asked_Hz = net.rate.count() * net.connections * vms;
  const double slack = static_cast<double>(net.at_once) * net.connections * vms;
  if (all.sent > 0 && asked_Hz * measured_s > all.sent * kKept + slack) {
    results.notes.push_back(
        fmt::format("vm.{}: of {:.3g} datagrams a second that workload.net.rate asks for, {:.3g} "
                    "were sent: the senders' CPUs or links have no more",
                    description.name, asked_Hz, all.sent / measured_s));
  }
  put("net.transactions", all.transactions / measured_s / vms);
  put("net.latency.mean", mean.mean());
  for (const auto& [name, share] : {std::pair{"p50", 0.50}, {"p95", 0.95}, {"p99", 0.99}})
    put(fmt::format("net.latency.{}", name), latency.percentile(share));
  put("net.backend", backend_s / measured_s / vms);
  put("net.kicks", ratio(kicks, sim::seconds(host_.engine_.now().time_since_epoch())) / vms);
  put("net.interrupts",
      ratio(interrupts, sim::seconds(host_.engine_.now().time_since_epoch())) / vms);
}

void NetworkPaths::report_host(double measured_s, Results& results) const {
  if (nics_.empty()) return;
  double softirq_s = 0.0, interrupts = 0.0, dropped = 0.0, most = 0.0;
  for (const int worker : softirqs_) {
    const double busy_s =
        host_.workers_[at(worker)].progress.seconds()[static_cast<std::size_t>(Cause::running)];
    softirq_s += busy_s;
    most = std::max(most, busy_s);
  }
  for (const HostNic& nic : nics_) {
    interrupts += static_cast<double>(nic.nic->interrupts());
    dropped += static_cast<double>(nic.nic->received().dropped);
    results.utilisation.push_back({fmt::format("nic.{}", nic.description->nic.name),
                                   nic.nic->wire().stats().busy.average(host_.engine_.now())});
    const network::Traffic far = nic.peer->received();
    const auto came = static_cast<double>(far.packets + far.dropped);
    if (static_cast<double>(far.dropped) > (kKept - 1.0) * came) {
      results.notes.push_back(fmt::format(
          "of what host.nic.{} sent, {:.0f} % was lost by the machine at the other end of its "
          "cable, whose CPUs have no time for more; net.sent is what guests sent",
          nic.description->nic.name, 100.0 * static_cast<double>(far.dropped) / came));
    }
  }
  const double all_s = sim::seconds(host_.engine_.now().time_since_epoch());
  results.metrics.push_back({"host.softirq", softirq_s / measured_s});
  results.metrics.push_back({"host.softirq.max", most / measured_s});
  results.metrics.push_back({"host.nic.interrupts", ratio(interrupts, all_s)});
  results.metrics.push_back({"host.nic.dropped", ratio(dropped, all_s)});
}

}  // namespace models
