// The key table: every key of the scenario language, with type, default and meaning.
//
// One table per TOML table, in keys.cpp; adding a key is adding a line there.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "models/host_description.hpp"
#include "scenarios/scenario.hpp"

namespace scenarios {

struct KeyInfo {
  std::string path;      // "vm.<name>.count"
  std::string type;      // type and unit
  std::string standard;  // default as written, empty when it must be given
  std::string meaning;
};

// Every key whose path starts with `prefix` ("vm" finds "vm.<name>.count").
std::vector<KeyInfo> key_infos(std::string_view prefix);

std::string_view name(models::Mechanism mechanism);
const std::vector<std::string_view>& mechanism_names();
const std::vector<models::Mechanism>& mechanisms();

// Bytes that scenarios have in common if their runs are alike, and no others: of all that
// resolved() tells but title, replications, confidence and seed.
std::string run_bytes(const Scenario& scenario);

struct Node;
class Problems;
// Read one table each; problems are collected.
void read_study(StudySettings& study, const Node& node, Problems& problems);
void read_host(models::HostDescription& host, const Node& node, Problems& problems);
void read_vmm(models::VmmDescription& vmm, const Node& node, Problems& problems);
void read_vm(models::VmDescription& vm, const Node& node, const std::string& path,
             Problems& problems);
void read_model(std::set<models::Mechanism>& without, const Node& node, Problems& problems);

}  // namespace scenarios
