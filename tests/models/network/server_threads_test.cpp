#include "models/network/server_threads.hpp"

#include <catch2/catch.hpp>
#include <deque>
#include <optional>

#include "models/network/own_cpu.hpp"
#include "tests/models/network/machine.hpp"

using namespace models::network;

namespace {

// Three vCPUs, of which the first takes the interrupts.
struct Guest {
  Guest() {
    for (int i = 0; i < 3; ++i) {
      work.push_back(&cpus.emplace_back(engine));
      softirqs.push_back(&interrupts.emplace_back(engine));
    }
    threads.emplace(engine, work, softirqs);
  }
  // Wakes it from the first vCPU, for so long; when it has slept again, notes that.
  sim::Process run(ServerThreads::One& thread, sim::Duration time) {
    thread.woken_by(*softirqs[0]);
    co_await thread.work(time);
    thread.sleeps();
    slept.push_back({thread.vcpu, in_us(engine.now())});
  }
  sim::Engine engine;
  std::deque<GuestCpu> cpus;
  std::deque<OwnCpu> interrupts;
  std::vector<Thread*> work, softirqs;
  std::optional<ServerThreads> threads;
  std::vector<std::pair<int, double>> slept;  // vCPU, us
};

}  // namespace

TEST_CASE(
    "an interrupt attracts a thread to its vCPU, on top of one that runs there a second one") {
  Guest guest;
  ServerThreads::One& a = guest.threads->add(1);
  ServerThreads::One& b = guest.threads->add(2);
  ServerThreads::One& c = guest.threads->add(2);
  CHECK_FALSE(a.woken_by(*guest.softirqs[0]));
  CHECK_FALSE(b.woken_by(*guest.softirqs[0]));
  // Two there by now, of which one waits, and nobody on its own.
  CHECK(c.woken_by(*guest.softirqs[0]));
  CHECK(c.vcpu == 2);
}

TEST_CASE("threads of a vCPU run one after another, although others are idle") {
  Guest guest;
  for (int i = 0; i < 2; ++i) guest.engine.spawn(guest.run(guest.threads->add(0), us(100)));
  guest.engine.run_until(sim::Instant{us(250)});
  CHECK(guest.slept == std::vector<std::pair<int, double>>{{0, 100}, {0, 200}});
}

TEST_CASE("a vCPU that has idled pulls a thread that has waited for half a millisecond") {
  Guest guest;
  ServerThreads::One& first = guest.threads->add(0);
  ServerThreads::One& waits = guest.threads->add(0);
  guest.engine.spawn(guest.run(first, us(5'000)));
  guest.engine.spawn(guest.run(waits, us(100)));
  // Its turn to balance comes after two milliseconds.
  guest.engine.run_until(sim::Instant{us(6'000)});
  CHECK(guest.slept == std::vector<std::pair<int, double>>{{1, 2'100}, {0, 5'000}});
}

TEST_CASE("a thread that leaves the guest does so on its vCPU, whose time that is") {
  Guest guest;
  ServerThreads::One& thread = guest.threads->add(1);
  thread.woken_by(*guest.softirqs[0]);
  thread.owe_exits(2, sim::Cycles{5'000});  // at 1 GHz
  guest.engine.spawn(guest.run(thread, us(10)));
  guest.engine.run_until(sim::Instant{us(100)});
  REQUIRE(guest.slept.size() == 1);
  CHECK(guest.slept.front().second == 15.0);
  CHECK(guest.cpus[static_cast<std::size_t>(guest.slept.front().first)].exits == 2);
}
