#include "scenarios/cluster_keys.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "scenarios/expand.hpp"
#include "scenarios/fields.hpp"
#include "scenarios/host_keys.hpp"
#include "scenarios/key_path.hpp"
#include "scenarios/server_keys.hpp"
#include "scenarios/storage_keys.hpp"
#include "scenarios/uncertain.hpp"
#include "scenarios/vmm_keys.hpp"

namespace scenarios {
namespace {

using models::HostDescription;
using models::MigrationDescription;

const Section<models::cluster::NetworkDescription>& network_keys() {
  using T = models::cluster::NetworkDescription;
  static const Section<T> section{
      quantity("bandwidth", Unit::wire_rate, &T::bandwidth, "of a host's port, each direction",
               Zero::refused),
      quantity("latency", Unit::time, &T::latency, "from one host to another"),
      quantity("switching", Unit::wire_rate, &T::switching,
               "of all ports together; 0 B/s: no limit"),
      quantity("mtu", Unit::size, &T::mtu,
               "largest packet of hosts and storage servers; 9000 B: jumbo frames", Zero::refused),
  };
  return section;
}

const Section<models::cluster::ClientDescription>& client_keys() {
  using T = models::cluster::ClientDescription;
  static const Section<T> section{
      whole("count", &T::count, 1, 4096, "alike machines; connections take turns"),
      quantity("bandwidth", Unit::wire_rate, &T::bandwidth, "of each one's port, each direction",
               Zero::refused),
      quantity("latency", Unit::time, &T::latency, "from there to the switch, one way"),
      quantity("mtu", Unit::size, &T::mtu, "largest packet"),
  };
  return section;
}

const Section<MigrationDescription>& migration_keys() {
  using T = MigrationDescription;
  using OnTimeout = MigrationDescription::OnTimeout;
  static const std::vector<Word<OnTimeout>> ends{{"cancel", OnTimeout::cancel},
                                                 {"suspend", OnTimeout::suspend}};
  static const std::vector<Word<T::Storage>> storages{{"shared", T::Storage::shared},
                                                      {"copy", T::Storage::copy}};
  static const Section<T> section{
      text("to", &T::to, "host that the VMs of the class move to"),
      quantity("at", Unit::time, &T::at, "when it starts, after measuring has begun"),
      quantity("bandwidth", Unit::wire_rate, &T::bandwidth,
               "migrate_set_speed; 0 B/s: what the network gives"),
      quantity("max_downtime", Unit::time, &T::max_downtime,
               "that a VM may stand still for the last round", Zero::refused),
      quantity("timeout", Unit::time, &T::timeout, "after which it gives up; 0 s: never"),
      choice("on_timeout", &T::on_timeout, ends,
             "suspend: the VM stops and what is left is copied"),
      whole("parallel", &T::parallel, 1, 65536, "VMs of the class under way at once"),
      choice("storage", &T::storage, storages,
             "shared: disks stay on their storage servers; copy: their contents move, too"),
  };
  return section;
}

// One [cluster.host.<name>]: `hardware` and `vmm`, each a preset or a table.
struct Reader {
  const std::vector<Assumption>& assumed;
  std::vector<UncertainParameter>& found;
  Problems& problems;

  Node* part(Entry& entry, std::string_view kind) {
    open_table(entry.value);
    expand(entry.value, kind, problems);
    take_uncertain(entry.value, kind, assumed, found, problems);
    return &entry.value;
  }

  void read(HostDescription& host, Node& node, const std::string& path) {
    if (node.table() == nullptr) return expect(problems, node, path, "a table");
    for (Entry& entry : *node.table()) {
      const std::string own = path + "." + entry.key;
      if (entry.key == "hardware") {
        host.hardware = {};
        host.storage = {};
        host.nics.clear();
        host.pcie = {};
        Node* hardware = part(entry, "host");
        expand_devices(*hardware, assumed, found, problems);
        read_host(host, *hardware, problems);
      } else if (entry.key == "vmm") {
        host.vmm = {};
        read_table(vmm_keys(), host.vmm, *part(entry, "vmm"), own, problems);
      } else {
        problems.add(entry.key_at, own + ": unknown key; a host has `hardware` and `vmm`");
      }
    }
  }
};

void place_vms(HostDescription& host, const Node& document, Problems& problems) {
  std::vector<models::VmDescription> here;
  for (models::VmDescription& vm : host.vms) {
    if (vm.on.empty() || vm.on == host.name) {
      here.push_back(std::move(vm));
      continue;
    }
    const auto other = std::find_if(host.others.begin(), host.others.end(),
                                    [&](const HostDescription& one) { return one.name == vm.on; });
    if (other != host.others.end()) {
      other->vms.push_back(std::move(vm));
      continue;
    }
    problems.add(position(document, "vm." + vm.name + ".on"),
                 fmt::format("vm.{}.on: no [cluster.host.{}]", vm.name, vm.on));
  }
  host.vms = std::move(here);
}

}  // namespace

void read_cluster(Node& document, HostDescription& host, const std::vector<Assumption>& assumed,
                  std::vector<UncertainParameter>& found, Problems& problems) {
  Entry* cluster = find(document, "cluster");
  if (cluster != nullptr && cluster->value.table() == nullptr)
    return expect(problems, cluster->value, "cluster", "a table");
  for (std::size_t i = 0; cluster != nullptr && i < cluster->value.table()->size(); ++i) {
    Entry& entry = (*cluster->value.table())[i];
    if (entry.key == "network") {
      read_table(network_keys(), host.network, entry.value, "cluster.network", problems);
    } else if (entry.key == "storage") {
      read_servers(host, entry.value, assumed, found, problems);
    } else if (entry.key == "client" && entry.value.table() != nullptr) {
      for (Entry& one : *entry.value.table()) {
        models::cluster::ClientDescription& client = host.clients.emplace_back();
        client.name = one.key;
        read_table(client_keys(), client, one.value, "cluster.client." + one.key, problems);
      }
    } else if (entry.key == "host" && entry.value.table() != nullptr) {
      for (Entry& one : *entry.value.table()) {
        HostDescription& other = host.others.emplace_back();
        other.name = one.key;
        other.hardware = host.hardware;
        other.storage = host.storage;
        other.vmm = host.vmm;
        other.nics = host.nics;
        other.peer = host.peer;
        other.pcie = host.pcie;
        if (one.key == host.name)
          problems.add(one.key_at, "cluster.host.host: that is [host] itself; take another name");
        Reader{assumed, found, problems}.read(other, one.value, "cluster.host." + one.key);
      }
    } else {
      problems.add(entry.key_at,
                   fmt::format("cluster.{}: need [cluster.network], [cluster.host.<name>], "
                               "[cluster.client.<name>] or [cluster.storage.<name>]",
                               entry.key));
    }
  }
  place_vms(host, document, problems);
  const Entry* migrate = find(document, "migrate");
  if (migrate == nullptr) return;
  if (migrate->value.table() == nullptr)
    return expect(problems, migrate->value, "migrate", "tables: write [migrate.<vm>]");
  for (const Entry& entry : *migrate->value.table()) {
    MigrationDescription& migration = host.migrations.emplace_back();
    migration.vm = entry.key;
    read_table(migration_keys(), migration, entry.value, "migrate." + entry.key, problems);
  }
}

void write_cluster(Json& json, const HostDescription& host) {
  if (!host.others.empty() || !host.servers.empty() || !host.clients.empty()) {
    json["cluster"]["network"] = write_table(network_keys(), host.network);
    for (const HostDescription& other : host.others) {
      Json& one = json["cluster"]["host"][other.name];
      one["hardware"] = write_table(host_keys(), other);
      one["hardware"].update(write_table(storage_keys(), other.storage));
      one["vmm"] = write_table(vmm_keys(), other.vmm);
    }
    for (const models::cluster::ClientDescription& client : host.clients)
      json["cluster"]["client"][client.name] = write_table(client_keys(), client);
  }
  write_servers(json, host);
  for (const MigrationDescription& migration : host.migrations)
    json["migrate"][migration.vm] = write_table(migration_keys(), migration);
}

void list_cluster_keys(std::vector<KeyInfo>& all) {
  list_keys(network_keys(), {}, "cluster.network", all);
  all.push_back({"cluster.host.<name>.hardware", "text or table", "\"as [host]\"",
                 "preset (`tenancy list hosts`), or a table as [host]"});
  all.push_back({"cluster.host.<name>.vmm", "text or table", "\"as [vmm]\"",
                 "preset (`tenancy list vmms`), or a table as [vmm]"});
  list_keys(client_keys(), {}, "cluster.client.<name>", all);
  list_server_keys(all);
  list_keys(migration_keys(), {}, "migrate.<vm>", all);
}

}  // namespace scenarios
