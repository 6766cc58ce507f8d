#include "models/scheduler/domains.hpp"

#include <catch2/catch.hpp>
#include <numeric>
#include <set>

using namespace models::scheduler;

namespace {

// `nodes` nodes of `cores` cores of two threads; siblings adjacent, one LLC a node.
CpuMap machine(int nodes, int cores, std::vector<std::vector<int>> distance) {
  CpuMap map;
  for (int cpu = 0; cpu < nodes * cores * 2; ++cpu) {
    map.core.push_back(cpu / 2);
    map.llc.push_back(cpu / (2 * cores));
    map.node.push_back(cpu / (2 * cores));
  }
  map.distance = std::move(distance);
  return map;
}

std::vector<CpuId> range(CpuId from, CpuId to) {
  std::vector<CpuId> all(static_cast<std::size_t>(to - from));
  std::iota(all.begin(), all.end(), from);
  return all;
}

}  // namespace

TEST_CASE("domains nest: siblings, last-level cache, each NUMA distance") {
  // Four nodes in a ring: 16 to neighbours, 22 across.
  const auto domains = build_domains(
      machine(4, 2, {{10, 16, 22, 16}, {16, 10, 16, 22}, {22, 16, 10, 16}, {16, 22, 16, 10}}));
  const std::vector<Domain>& own = domains.at(5);  // second thread of the second core of node 1
  REQUIRE(own.size() == 4);
  CHECK(own[0].level == Level::smt);
  CHECK(own[0].span == std::vector<CpuId>{4, 5});
  CHECK(own[1].level == Level::llc);
  CHECK(own[1].span == range(4, 8));
  CHECK(own[2].level == Level::numa);
  CHECK(own[2].span == range(0, 12));  // nodes 0, 1, 2
  CHECK(own[3].span == range(0, 16));
}

TEST_CASE("groups part a domain's span, the CPU's own first") {
  const auto domains = build_domains(machine(2, 4, {{10, 21}, {21, 10}}));
  for (std::size_t cpu = 0; cpu < domains.size(); ++cpu) {
    for (const Domain& domain : domains[cpu]) {
      std::multiset<CpuId> members;
      for (const auto& group : domain.groups) members.insert(group.begin(), group.end());
      CHECK(std::vector<CpuId>(members.begin(), members.end()) == domain.span);
      const auto& first = domain.groups.front();
      CHECK(std::count(first.begin(), first.end(), static_cast<CpuId>(cpu)) == 1);
    }
  }
  CHECK(domains[0][1].groups.size() == 4);  // four cores
  CHECK(domains[0][2].groups.size() == 2);  // two nodes
}

TEST_CASE("wake-affine stops at RECLAIM_DISTANCE, 30") {
  const auto near = build_domains(machine(2, 1, {{10, 21}, {21, 10}}));
  const auto far = build_domains(machine(2, 1, {{10, 31}, {31, 10}}));
  CHECK(near[0].back().wake_affine);
  CHECK_FALSE(far[0].back().wake_affine);
}

TEST_CASE("levels that add no CPU are left out, and one CPU has no domain") {
  CpuMap map;
  map.core = {0, 1};
  map.llc = {0, 0};
  map.node = {0, 0};
  map.distance = {{10}};
  const auto domains = build_domains(map);
  REQUIRE(domains[0].size() == 1);
  CHECK(domains[0][0].level == Level::llc);
  CpuMap one;
  one.core = one.llc = one.node = {0};
  one.distance = {{10}};
  CHECK(build_domains(one).at(0).empty());
}
