#include "scenarios/server_keys.hpp"

#include <algorithm>
#include <utility>

#include "scenarios/expand.hpp"
#include "scenarios/fields.hpp"
#include "scenarios/key_path.hpp"
#include "scenarios/storage_keys.hpp"

namespace scenarios {
namespace {

using models::StorageProtocol;
using models::StorageServer;
using models::StorageSession;

constexpr std::int64_t kMostHosts = 64;

const std::vector<Word<StorageProtocol>>& protocols() {
  static const std::vector<Word<StorageProtocol>> words{{"iscsi", StorageProtocol::iscsi},
                                                        {"nfs", StorageProtocol::nfs},
                                                        {"fc", StorageProtocol::fc}};
  return words;
}

const Section<StorageSession>& session_keys() {
  using T = StorageSession;
  static const Section<T> section{
      whole("queue_depth", &T::queue_depth, 1, 65536, "commands of one disk at once"),
      whole("commands", &T::commands, 1, 65536, "of a host's session at once"),
      whole("connections", &T::connections, 1, 64, "threads of the host that work for it"),
      quantity("max_transfer", Unit::size, &T::max_transfer, "of a command", Zero::refused),
      quantity("immediate", Unit::size, &T::immediate, "of a write, that goes with its command"),
      quantity("burst", Unit::size, &T::burst, "of a write, that the server asks for at once",
               Zero::refused),
      quantity("command_header", Unit::size, &T::command_header, "of messages to the server"),
      quantity("answer_header", Unit::size, &T::answer_header, "of messages from it"),
      quantity("submit", Unit::cycles, &T::submit, "of the host's thread, a command"),
      quantity("complete", Unit::cycles, &T::complete, "of the host's thread, an answer"),
      quantity("page", Unit::cycles, &T::page, "of the host's thread, each 4 KiB"),
  };
  return section;
}

// Its name, its `on`: what a VM or host of several has of its own.
void rename(Node& node, std::string_view key, const std::string& to) {
  if (Entry* entry = find(node, key)) entry->value.value = to;
}

void number_vms(Node& document, const std::string& host, std::int64_t count) {
  Entry* vms = find(document, "vm");
  if (vms == nullptr || vms->value.array() == nullptr) return;
  Node::Array numbered;
  for (const Node& vm : *vms->value.array()) {
    const Entry* on = find(vm, "on");
    const Entry* name = find(vm, "name");
    const bool here = on != nullptr && on->value.text() != nullptr && *on->value.text() == host &&
                      name != nullptr && name->value.text() != nullptr;
    if (!here) {
      numbered.push_back(vm);
      continue;
    }
    for (std::int64_t i = 0; i < count; ++i) {
      Node& own = numbered.emplace_back(vm);
      rename(own, "name", *name->value.text() + std::to_string(i));
      rename(own, "on", host + std::to_string(i));
    }
  }
  vms->value.value = std::move(numbered);
}

}  // namespace

const Section<StorageServer>& server_keys() {
  using T = StorageServer;
  static const Section<T> section = [] {
    Section<T> all{
        choice("protocol", &T::protocol, protocols(),
               "that hosts reach it by; the other keys' defaults follow it"),
        quantity("bandwidth", Unit::wire_rate, &T::bandwidth,
                 "of its port, each direction; 0 B/s: as the hosts' ports. fc: by the links' name, "
                 "1 to 128 Gbit/s, hosts' adapters alike: 8 Gbit/s carries 826.5 MB/s of data, "
                 "16 Gbit/s 1,653"),
        quantity("latency", Unit::time, &T::latency, "fc: from a host's adapter to it"),
        whole("cores", &T::cores, 1, 1024, "that work for commands and arrays"),
        quantity("frequency", Unit::frequency, &T::frequency, "of these", Zero::refused),
        quantity("request", Unit::cycles, &T::request, "of a core, a command"),
        quantity("page", Unit::cycles, &T::page, "of a core, each 4 KiB"),
        table("session", &T::session, &session_keys, "of one host with it"),
    };
    append_part(all, storage_keys(), &T::storage);
    return all;
  }();
  return section;
}

void read_servers(models::HostDescription& host, Node& storage,
                  const std::vector<Assumption>& assumed, std::vector<UncertainParameter>& found,
                  Problems& problems) {
  if (storage.table() == nullptr)
    return expect(problems, storage, "cluster.storage", "tables: write [cluster.storage.<name>]");
  for (Entry& entry : *storage.table()) {
    const std::string path = "cluster.storage." + entry.key;
    if (entry.value.table() == nullptr) {
      expect(problems, entry.value, path, "a table");
      continue;
    }
    auto protocol = StorageProtocol::iscsi;
    if (const Entry* given = find(entry.value, "protocol")) {
      if (const auto* word = read_word(protocols(), given->value, path + ".protocol", problems))
        protocol = word->value;
      else
        continue;
    }
    StorageServer& server = host.servers.emplace_back(models::standard_server(protocol));
    server.name = entry.key;
    expand_devices(entry.value, assumed, found, problems);
    read_table(server_keys(), server, entry.value, path, problems);
  }
}

void write_servers(Json& json, const models::HostDescription& host) {
  for (const StorageServer& server : host.servers)
    json["cluster"]["storage"][server.name] = write_table(server_keys(), server);
}

void list_server_keys(std::vector<KeyInfo>& all) {
  list_keys(server_keys(), {}, "cluster.storage.<name>", all);
  all.push_back({"cluster.host.<name>.count", "whole number 0 to 64", "\"one, without a number\"",
                 "so many alike hosts <name>0, <name>1 and so on, each with VMs of its own for "
                 "those that are `on` <name>"});
}

void number_hosts(Node& document, Problems& problems) {
  Entry* cluster = find(document, "cluster");
  Entry* hosts = cluster == nullptr ? nullptr : find(cluster->value, "host");
  if (hosts == nullptr || hosts->value.table() == nullptr) return;
  Node::Table numbered;
  for (Entry& host : *hosts->value.table()) {
    const Entry* count = find(host.value, "count");
    if (count == nullptr) {
      numbered.push_back(std::move(host));
      continue;
    }
    const auto* number = std::get_if<std::int64_t>(&count->value.value);
    if (number == nullptr || *number < 0 || *number > kMostHosts) {
      expect(problems, count->value, "cluster.host." + host.key + ".count",
             fmt::format("a whole number from 0 to {}", kMostHosts));
      continue;
    }
    const std::int64_t many = *number;
    std::erase_if(*host.value.table(), [](const Entry& entry) { return entry.key == "count"; });
    for (std::int64_t i = 0; i < many; ++i) {
      Entry& own = numbered.emplace_back(host);
      own.key += std::to_string(i);
    }
    number_vms(document, host.key, many);
  }
  hosts->value.value = std::move(numbered);
}

}  // namespace scenarios
