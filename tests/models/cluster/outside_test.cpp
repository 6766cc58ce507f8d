#include "models/cluster/outside.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "sim/error.hpp"
#include "sim/process.hpp"
#include "sim/random.hpp"

using namespace sim::literals;
using namespace models::cluster;

namespace {

// 1,448 of 1,538 bytes of a packet on the wire are data: 1 MB takes a millisecond.
const NetworkDescription kNetwork{
    .bandwidth = sim::BytesPerSecond{1e9 * 1538 / 1448}, .latency = 1_ns, .switching = {}};

struct Flow {
  sim::Duration start;
  int from, to;
  sim::Bytes amount;
  double ended_s = -1.0;
};

sim::Process send(sim::Engine& engine, Outside& outside, Flow& flow) {
  co_await engine.delay(flow.start);
  co_await outside.send(flow.from, flow.to, flow.amount);
  flow.ended_s = sim::seconds(engine.now() - sim::kStart);
}

std::vector<double> ends(std::vector<Flow> flows, const NetworkDescription& network = kNetwork) {
  sim::Engine engine;
  Outside outside{engine, network, 4};
  for (Flow& flow : flows) engine.spawn(send(engine, outside, flow));
  engine.run();
  CHECK(outside.under_way() == 0);
  std::vector<double> all;
  for (const Flow& flow : flows) all.push_back(flow.ended_s);
  return all;
}

sim::Bytes megabytes(double amount) {
  return sim::Bytes{static_cast<std::int64_t>(amount * 1e6)};
}

void check_times(const std::vector<double>& got, const std::vector<double>& expected) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == Approx(expected[i]).epsilon(1e-6));
}

}  // namespace

TEST_CASE("a flow alone has its port", "[outside]") {
  check_times(ends({{0_ms, 0, 1, megabytes(100)}}), {0.100});
}

TEST_CASE("flows into one port share it, and the rest have all of it", "[outside]") {
  // A alone to 50 ms, half of the port to 150 ms; B half from 50 to 150, alone for its last 50 MB.
  check_times(ends({{0_ms, 0, 1, megabytes(100)}, {50_ms, 2, 1, megabytes(100)}}), {0.150, 0.200});
  // Directions and other ports are of their own.
  check_times(ends({{0_ms, 0, 1, megabytes(100)},
                    {0_ms, 1, 0, megabytes(100)},
                    {0_ms, 2, 3, megabytes(100)}}),
              {0.100, 0.100, 0.100});
}

TEST_CASE("a switch that is slower than its ports is shared by all", "[outside]") {
  NetworkDescription network = kNetwork;
  network.switching = network.bandwidth;
  check_times(ends({{0_ms, 0, 1, megabytes(100)}, {0_ms, 2, 3, megabytes(100)}}, network),
              {0.200, 0.200});
}

TEST_CASE("latency counts once", "[outside]") {
  NetworkDescription network = kNetwork;
  network.latency = 1_ms;
  check_times(ends({{0_ms, 0, 1, megabytes(100)}}, network), {0.101});
}

// Against processor sharing worked out by hand: starts and ends fall anywhere between each other,
// so a flow that SimGrid began too late or ended in our past would show.
TEST_CASE("flows end when a shared port says they do, whenever others begin", "[outside]") {
  constexpr double kPort_Bps = 1e9;
  sim::Random random = sim::Engine{7}.stream("flows");
  std::vector<Flow> flows;
  for (int i = 0; i < 60; ++i)
    flows.push_back({sim::from_seconds(random.uniform()), i % 3 == 0 ? 0 : (i % 3) + 1, 1,
                     megabytes(1.0 + 40.0 * random.uniform())});
  struct Open {
    std::size_t flow;
    double left_B;
  };
  std::vector<double> expected(flows.size());
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < flows.size(); ++i) order.push_back(i);
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return flows[a].start < flows[b].start; });
  std::vector<Open> open;
  double now_s = 0.0;
  for (std::size_t next = 0; next < order.size() || !open.empty();) {
    const auto soonest = std::min_element(
        open.begin(), open.end(), [](const Open& a, const Open& b) { return a.left_B < b.left_B; });
    const double n = static_cast<double>(open.size());
    const double end_s = open.empty() ? 1e9 : now_s + soonest->left_B * n / kPort_Bps;
    const double start_s = next < order.size() ? sim::seconds(flows[order[next]].start) : 1e9;
    const double until_s = std::min(end_s, start_s);
    for (Open& one : open) one.left_B -= (until_s - now_s) * kPort_Bps / n;
    now_s = until_s;
    if (end_s <= start_s) {
      expected[soonest->flow] = now_s;
      open.erase(soonest);
    } else {
      open.push_back({order[next], static_cast<double>(flows[order[next]].amount.count())});
      ++next;
    }
  }
  const std::vector<double> got = ends(flows);
  for (std::size_t i = 0; i < got.size(); ++i) {
    CHECK(got[i] == Approx(expected[i]).epsilon(1e-6));
    CHECK(got[i] >= sim::seconds(flows[i].start));
  }
}

TEST_CASE("larger packets leave more of a port to data") {
  NetworkDescription network{.bandwidth = sim::BytesPerSecond{1.25e9}, .latency = 1_ns};
  check_times(ends({{0_ms, 0, 1, megabytes(100)}}, network), {0.1 / 1.25 * 1538 / 1448});
  network.mtu = sim::Bytes{9'000};
  check_times(ends({{0_ms, 0, 1, megabytes(100)}}, network), {0.1 / 1.25 * 9038 / 8948});
}

// Lazy updates of SimGrid 3.32 gave the flows into one port twice what it carries.
TEST_CASE("flows that begin at one instant share each its port, whatever others have",
          "[outside]") {
  sim::Engine engine;
  const Port fast{.bandwidth = kNetwork.bandwidth * 4.0,
                  .latency = 1_ns,
                  .data_share = tcp_share(kNetwork.mtu)};
  Outside outside{engine, kNetwork, 2, {fast}};
  std::vector<Flow> flows(4, {0_ms, 2, 0, megabytes(10)});
  flows[1].to = flows[3].to = 1;
  for (Flow& flow : flows) engine.spawn(send(engine, outside, flow));
  engine.run();
  for (const Flow& flow : flows) CHECK(flow.ended_s == Approx(0.02).epsilon(1e-6));
  CHECK(outside.violations().empty());
}

TEST_CASE("further ports have rates and ways of their own", "[outside]") {
  NetworkDescription network = kNetwork;
  network.switching = sim::BytesPerSecond{1e8 * 1538 / 1448};  // a tenth of a port
  const Port fast{.bandwidth = sim::BytesPerSecond{2e9}, .latency = 10_us, .behind_switch = false};
  sim::Engine engine;
  Outside outside{engine, network, 2, {fast, fast}};
  Flow slow{0_ms, 0, 1, megabytes(10)}, quick{0_ms, 2, 3, megabytes(100)};
  for (Flow* flow : {&slow, &quick}) engine.spawn(send(engine, outside, *flow));
  engine.run_until(sim::kStart + 10_ms);
  CHECK(outside.violations().empty());  // with both under way
  engine.run();
  check_times({slow.ended_s, quick.ended_s}, {0.100, 0.05002});
  CHECK(outside.violations().empty());
  CHECK(outside.traffic(2).sent_B == 100e6);
  CHECK(outside.traffic(3).received_B == 100e6);
  CHECK(outside.traffic(3).sent_B == 0);
}

TEST_CASE("a second world outside is refused while there is one", "[outside]") {
  sim::Engine engine;
  const Outside outside{engine, kNetwork, 2};
  CHECK_THROWS_AS((Outside{engine, kNetwork, 2}), sim::ConfigError);
  CHECK(Outside::loaded());
}
