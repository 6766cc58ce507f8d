// The scanner's visits (ksm.hpp).
#include <algorithm>
#include <cmath>

#include "models/memory/ksm.hpp"

namespace models::memory {
namespace {

// Per page, of ksmd's own time in /proc/<pid>/schedstat on Linux 6.18 (EPYC guest, 128 MiB to 4
// GiB):
constexpr double kVisit_s = 0.3e-6;  // with all pages merged 0.26 to 0.31 us
constexpr double kSkip_s = 0.3e-6;   // finding the page is most of it: a walk of page tables
constexpr double kChecksum_s =
    0.4e-6;  // xxhash of 4 KiB from memory: changing pages 0.58 to 0.71 us
// Write protection, its flush and the new PTE: a full scan that merges 131072 pairs takes 8.1 us a
// page, of which the searches are 4.7 us.
constexpr double kMerge_s = 3.4e-6;
// A level of a tree compares the page with a node's: node and page each miss the caches, but for
// the levels that all searches share. The same measurement: 0.28 us a level of the stable tree,
// 0.28 to 0.45 us of the unstable one, at 165 ns of latency.
constexpr double kMissesPerLevel = 2.0;
constexpr double kSharedLevels = 5.0;
constexpr double kOne = 0.5;  // of a page: less is none
// The longest that smart scan leaves a page out, and the visit after it.
constexpr std::size_t kCycle = 9;
// mm/ksm.c, should_skip_rmap_item and skip_age: the ages at which a page that does not merge is
// visited, and rounds since it was last; then every ninth.
struct SmartVisit {
  std::size_t age;
  int rounds;
};
constexpr std::array<SmartVisit, 8> kSmartVisits{
    {{0, 0}, {1, 1}, {2, 1}, {3, 1}, {5, 2}, {8, 3}, {13, 5}, {22, 9}}};

}  // namespace

double Ksm::level_s(double nodes) const {
  const double levels = std::log2(std::max(1.0, nodes));
  return std::max(0.0, levels - kSharedLevels) * kMissesPerLevel * memory_latency_s_;
}

void Ksm::add_stable(Group& group, double to, const Vm& finder) {
  const double more = std::min(group.distinct, to) - group.stable;
  if (more <= 0) return;
  for (std::size_t n = 0; n < group.homes.size(); ++n) group.homes[n] += more * finder.lies[n];
  group.stable += more;
}

// The twins of pages that have just merged were waiting in the group, in other classes than
// `finder` where that is given.
void Ksm::take_waiting(Group& group, double twins, const Class* finder) {
  const double held = finder != nullptr ? finder->waiting : 0.0;
  const double candidates = group.waiting - held;
  if (candidates <= 0 || twins <= 0) return;
  const double taken = std::min(1.0, twins / candidates);
  for (const auto& [vm, i] : group.members) {
    Class& member = vms_[at(vm)].classes[at(i)];
    if (&member == finder) continue;
    const double merged = member.waiting * taken;
    member.waiting -= merged;
    member.known = std::max(0.0, member.known - merged);
    member.merged += merged;
    waiting_ -= merged;
    group.waiting -= merged;
  }
}

// Of the class's pages, those that some other member has, too; which of an image's pages a VM has
// on a node is chance.
double Ksm::shareable(const Group& group, const Class& own) const {
  if (own.pages > group.distinct) return own.pages;
  double nobody = 1.0;
  for (const auto& [vm, i] : group.members) {
    const Class& other = vms_[at(vm)].classes[at(i)];
    if (&other != &own) nobody *= 1.0 - std::min(1.0, other.pages / group.distinct);
  }
  return own.pages * (1.0 - nobody);
}

// Distinct pages that two members or more have.
double Ksm::common(const Group& group) const {
  double nobody = 1.0, one = 0.0;
  for (const auto& [vm, i] : group.members) {
    const double pages = vms_[at(vm)].classes[at(i)].pages;
    if (pages > group.distinct) return group.distinct;
    const double has = pages / group.distinct;
    one = one * (1.0 - has) + nobody * has;
    nobody *= 1.0 - has;
  }
  return group.distinct * (1.0 - nobody - one);
}

// Unchanged pages that are not in the stable tree; `unseen` pages lay ahead whose content has no
// stable node. Returns how many merged.
double Ksm::merge_calm(Vm& vm, Class& own, double calm, double unseen) {
  if (own.zero) return calm;
  if (own.group < 0) return 0.0;
  Group& group = groups_[at(own.group)];
  const double copies = own.pages / group.distinct;
  if (copies > 1.0) {  // its own pages are each other's twins
    if (group.waiting + calm < 2.0 * group.distinct) return 0.0;
    add_stable(group, group.distinct, vm);
    take_waiting(group, group.waiting, nullptr);
    return calm;
  }
  // Twins wait in other VMs, evenly over what this one has not yet visited.
  const double others = group.waiting - own.waiting;
  const double met = unseen > 0 ? calm * std::min(1.0, others * copies / unseen) : 0.0;
  const double merged = std::clamp(shareable(group, own) - own.merged, 0.0, std::min(met, others));
  add_stable(group, group.stable + merged, vm);
  take_waiting(group, merged, &own);
  return merged;
}

// `share` of what lies ahead in the class.
double Ksm::visit(Vm& vm, Class& own, double share) {
  const double loose = own.ahead_loose;
  double seen = loose * share;
  const double known = own.ahead_known * share;
  const double merged = own.ahead_merged * share;
  own.ahead_loose -= seen;
  own.ahead_known -= known;
  own.ahead_merged -= merged;
  double cost_s = kVisit_s * merged;
  scanned_ += merged;
  round_ += merged;
  if (seen <= 0) return cost_s;
  scanned_ += seen;
  round_ += seen;
  // Since 6.11 (d58a361b0350) only what has not changed is looked up in the stable tree.
  const double looked_up = tunables_.checksum_first ? std::min(seen, known) * own.calm : seen;
  cost_s += seen * (kVisit_s + kChecksum_s) + looked_up * level_s(stable_nodes());
  double at_sight = 0.0, known_at_sight = 0.0;
  double findable = 0.0;  // of the loose ones ahead: their content has a stable node
  if (own.group >= 0 && groups_[at(own.group)].stable > 0) {
    const Group& group = groups_[at(own.group)];
    const double done = std::min(1.0, group.stable / std::max(kOne, common(group)));
    findable = std::clamp(shareable(group, own) * done - own.merged, 0.0, loose);
    at_sight = looked_up * findable / loose;
    known_at_sight = tunables_.checksum_first ? at_sight : known * (at_sight / seen);
    own.merged += at_sight;
    own.known = std::max(0.0, own.known - known_at_sight);
    findable -= at_sight;
    seen -= at_sight;
    cost_s += kMerge_s * at_sight;
  }
  const double known_seen = std::min(seen, known - known_at_sight);
  const double calm = tunables_.checksum_first ? looked_up - at_sight : known_seen * own.calm;
  own.known = std::clamp(own.known + seen - known_seen, 0.0, own.pages - own.merged);
  cost_s += calm * level_s(waiting_ + 1.0);
  if (calm <= 0) return cost_s;
  const double met = merge_calm(vm, own, calm, loose - findable);
  own.merged += met;
  own.known = std::max(0.0, own.known - met);
  cost_s += 2.0 * kMerge_s * met;  // the twin's, too
  own.waiting += calm - met;
  if (own.group >= 0) groups_[at(own.group)].waiting += calm - met;
  waiting_ += calm - met;
  return cost_s;
}

// Which of the class's pages smart scan leaves out this time; returns what finding those costs.
double Ksm::leave_out(Class& own, double interval_s) {
  // What has merged since then was visited in the round before: one age older by now.
  double all = 0.0, seen_before = 0.0;
  for (const double age : own.ages) all += age;
  for (const SmartVisit& visit : kSmartVisits) seen_before += own.ages[visit.age + 1];
  const double merged = std::clamp(all - (own.pages - own.merged), 0.0, seen_before);
  for (const SmartVisit& visit : kSmartVisits) {
    if (seen_before > 0) own.ages[visit.age + 1] *= 1.0 - merged / seen_before;
  }
  double seen = 0.0, known = 0.0, calm = 0.0;
  for (const SmartVisit& visit : kSmartVisits) {
    seen += own.ages[visit.age];
    if (visit.age == 0) continue;
    known += own.ages[visit.age];
    calm += own.ages[visit.age] * std::exp(-visit.rounds * interval_s / own.rewrite_s);
  }
  own.calm = known > 0 ? calm / known : 0.0;
  const double loose = own.pages - own.merged;
  const double not_new = loose - own.ages.front();
  own.known_seen = not_new > 0 ? std::min(1.0, known / not_new) : 0.0;
  own.ahead_known = own.known * own.known_seen;
  own.ahead_loose = std::min(seen, loose);
  const double last = own.ages.back();
  std::rotate(own.ages.begin(), own.ages.end() - 1, own.ages.end());
  own.ages.front() = 0.0;
  own.ages[kAges - kCycle] += last;
  skipped_ += loose - own.ahead_loose;
  return kSkip_s * (loose - own.ahead_loose);
}

double Ksm::begin(Vm& vm, double now_s) {
  double cost_s = 0.0;
  vm.previous_s = vm.visited_s;
  vm.visited_s = now_s;
  const double interval_s = std::max(0.0, vm.visited_s - vm.previous_s);
  for (Class& own : vm.classes) {
    own.ahead_merged = own.zero ? 0.0 : own.merged;  // no page of the VM's any more
    own.ahead_loose = own.pages - own.merged;
    own.ahead_known = own.known;
    own.calm = std::exp(-interval_s / own.rewrite_s);
    if (tunables_.smart_scan) cost_s += leave_out(own, interval_s);
  }
  return cost_s;
}

void Ksm::end_round() {
  cursor_ = 0;
  full_scans_ += 1.0;
  if (rounds_.size() == kCycle) rounds_.erase(rounds_.begin());
  rounds_.push_back(round_);
  round_ = 0.0;
  waiting_ = 0.0;
  for (Group& group : groups_) group.waiting = 0.0;
  for (Vm& vm : vms_) {
    for (Class& own : vm.classes) own.waiting = 0.0;
  }
}

double Ksm::scan(double pages, double now_s) {
  double cost_s = 0.0;
  double left = pages;
  while (left > 0 && !vms_.empty()) {
    Vm& vm = vms_[at(cursor_)];
    if (!midway_) cost_s += begin(vm, now_s);
    midway_ = true;
    double ahead = 0.0;
    for (const Class& own : vm.classes) ahead += own.ahead_merged + own.ahead_loose;
    const double share = ahead > left ? left / ahead : 1.0;
    for (Class& own : vm.classes) cost_s += visit(vm, own, share);
    left -= share * ahead;
    if ((1.0 - share) * ahead > kOne) break;
    midway_ = false;
    ++vm.visits;
    if (++cursor_ < static_cast<int>(vms_.size())) continue;
    end_round();
    break;
  }
  return cost_s;
}

}  // namespace models::memory
