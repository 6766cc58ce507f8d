#include "scenarios/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace scenarios {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Letters in capitals are as good as small ones.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] =
          std::min({row[j] + 1, row[j - 1] + 1, diagonal + (lower(a[i - 1]) != lower(b[j - 1]))});
      diagonal = above;
    }
  }
  return row.back();
}

// What fio, libvirt, QEMU and lscpu call it.
constexpr std::pair<std::string_view, std::string_view> kElsewhere[] = {
    {"iodepth", "depth"},
    {"numjobs", "jobs"},
    {"bs", "block"},
    {"blocksize", "block"},
    {"block_size", "block"},
    {"rw", "pattern"},
    {"readwrite", "pattern"},
    {"rwmixread", "read_share"},
    {"fsync", "sync_every"},
    {"fdatasync", "sync_every"},
    {"rate_iops", "arrivals"},
    {"thinktime", "think"},
    {"smp", "vcpus"},
    {"cpus", "vcpus"},
    {"cores", "cores_per_node"},
    {"ram", "memory"},
    {"mem", "memory"},
    {"vcpupin", "pin"},
    {"cpuset", "pin"},
    {"emulator_pin", "emulatorpin"},
    {"iothreads", "iothread"},
    {"iothreadpin", "emulatorpin"},
    {"hugepages", "host_pages"},
    {"hugepage", "host_pages"},
    {"memoryBacking", "host_pages"},
    {"cpu_shares", "shares"},
    {"cpu_quota", "cputune"},
    {"vcpu_quota", "cputune"},
    {"hard_limit", "limit"},
    {"numatune", "numa"},
    {"mode", "numa"},
    {"bandwidth", "channel_bandwidth"},
    {"speed", "bandwidth"},
    {"type", "kind"},
    {"threads", "threads_per_core"},
    {"clock", "frequency"},
    {"l3", "llc"},
    {"file", "on"},
    {"source", "on"},
    {"driver", "bus"},
    {"instances", "count"},
    {"number", "count"},
    {"runtime", "duration"},
    {"runs", "replications"},
    {"use", "device"},
    {"model", "device"},
    {"raid", "level"},
    {"hypervisor", "vmm"},
    {"guest", "vm"}};

// "10" in "raid10", not in "raid110"; "blk" in "virtio-blk".
bool has_part(std::string_view name, std::string_view word) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const std::size_t at = word.empty() ? std::string_view::npos : name.find(word);
  if (at == std::string_view::npos) return false;
  const std::size_t end = at + word.size();
  const bool runs_on = digit(word.front()) && at > 0 && digit(name[at - 1]);
  return !runs_on && !(digit(word.back()) && end < name.size() && digit(name[end]));
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string_view>& names) {
  for (const auto& [elsewhere, here] : kElsewhere) {
    if (word == elsewhere && std::find(names.begin(), names.end(), here) != names.end())
      return std::string{here};
  }
  std::string_view best;
  std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string_view name : names) {
    const std::size_t distance = edit_distance(word, name);
    if (distance < least) {
      least = distance;
      best = name;
    }
  }
  if (!best.empty()) return std::string{best};
  const auto part = std::find_if(names.begin(), names.end(),
                                 [&](std::string_view name) { return has_part(name, word); });
  return part == names.end() ? std::string{} : std::string{*part};
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& names) {
  const std::string near = nearest(word, names);
  return near.empty() ? "" : fmt::format(", did you mean \"{}\"?", near);
}

}  // namespace scenarios
