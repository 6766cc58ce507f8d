#include "scenarios/host_defaults.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string_view>
#include <utility>

#include "scenarios/expand.hpp"
#include "scenarios/library.hpp"
#include "scenarios/uncertain.hpp"

namespace scenarios {
namespace {

const Node& unstated(std::string_view table) {
  return find(document(*find_preset("uncertainty", "unstated")), table)->value;
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

bool linked(const Node::Array& links, std::int64_t one, std::int64_t other) {
  return std::any_of(links.begin(), links.end(), [&](const Node& link) {
    const std::int64_t from = whole(link, "from", 0), to = whole(link, "to", 0);
    return (from == one && to == other) || (from == other && to == one);
  });
}

// Each two nodes of a socket that no link joins, by links like `each`.
void join_nodes(Node& host, const Node& each) {
  Node::Array* links = array_of(host, "link");
  if (links == nullptr) return;  // said to be something else, which its reader refuses
  const std::int64_t inside = std::clamp<std::int64_t>(whole(host, "nodes_per_socket", 1), 1, 16);
  const std::int64_t sockets = std::clamp<std::int64_t>(whole(host, "sockets", 1), 1, 64);
  for (std::int64_t first = 0; first < sockets * inside; first += inside) {
    for (std::int64_t from = first; from < first + inside; ++from) {
      for (std::int64_t to = from + 1; to < first + inside; ++to) {
        if (linked(*links, from, to)) continue;
        Node& link = links->emplace_back(each);
        put(link, "from", from);
        put(link, "to", to);
        if (find(link, "kind") == nullptr) put(link, "kind", std::string{"mesh"});
      }
    }
  }
}

// Of a link of its kind; null: nobody knows such a kind.
const std::string* usual_latency(const Node& link) {
  const Entry* kind = find(link, "kind");
  const std::string* name = kind != nullptr ? kind->value.text() : nullptr;
  const Node& latencies = find(unstated("link"), "latency")->value;
  const Entry* known = find(latencies, name != nullptr ? *name : "qpi");
  return known != nullptr ? known->value.text() : nullptr;
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
    const std::string* latency = usual_latency(link);
    if (find(link, "latency") != nullptr || latency == nullptr) {
      silent = false;
      continue;
    }
    put(link, "latency", *latency);
    filled.insert(*latency);
  }
  Node::Array* uncertain = silent && filled.size() == 1 ? array_of(host, "uncertain") : nullptr;
  if (uncertain == nullptr) return;
  const Node::Array& entries = *find(unstated("link"), "uncertain")->value.array();
  uncertain->insert(uncertain->end(), entries.begin(), entries.end());
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
  Node base = unstated("host");
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
