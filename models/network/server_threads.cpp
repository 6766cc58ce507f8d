#include "models/network/server_threads.hpp"

#include <algorithm>
#include <utility>

namespace models::network {
namespace {

constexpr double kMigrationCost_us = 500.0;  // sysctl_sched_migration_cost
constexpr int kImbalance_pct = 112;          // 100 + (imbalance_pct - 100) / 2
constexpr sim::Duration kMillisecond{1'000'000'000};

double us(sim::Duration time) {
  return sim::seconds(time) * 1e6;
}

}  // namespace

ServerThreads::ServerThreads(sim::Engine& engine, std::vector<Thread*> vcpus,
                             std::vector<Thread*> softirqs)
    : engine_{engine} {
  for (std::size_t i = 0; i < vcpus.size(); ++i)
    vcpus_.push_back({.work = vcpus[i], .softirq = softirqs[i]});
  engine_.spawn(balance());
}

ServerThreads::One& ServerThreads::add(int vcpu) {
  return threads_.emplace_back(*this, vcpu);
}

sim::Task<> ServerThreads::One::work(sim::Duration cpu_time) {
  if (!runnable) all.join(*this, vcpu);
  while (!running) co_await granted;
  co_await all.vcpus_[static_cast<std::size_t>(vcpu)].work->work(cpu_time);
}

void ServerThreads::One::owe_exits(int count, sim::Cycles cycles) {
  all.vcpus_[static_cast<std::size_t>(vcpu)].work->owe_exits(count, cycles);
}

int ServerThreads::One::cpu() const {
  return all.vcpus_[static_cast<std::size_t>(vcpu)].work->cpu();
}

bool ServerThreads::One::woken_by(const Thread& waker) {
  const auto from = std::find_if(all.vcpus_.begin(), all.vcpus_.end(),
                                 [&](const Vcpu& one) { return one.softirq == &waker; });
  if (from == all.vcpus_.end() || runnable) return true;
  const auto here = static_cast<int>(from - all.vcpus_.begin());
  // Whom the interrupt runs on top of does not count.
  const int others = from->threads() - (from->current != nullptr ? 1 : 0);
  const int there = all.vcpus_[static_cast<std::size_t>(vcpu)].threads();
  const bool attracted = others == 0 || (others + 1) * 100 <= there * kImbalance_pct;
  all.join(*this, attracted ? here : vcpu);
  return vcpu != here;
}

void ServerThreads::One::sleeps() {
  if (!running) return;
  running = runnable = false;
  ran = all.engine_.now();
  Vcpu& own = all.vcpus_[static_cast<std::size_t>(vcpu)];
  own.current = nullptr;
  if (own.waiting.empty()) {
    own.idle_since = all.engine_.now();
    if (own.idle_us > kMigrationCost_us) all.pull(own);
    return;
  }
  One& next = *own.waiting.front();
  own.waiting.pop_front();
  all.grant(own, next);
}

void ServerThreads::join(One& thread, int vcpu) {
  Vcpu& own = vcpus_[static_cast<std::size_t>(vcpu)];
  thread.vcpu = vcpu;
  thread.runnable = true;
  if (own.current == nullptr) {
    // update_avg, capped as the kernel caps it.
    own.idle_us +=
        (std::min(us(engine_.now() - own.idle_since), 2 * kMigrationCost_us) - own.idle_us) / 8;
    grant(own, thread);
  } else {
    own.waiting.push_back(&thread);
  }
}

void ServerThreads::grant(Vcpu& vcpu, One& thread) {
  vcpu.current = &thread;
  thread.running = true;
  thread.granted.fire();
}

// Of the longest queue, the first that has not run for so long that its cache is cold.
bool ServerThreads::pull(Vcpu& to) {
  const auto from = std::max_element(
      vcpus_.begin(), vcpus_.end(),
      [](const Vcpu& a, const Vcpu& b) { return a.waiting.size() < b.waiting.size(); });
  const auto cold = std::find_if(from->waiting.begin(), from->waiting.end(), [&](const One* one) {
    return us(engine_.now() - one->ran) > kMigrationCost_us;
  });
  if (cold == from->waiting.end()) return false;
  One& thread = **cold;
  from->waiting.erase(cold);
  thread.vcpu = static_cast<int>(&to - vcpus_.data());
  grant(to, thread);
  return true;
}

// An idle CPU balances every so many milliseconds as its domain has CPUs, all out of step.
sim::Process ServerThreads::balance() {
  for (std::size_t turn = 0;; turn = (turn + 1) % vcpus_.size()) {
    co_await engine_.delay(kMillisecond);
    if (vcpus_[turn].current == nullptr) pull(vcpus_[turn]);
  }
}

}  // namespace models::network
