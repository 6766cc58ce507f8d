#include "models/memory/ksm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace models::memory {
namespace {

constexpr std::array<std::string_view, kContents> kNames{"zero", "image", "cold", "hot"};
constexpr double kBytes = 4096.0;
constexpr double kRmapItem_B = 64.0;  // admin-guide/mm/ksm.rst: on 64-bit CPUs
constexpr double kMoved = 1e-3;       // of a VM's memory: less is none
// A merged page's age stays what it was when it merged: at its second visit, mostly.
constexpr std::size_t kMergedAge = 2;

}  // namespace

std::string_view name(Content content) {
  return kNames[static_cast<std::size_t>(content)];
}

Ksm::Ksm(const KsmTunables& tunables, double memory_latency_s, int nodes)
    : tunables_{tunables},
      memory_latency_s_{memory_latency_s},
      nodes_{nodes},
      trees_{tunables.merge_across_nodes ? 1 : nodes} {}

double Ksm::Vm::pages(int content) const {
  double all = 0.0;
  for (std::size_t c = at(content); c < classes.size(); c += kContents) all += classes[c].pages;
  return all;
}

double Ksm::Vm::pages() const {
  double all = 0.0;
  for (const Class& own : classes) all += own.pages;
  return all;
}

int Ksm::add(const std::string& image, const ContentProfile& profile,
             const std::array<double, kContents>& pages) {
  const int id = static_cast<int>(vms_.size());
  Vm& vm = vms_.emplace_back();
  vm.lies.assign(at(nodes_), 0.0);
  vm.lies.front() = 1.0;
  vm.classes.resize(at(kContents * trees_));
  for (int i = 0; i < kContents * trees_; ++i) {
    Class& own = vm.classes[at(i)];
    const auto content = static_cast<Content>(i % kContents);
    own.rewrite_s = profile[content].rewrite_s;
    own.life_s = profile[content].life_s;
    own.zero = content == Content::zero && tunables_.use_zero_pages;
    if (own.zero || (content != Content::zero && content != Content::image)) continue;
    const std::string key =
        fmt::format("{} {}", i / kContents, content == Content::zero ? "" : "image " + image);
    const auto [found, fresh] = group_of_.try_emplace(key, static_cast<int>(groups_.size()));
    if (fresh) groups_.emplace_back().homes.assign(at(nodes_), 0.0);
    own.group = found->second;
    groups_[at(own.group)].members.emplace_back(id, i);
  }
  copied_.push_back(0.0);
  for (int c = 0; c < kContents; ++c) set(id, static_cast<Content>(c), pages[at(c)]);
  return id;
}

void Ksm::resize(int vm, Content content, double pages) {
  set(vm, content, pages);
}

void Ksm::lie(int vm, const std::vector<double>& shares) {
  Vm& own = vms_[at(vm)];
  double moved = 0.0;
  for (std::size_t n = 0; n < shares.size(); ++n) moved += std::abs(shares[n] - own.lies[n]);
  if (moved < kMoved) return;
  std::array<double, kContents> pages{};
  for (int c = 0; c < kContents; ++c) pages[at(c)] = own.pages(c);
  own.lies = shares;
  if (trees_ == 1) return;
  for (int c = 0; c < kContents; ++c) set(vm, static_cast<Content>(c), pages[at(c)]);
}

void Ksm::set(int vm, Content content, double pages) {
  Vm& own = vms_[at(vm)];
  for (int tree = 0; tree < trees_; ++tree) {
    Class& part = own.classes[at(static_cast<int>(content) + kContents * tree)];
    set_class(part, trees_ == 1 ? pages : pages * own.lies[at(tree)]);
    if (part.group < 0) continue;
    Group& group = groups_[at(part.group)];
    // Which of the image's pages lie on a node is chance: any of them may.
    group.distinct = content == Content::zero ? 1.0 : std::max(group.distinct, pages);
  }
}

void Ksm::set_class(Class& own, double pages) {
  if (pages < own.pages && own.pages > 0) {
    const double kept = pages / own.pages;
    if (own.group >= 0) groups_[at(own.group)].waiting -= own.waiting * (1.0 - kept);
    waiting_ -= own.waiting * (1.0 - kept);
    own.merged *= kept;
    own.known *= kept;
    own.waiting *= kept;
    own.ahead_loose *= kept;
    own.ahead_known *= kept;
    own.ahead_merged *= kept;
    for (double& age : own.ages) age *= kept;
  }
  own.ages.front() += std::max(0.0, pages - own.pages);
  own.pages = pages;
}

// Freed pages take along what they were merged with or known by; those in their place are new.
void Ksm::renew(Class& own, double dt_s) {
  const double gone = -std::expm1(-dt_s / own.life_s);
  if (gone <= 0) return;
  double freed = own.merged * gone;
  for (double& age : own.ages) {
    freed += age * gone;
    age *= 1.0 - gone;
  }
  own.ages.front() += freed;
  if (own.group >= 0) groups_[at(own.group)].waiting -= own.waiting * gone;
  waiting_ -= own.waiting * gone;
  for (double* part : {&own.merged, &own.known, &own.waiting, &own.ahead_known, &own.ahead_merged})
    *part *= 1.0 - gone;
}

double Ksm::stable_nodes() const {
  double all = 0.0;
  for (const Group& group : groups_) all += group.stable;
  return all;
}

double Ksm::group_merged(const Group& group) const {
  double all = 0.0;
  for (const auto& [vm, i] : group.members) all += vms_[at(vm)].classes[at(i)].merged;
  return all;
}

const std::vector<double>& Ksm::write(double dt_s) {
  for (std::size_t v = 0; v < vms_.size(); ++v) {
    copied_[v] = 0.0;
    for (Class& own : vms_[v].classes) {
      const double broken = own.merged * -std::expm1(-dt_s / own.rewrite_s);
      own.merged -= broken;
      own.ages[kMergedAge] += broken;
      copied_[v] += broken;
      renew(own, dt_s);
    }
  }
  for (Group& group : groups_) {
    const double kept = std::min(group.stable, group_merged(group));
    for (double& home : group.homes) home *= group.stable > 0 ? kept / group.stable : 0.0;
    group.stable = kept;
  }
  return copied_;
}

KsmCounters Ksm::counters() const {
  KsmCounters all;
  double merged_pages = 0.0;
  for (const Group& group : groups_) {
    const double mapped = group_merged(group);
    merged_pages += mapped;
    // A node carries max_page_sharing mappings at most; more make a chain of them.
    const double chains = mapped / tunables_.max_page_sharing;
    all.pages_shared += std::min(mapped, std::max(group.stable, chains));
  }
  all.pages_sharing = merged_pages - all.pages_shared;
  double items = 0.0;
  for (const Vm& vm : vms_) {
    const int visits = vm.visits + (midway_ && &vm == &vms_[at(cursor_)]);
    for (const Class& own : vm.classes) {
      // What smart scan skips leaves the unstable tree.
      const double calm = visits < 2 ? 0.0 : own.known * own.known_seen * own.calm;
      all.pages_unshared += calm;
      all.pages_volatile += own.pages - own.merged - calm;
      items += own.pages - (own.zero ? own.merged : 0.0);
      if (own.zero) all.zero_pages += own.merged;
    }
  }
  all.full_scans = full_scans_;
  all.pages_scanned = scanned_;
  all.pages_skipped = skipped_;
  if (!rounds_.empty())
    all.scanned_a_round =
        std::accumulate(rounds_.begin(), rounds_.end(), 0.0) / static_cast<double>(rounds_.size());
  all.general_profit_B = (all.pages_sharing + all.zero_pages) * kBytes - items * kRmapItem_B;
  return all;
}

double Ksm::merged(int vm, Content content) const {
  const Vm& own = vms_[at(vm)];
  double all = 0.0;
  for (std::size_t c = static_cast<std::size_t>(content); c < own.classes.size(); c += kContents)
    all += own.classes[c].merged;
  return all;
}

double Ksm::merged(int vm) const {
  double all = 0.0;
  for (const Class& own : vms_[at(vm)].classes) all += own.merged;
  return all;
}

double Ksm::saved() const {
  const KsmCounters all = counters();
  return all.pages_sharing + all.zero_pages;
}

void Ksm::homes(int vm, Content content, double pages, std::vector<double>& by_node) const {
  const Vm& own = vms_[at(vm)];
  const int group = trees_ > 1 ? -1 : own.classes[static_cast<std::size_t>(content)].group;
  const std::vector<double>& from = group < 0 ? own.lies : groups_[at(group)].homes;
  const double all = std::accumulate(from.begin(), from.end(), 0.0);
  if (all <= 0) return;
  for (std::size_t n = 0; n < from.size(); ++n) by_node[n] += pages * from[n] / all;
}

}  // namespace models::memory
