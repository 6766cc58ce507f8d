#include "scenarios/host_defaults.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <string_view>
#include <utility>

#include "scenarios/expand.hpp"
#include "scenarios/library.hpp"
#include "scenarios/uncertain.hpp"

namespace scenarios {
namespace {

// What a crossing adds, by kind.
struct Kind {
  std::string_view name;
  std::string_view latency;
};
constexpr std::array<Kind, 6> kKinds{{
    {"qpi",
     "50 ns"},  // 36 to 54 ns (models/topology/description.hpp); of links without a kind, too
    {"xgmi", "92 ns"},  // EPYC 9224 and 9654: 93.2 and 88.3; 7601 110 [recall]
    {"gmi", "55 ns"},   // between dies of an EPYC 7001's package: 145 - 90 ns [recall]
    {"upi", "54 ns"},   // as icelake-8360y-2s
    {"ht", "54 ns"},    // as opteron-6272-4s
    {"mesh", "10 ns"},  // sub-NUMA clusters, NPS4: EPYC 9654's other half 116.4 - 106.8
}};

const Preset& unstated() {
  return *find_preset("uncertainty", "unstated");
}

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

std::string_view latency_of(const Node& link) {
  const Entry* kind = find(link, "kind");
  const std::string* name = kind != nullptr ? kind->value.text() : nullptr;
  const auto known = std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& one) {
    return one.name == (name != nullptr ? std::string_view{*name} : kKinds.front().name);
  });
  return known != kKinds.end() ? known->latency : std::string_view{};
}

// Links without a latency; they are uncertain where it is all of them, of one kind.
void fill_links(Node& host) {
  Entry* links = find(host, "link");
  auto* all = links != nullptr ? std::get_if<Node::Array>(&links->value.value) : nullptr;
  if (all == nullptr || all->empty()) return;
  std::set<std::string_view> filled;
  bool silent = true;
  for (Node& link : *all) {
    if (link.table() == nullptr) return;
    const std::string_view latency = latency_of(link);
    if (find(link, "latency") != nullptr || latency.empty()) {
      silent = false;
      continue;
    }
    put(link, "latency", std::string{latency});
    filled.insert(latency);
  }
  if (!silent || filled.size() != 1) return;
  Node::Array* uncertain = array_of(host, "uncertain");
  if (uncertain == nullptr) return;
  Node& entry = uncertain->emplace_back();
  entry.at = document(unstated()).at;
  entry.value = Node::Table{};
  put(entry, "key", std::string{"link.*.latency"});
  put(entry, "deviation", std::string{"25 %"});
  put(entry, "source",
      std::string{"not stated; 36 to 54 ns of QPI, UPI and HyperTransport, 88 to "
                  "110 ns of xGMI"});
}

}  // namespace

void fill_host(Node& host) {
  if (host.table() == nullptr) return;
  if (const Entry* each = find(host, "node_link")) {
    const Node link = each->value;
    if (link.table() != nullptr) join_nodes(host, link);
  }
  fill_links(host);
  const std::int64_t threads = whole(host, "threads_per_core", 1);
  if (Entry* l2 = find(host, "l2");
      l2 != nullptr && l2->value.table() != nullptr && find(l2->value, "shared_by") == nullptr)
    put(l2->value, "shared_by", threads);
  Node base = find(document(unstated()), "host")->value;
  merge_uncertain(base, host);
  const Location at = host.at;
  merge(base, host);
  base.at = at;
  host = std::move(base);
}

void note_cores(const Node& host, std::vector<std::string>& notes) {
  if (host.table() == nullptr) return;
  for (const char* said : {"cpu", "tlb", "line_buffers"}) {
    if (find(host, said) != nullptr) return;
  }
  static const std::string note =
      "host: what its cores are like is not said; caches of translations, misses under way and "
      "exits are taken as those of 2012; cpu = \"skylake\" names a generation (`tenancy list "
      "cpus`)";
  if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
}

}  // namespace scenarios
