#include "models/memory/ksm.hpp"

#include <algorithm>
#include <cmath>

#include "sim/error.hpp"

namespace models::memory {
namespace {

// Per page: finding it and looking at its state. Measured on Linux 6.18 with all pages merged: 1.05
// us (validation/data/linux-ksm.toml, ksmd_cpu_s of the run with 100 % identical pages).
constexpr double kVisit_s = 1.05e-6;
constexpr double kChecksum_s = 0.35e-6;  // xxhash of 4 KiB at 12 GB/s
// A level of a tree compares the page with a node's: node and page each miss the caches, but for
// the levels that all searches share.
constexpr double kMissesPerLevel = 2.0;
constexpr double kSharedLevels = 5.0;
constexpr double kOne = 0.5;  // of a page: less is none

constexpr std::array<std::string_view, kContents> kNames{"zero", "image", "cold", "hot"};

// Smart scan: after that many visits without a merge, so many visits are left out.
int skipped_visits(int age) {
  if (age < 3) return 0;
  if (age <= 3) return 1;
  if (age <= 5) return 2;
  if (age <= 8) return 4;
  return 8;
}

}  // namespace

std::string_view name(Content content) {
  return kNames[static_cast<std::size_t>(content)];
}

Ksm::Ksm(const KsmTunables& tunables, double memory_latency_s)
    : tunables_{tunables}, memory_latency_s_{memory_latency_s} {}

double Ksm::Vm::pages() const {
  double all = 0.0;
  for (const Class& own : classes) all += own.pages;
  return all;
}

int Ksm::add(const std::string& image, const ContentProfile& profile,
             const std::array<double, kContents>& pages) {
  const int id = static_cast<int>(vms_.size());
  Vm& vm = vms_.emplace_back();
  for (int c = 0; c < kContents; ++c) {
    Class& own = vm.classes[at(c)];
    own.pages = pages[at(c)];
    own.rewrite_s = profile.classes[at(c)].rewrite_s;
    const auto content = static_cast<Content>(c);
    if (content != Content::zero && content != Content::image) continue;
    const std::string key = content == Content::zero ? std::string{} : image;
    const auto [found, fresh] = group_of_.try_emplace(key, static_cast<int>(groups_.size()));
    if (fresh) groups_.emplace_back();
    own.group = found->second;
    Group& group = groups_[at(own.group)];
    group.members.emplace_back(id, c);
    group.distinct = content == Content::zero ? 1.0 : std::max(group.distinct, own.pages);
  }
  copied_.push_back(0.0);
  return id;
}

void Ksm::resize(int vm, Content content, double pages) {
  Class& own = vms_[at(vm)].classes[static_cast<std::size_t>(content)];
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
  }
  own.pages = pages;
  if (own.group >= 0 && content == Content::image)
    groups_[at(own.group)].distinct = std::max(groups_[at(own.group)].distinct, pages);
}

double Ksm::level_s(double nodes) const {
  const double levels = std::log2(std::max(1.0, nodes));
  return std::max(0.0, levels - kSharedLevels) * kMissesPerLevel * memory_latency_s_;
}

double Ksm::stable_nodes() const {
  double all = 0.0;
  for (const Group& group : groups_) all += group.stable;
  return all;
}

double Ksm::group_merged(const Group& group) const {
  double all = 0.0;
  for (const auto& [vm, content] : group.members) all += vms_[at(vm)].classes[at(content)].merged;
  return all;
}

// The twins of pages that have just merged were waiting in the group, in other classes than
// `finder` where that is given.
void Ksm::take_waiting(Group& group, double twins, const Class* finder) {
  const double held = finder != nullptr ? finder->waiting : 0.0;
  const double candidates = group.waiting - held;
  if (candidates <= 0 || twins <= 0) return;
  const double taken = std::min(1.0, twins / candidates);
  for (const auto& [vm, content] : group.members) {
    Class& member = vms_[at(vm)].classes[at(content)];
    if (&member == finder) continue;
    const double merged = member.waiting * taken;
    member.waiting -= merged;
    member.known = std::max(0.0, member.known - merged);
    member.merged += merged;
    waiting_ -= merged;
    group.waiting -= merged;
  }
}

// `share` of what lies ahead in the class.
double Ksm::visit(Class& own, double share, double interval_s, bool skips) {
  const double loose = own.ahead_loose;
  double seen = loose * share;
  const double known = own.ahead_known * share;
  const double merged = own.ahead_merged * share;
  own.ahead_loose -= seen;
  own.ahead_known -= known;
  own.ahead_merged -= merged;
  double cost_s = kVisit_s * merged;
  if (skips || seen <= 0) return cost_s;
  cost_s += seen * (kVisit_s + kChecksum_s + level_s(stable_nodes()));
  Group* group = own.group >= 0 ? &groups_[at(own.group)] : nullptr;
  // Pages of a content within the VM: one of each of an image's, all of the zeros.
  const double copies = group != nullptr ? own.pages / group->distinct : 0.0;
  double findable = 0.0;  // of the loose ones ahead: their content has a stable node
  if (group != nullptr && group->stable > 0) {
    findable = std::clamp(group->stable * copies - own.merged, 0.0, loose);
    const double at_sight = seen * findable / loose;
    own.merged += at_sight;
    own.known = std::max(0.0, own.known - known * (at_sight / seen));
    findable -= at_sight;
    seen -= at_sight;
  }
  const double known_seen = std::min(seen, known);
  const double calm = known_seen * std::exp(-interval_s / own.rewrite_s);
  own.known = std::clamp(own.known + seen - known_seen, 0.0, own.pages - own.merged);
  cost_s += calm * level_s(waiting_ + 1.0);
  if (calm <= 0) return cost_s;
  if (group == nullptr) {
    own.waiting += calm;
    waiting_ += calm;
    return cost_s;
  }
  double met = 0.0;
  if (copies > 1.0) {  // its own pages are each other's twins
    if (group->waiting + calm >= 2.0 * group->distinct) {
      met = calm;
      group->stable = group->distinct;
      take_waiting(*group, group->waiting, nullptr);
    }
  } else {
    // Twins wait in other VMs, evenly over what this one has not yet visited.
    const double others = group->waiting - own.waiting;
    const double unseen = loose - findable;
    met = unseen > 0 ? calm * std::min(1.0, others * copies / unseen) : 0.0;
    met = std::min(met, others);
    group->stable = std::min(group->distinct, group->stable + met);
    take_waiting(*group, met, &own);
  }
  own.merged += met;
  own.known = std::max(0.0, own.known - met);
  own.waiting += calm - met;
  group->waiting += calm - met;
  waiting_ += calm - met;
  return cost_s;
}

double Ksm::scan(double pages, double now_s) {
  double cost_s = 0.0;
  double left = pages;
  // At most once round: a scanner that has seen everything has nothing new to see at this instant.
  for (std::size_t steps = 0; left > 0 && steps <= vms_.size(); ++steps) {
    if (vms_.empty()) break;
    Vm& vm = vms_[at(cursor_)];
    const double all = vm.pages();
    if (cursor_pages_ == 0.0) {
      vm.previous_s = vm.visited_s;
      vm.visited_s = now_s;
      for (Class& own : vm.classes) {
        own.ahead_merged = own.merged;
        own.ahead_loose = own.pages - own.merged;
        own.ahead_known = own.known;
      }
    }
    const double now = std::clamp(all - cursor_pages_, 0.0, left);
    const double interval_s = std::max(0.0, vm.visited_s - vm.previous_s);
    const double share = all > cursor_pages_ ? now / (all - cursor_pages_) : 1.0;
    const bool skips = tunables_.smart_scan && vm.skip > 0;
    for (Class& own : vm.classes) cost_s += visit(own, share, interval_s, skips);
    left -= now;
    cursor_pages_ += now;
    if (cursor_pages_ < all - kOne) break;
    cursor_pages_ = 0.0;
    if (vm.skip > 0) {
      --vm.skip;
    } else {
      vm.skip = skipped_visits(++vm.age);
    }
    if (++cursor_ < static_cast<int>(vms_.size())) continue;
    cursor_ = 0;
    full_scans_ += 1.0;
    waiting_ = 0.0;
    for (Group& group : groups_) group.waiting = 0.0;
    for (Vm& each : vms_) {
      for (Class& own : each.classes) own.waiting = 0.0;
    }
  }
  return cost_s;
}

const std::vector<double>& Ksm::write(double dt_s) {
  for (std::size_t v = 0; v < vms_.size(); ++v) {
    copied_[v] = 0.0;
    for (Class& own : vms_[v].classes) {
      const double broken = own.merged * -std::expm1(-dt_s / own.rewrite_s);
      own.merged -= broken;
      copied_[v] += broken;
    }
  }
  for (Group& group : groups_) group.stable = std::min(group.stable, group_merged(group));
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
  for (const Vm& vm : vms_) {
    for (const Class& own : vm.classes) {
      const double interval_s = std::max(0.0, vm.visited_s - vm.previous_s);
      const double calm = vm.age + (cursor_pages_ > 0) < 2
                              ? 0.0
                              : own.known * std::exp(-interval_s / own.rewrite_s);
      all.pages_unshared += calm;
      all.pages_volatile += own.pages - own.merged - calm;
    }
  }
  all.full_scans = full_scans_;
  return all;
}

double Ksm::merged(int vm, Content content) const {
  return vms_[at(vm)].classes[static_cast<std::size_t>(content)].merged;
}

double Ksm::merged(int vm) const {
  double all = 0.0;
  for (const Class& own : vms_[at(vm)].classes) all += own.merged;
  return all;
}

double Ksm::saved() const {
  return counters().pages_sharing;
}

KsmTuned::Setting KsmTuned::tune(double free_kB, double committed_kB) {
  constexpr int kBoost = 300, kDecay = -50, kLeast = 64, kMost = 1250;
  constexpr double kThresholdShare = 0.20, kThresholdLeast_kB = 2048.0;
  constexpr double kSleepAt16GiB_ms = 10.0, k16GiB_kB = 16.0 * 1024 * 1024;
  const double sleep_ms = std::max(10.0, std::floor(kSleepAt16GiB_ms * k16GiB_kB / total_kB_));
  const double threshold_kB = std::max(std::floor(total_kB_ * kThresholdShare), kThresholdLeast_kB);
  Setting setting{.run = false,
                  .pages_to_scan = std::max(kLeast, pages_),
                  .sleep = sim::from_seconds(sleep_ms * 1e-3)};
  if (committed_kB + threshold_kB < total_kB_ && free_kB > threshold_kB) return setting;
  pages_ = std::clamp(pages_ + (free_kB < threshold_kB ? kBoost : kDecay), kLeast, kMost);
  setting.run = true;
  setting.pages_to_scan = pages_;
  return setting;
}

}  // namespace models::memory
