#include "scenarios/host_defaults.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "scenarios/expand.hpp"
#include "scenarios/library.hpp"
#include "scenarios/uncertain.hpp"

namespace scenarios {
namespace {

// What a crossing adds, by kind; others are a socket's links as models/topology/description.hpp has
// them.
struct Kind {
  std::string_view name;
  std::string_view latency;
};
constexpr std::array<Kind, 5> kKinds{{
    {"xgmi", "92 ns"},  // EPYC 9224 and 9654: 93.2 and 88.3; 7601 110 [recall]
    {"gmi", "55 ns"},   // between dies of an EPYC 7001's package: 145 - 90 ns [recall]
    {"upi", "54 ns"},   // as icelake-8360y-2s
    {"ht", "54 ns"},    // as opteron-6272-4s
    {"mesh", "10 ns"},  // sub-NUMA clusters, NPS4: EPYC 9654's other half 116.4 - 106.8
}};

std::int64_t whole(const Node& table, std::string_view key, std::int64_t otherwise) {
  const Entry* found = find(table, key);
  const auto* value = found != nullptr ? std::get_if<std::int64_t>(&found->value.value) : nullptr;
  return value != nullptr ? *value : otherwise;
}

void put(Node& table, std::string_view key, decltype(Node::value) value) {
  table.table()->push_back({std::string{key}, table.at, Node{table.at, std::move(value)}});
}

Node::Array* array_of(Node& table, std::string_view key) {
  if (find(table, key) == nullptr) put(table, key, Node::Array{});
  return std::get_if<Node::Array>(&find(table, key)->value.value);
}

// Each two nodes of a socket, by links like `each`.
void join_nodes(Node& host, const Node& each) {
  Node::Array* links = array_of(host, "link");
  if (links == nullptr) return;  // said to be something else, which its reader refuses
  const std::int64_t inside = std::clamp<std::int64_t>(whole(host, "nodes_per_socket", 1), 1, 16);
  const std::int64_t sockets = std::clamp<std::int64_t>(whole(host, "sockets", 1), 1, 64);
  for (std::int64_t first = 0; first < sockets * inside; first += inside) {
    for (std::int64_t from = first; from < first + inside; ++from) {
      for (std::int64_t to = from + 1; to < first + inside; ++to) {
        Node& link = links->emplace_back(each);
        put(link, "from", from);
        put(link, "to", to);
        if (find(link, "kind") == nullptr) put(link, "kind", std::string{"mesh"});
      }
    }
  }
}

void fill_links(Node& host) {
  Entry* links = find(host, "link");
  if (links == nullptr || links->value.array() == nullptr) return;
  for (Node& link : std::get<Node::Array>(links->value.value)) {
    const Entry* kind = find(link, "kind");
    if (link.table() == nullptr || find(link, "latency") != nullptr || kind == nullptr ||
        kind->value.text() == nullptr)
      continue;
    const auto known = std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& one) {
      return one.name == *kind->value.text();
    });
    if (known != kKinds.end()) put(link, "latency", std::string{known->latency});
  }
}

}  // namespace

void fill_host(Node& host, Problems& problems) {
  if (host.table() == nullptr) return;
  if (const Entry* each = find(host, "node_link")) {
    if (each->value.table() != nullptr) {
      const Node link = each->value;
      join_nodes(host, link);
    } else {
      expect(problems, each->value, "host.node_link", "a table of a link's keys");
    }
  }
  fill_links(host);
  const std::int64_t threads = whole(host, "threads_per_core", 1);
  if (Entry* l2 = find(host, "l2");
      l2 != nullptr && l2->value.table() != nullptr && find(l2->value, "shared_by") == nullptr)
    put(l2->value, "shared_by", threads);
  Node base = find(document(*find_preset("uncertainty", "unstated")), "host")->value;
  merge_uncertain(base, host);
  const Location at = host.at;
  merge(base, host);
  base.at = at;
  host = std::move(base);
}

void note_cores(const Node& host, std::vector<std::string>& notes) {
  if (host.table() == nullptr) return;
  for (const char* said : {"use", "cpu", "tlb", "line_buffers"}) {
    if (find(host, said) != nullptr) return;
  }
  static const std::string note =
      "host: what its cores are like is not said; caches of translations, misses under way and "
      "exits are taken as those of 2012; cpu = \"skylake\" names a generation (`tenancy list "
      "cpus`)";
  if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
}

}  // namespace scenarios
