#include "models/memory/host_memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace models::memory {
namespace {

constexpr std::array<Content, kContents> kAll{Content::zero, Content::image, Content::cold,
                                              Content::hot};
constexpr double kNone = 1e-6;    // pages
constexpr double kCluster = 8.0;  // pages, semantics.md 5.4
// semantics.md 5.4: min_free_kbytes = 4 sqrt(kB) within bounds; gaps of 0.1 % or a quarter of it.
constexpr double kLeastMin_kB = 128.0, kMostMin_kB = 262'144.0, kGap = 0.001;

std::size_t at_content(Content c) {
  return static_cast<std::size_t>(c);
}

}  // namespace

double HostMemory::Guest::touched() const {
  double all = 0.0;
  for (const Pages& own : pages) all += own.touched;
  return all;
}

double HostMemory::Guest::present() const {
  double all = 0.0;
  for (const Pages& own : pages) all += own.present();
  return all;
}

double HostMemory::Guest::ballooned() const {
  double all = 0.0;
  for (const Pages& own : pages) all += own.ballooned;
  return all;
}

double HostMemory::Guest::swapped() const {
  double all = 0.0;
  for (const Pages& own : pages) all += own.swapped;
  return all;
}

HostMemory::HostMemory(const HostMemoryConfig& config)
    : config_{config},
      ksm_{config.ksm, config.memory_latency_s, config.nodes},
      ksm_runs_{config.ksm.run && !config.ksm.tuned},
      ksm_pages_{static_cast<double>(config.ksm.advisor.run ? config.ksm.advisor.min_pages
                                                            : config.ksm.pages_to_scan)},
      ksm_sleep_{config.ksm.sleep},
      advisor_{config.ksm.advisor} {
  const double all_kB = config.pages * kPage_B / 1024.0;
  const double min_kB = std::clamp(4.0 * std::sqrt(all_kB), kLeastMin_kB, kMostMin_kB);
  min_ = min_kB * 1024.0 / kPage_B;
  const double gap = std::max(min_ / 4.0, kGap * config.pages);
  low_ = min_ + gap;
  high_ = min_ + 2.0 * gap;
}

int HostMemory::add(const GuestMemory& guest) {
  Guest& made = guests_.emplace_back();
  made.config = guest;
  if (guest.tune.mergeable && !guest.tune.locked)
    made.ksm = ksm_.add(guest.image, guest.profile, {});
  return static_cast<int>(guests_.size()) - 1;
}

void HostMemory::touched(int vm, double pages) {
  Guest& guest = guests_[at(vm)];
  if (guest.dead || pages <= guest.told + kNone) return;
  const double more = pages - guest.told;
  guest.told = pages;
  for (const Content c : kAll) {
    const double written = c == Content::zero ? 1.0 - guest.config.profile.zero_read : 1.0;
    guest.pages[at_content(c)].touched += more * guest.config.profile[c].share * written;
    changed(guest, c);
  }
}

void HostMemory::changed(Guest& guest, Content content) {
  if (guest.ksm >= 0) ksm_.resize(guest.ksm, content, guest.pages[at_content(content)].present());
}

double HostMemory::present(int vm) const {
  return guests_[at(vm)].present();
}

double HostMemory::swapped(int vm) const {
  return guests_[at(vm)].swapped();
}

double HostMemory::ballooned(int vm) const {
  return guests_[at(vm)].ballooned();
}

double HostMemory::reported(int vm) const {
  double all = 0.0;
  for (const Pages& own : guests_[at(vm)].pages) all += own.reported;
  return all;
}

double HostMemory::room(int vm) const {
  const double each = present(vm) - merged(vm);
  return each > kNone ? std::max(0.0, free() - low_) / each : 0.0;
}

double HostMemory::free() const {
  double used = config_.host_pages;
  for (const Guest& guest : guests_) used += guest.present();
  return config_.pages - used + ksm_.saved();
}

void HostMemory::tune_ksm(KsmTuned& tuned) {
  double resident = 0.0;
  for (const Guest& guest : guests_) resident += guest.present();
  const double kB = kPage_B / 1024.0;
  const KsmTuned::Setting setting = tuned.tune(std::max(0.0, free()) * kB, resident * kB);
  ksm_runs_ = setting.run;
  ksm_pages_ = setting.pages_to_scan;
  ksm_sleep_ = setting.sleep;
}

double HostMemory::scan(double now_s) {
  if (!in_round_) round_began_s_ = now_s;
  in_round_ = true;
  const double rounds = ksm_.full_scans();
  const double cpu_s = ksm_.scan(ksm_pages_, now_s);
  ksm_cpu_s_ += cpu_s;
  if (ksm_.full_scans() == rounds) return cpu_s;
  if (config_.ksm.advisor.run)
    ksm_pages_ = advisor_.scanned(now_s + cpu_s - round_began_s_, ksm_cpu_s_);
  in_round_ = false;
  ksm_cpu_s_ = 0.0;
  return cpu_s;
}

void HostMemory::lie(int vm, const std::vector<double>& shares) {
  if (guests_[at(vm)].ksm >= 0) ksm_.lie(guests_[at(vm)].ksm, shares);
}

std::vector<double> HostMemory::accesses(int vm, const std::vector<double>& shares) const {
  const Guest& guest = guests_[at(vm)];
  if (guest.ksm < 0 || shares.size() < 2) return shares;
  std::vector<double> by_node(shares.size(), 0.0);
  double own = 0.0, all = 0.0;
  for (const Content c : kAll) {
    const double per_page = 1.0 / guest.config.profile[c].reuse_s;
    const double merged = ksm_.merged(guest.ksm, c) * per_page;
    const double present = guest.pages[at_content(c)].present() * per_page;
    ksm_.homes(guest.ksm, c, merged, by_node);
    own += present - merged;
    all += present;
  }
  if (all <= 0) return shares;
  for (std::size_t n = 0; n < shares.size(); ++n) by_node[n] = (by_node[n] + own * shares[n]) / all;
  return by_node;
}

// --- faults

double HostMemory::fault_rate(int vm) const {
  const Guest& guest = guests_[at(vm)];
  double rate = 0.0;
  for (const Content c : kAll) {
    const Pages& own = guest.pages[at_content(c)];
    // Free guest memory that the balloon has taken is not missed.
    const double missing = own.swapped + (c == Content::zero ? 0.0 : own.ballooned);
    rate += missing / guest.config.profile[c].reuse_s;
  }
  return rate / kCluster;
}

void HostMemory::use(double dt_s) {
  const auto wanted = [dt_s](const Guest& guest, Content c) {
    return guest.dead ? 0.0
                      : guest.pages[at_content(c)].swapped *
                            -std::expm1(-dt_s / guest.config.profile[c].reuse_s);
  };
  double all = 0.0;
  for (const Guest& guest : guests_) {
    for (const Content c : kAll) all += wanted(guest, c);
  }
  if (all <= 0) return;
  const double share = std::min(1.0, config_.swap_in_per_s * kCluster * dt_s / all);
  for (Guest& guest : guests_) {
    for (const Content c : kAll) {
      const double back = wanted(guest, c) * share;
      if (back <= 0) continue;
      guest.pages[at_content(c)].swapped -= back;
      swap_used_ -= back;
      changed(guest, c);
    }
  }
}

void HostMemory::scan_for(double dt_s, double now_s, double tick_s) {
  double left_s = dt_s;
  // A batch takes about what the last one took; several at once make no difference to the counts.
  while (ksm_runs_ && left_s > 0) {
    const double cpu_s = scan(now_s + dt_s - left_s);
    left_s -= cpu_s + sim::seconds(ksm_sleep_) + tick_s;
  }
}

void HostMemory::fault(int vm) {
  Guest& guest = guests_[at(vm)];
  double rate = 0.0;
  for (const Content c : kAll)
    rate += guest.pages[at_content(c)].swapped / guest.config.profile[c].reuse_s;
  if (rate <= 0) return;  // the guest's own: it drops another page for it
  // Of the classes in proportion to how often they are missed.
  for (const Content c : kAll) {
    Pages& own = guest.pages[at_content(c)];
    const double part =
        std::min(own.swapped, kCluster * own.swapped / guest.config.profile[c].reuse_s / rate);
    own.swapped -= part;
    swap_used_ -= part;
    if (part > 0) changed(guest, c);
  }
}

// --- time passes

void HostMemory::kill(int vm, std::string reason) {
  Guest& guest = guests_[at(vm)];
  guest.dead = true;
  for (const Content c : kAll) {
    Pages& own = guest.pages[at_content(c)];
    swap_used_ -= own.swapped;
    own = {};
    changed(guest, c);
  }
  killed_.push_back({vm, std::move(reason)});
}

std::vector<Killed> HostMemory::take_killed() {
  return std::exchange(killed_, {});
}

void HostMemory::step(double dt_s) {
  const std::vector<double>& copied = ksm_.write(dt_s);
  for (Guest& guest : guests_) {
    guest.copied = guest.ksm >= 0 ? copied[at(guest.ksm)] : 0.0;
    if (guest.dead) continue;
    grow_cache(guest, dt_s);
    report_free(guest, dt_s);
  }
  balloons(dt_s);
  entitle();
  enforce_limits();
  if (free() >= low_) return;
  double need = high_ - free();
  // kswapd writes as fast as the device takes it; a guest that touches new memory meanwhile waits
  // for it below `min`, so what is missing there is found at once.
  const double at_once = std::max(0.0, min_ - free());
  need = std::min(need, std::max(at_once, config_.swap_out_per_s * dt_s));
  need -= reclaim_from_excess(need);
  if (need > kNone) reclaim_least_used(need);
  while (free() < 0.0) {
    if (!kill_worst()) return;
  }
}

// mm/oom_kill.c: pages in memory and on swap, page tables, and a thousandth of all memory for each
// point of oom_score_adj.
double HostMemory::badness(const Guest& guest) const {
  constexpr double kPagesPerTable = 512.0;
  const double own = guest.present() + guest.swapped();
  return own + guest.present() / kPagesPerTable +
         guest.config.oom_score_adj * (config_.pages + config_.swap_pages) / 1000.0;
}

bool HostMemory::kill_worst() {
  constexpr int kNever = -1000;  // OOM_SCORE_ADJ_MIN
  int worst = -1;
  for (std::size_t v = 0; v < guests_.size(); ++v) {
    const Guest& guest = guests_[v];
    if (guest.dead || guest.present() <= 0 || guest.config.oom_score_adj <= kNever) continue;
    if (worst < 0 || badness(guest) > badness(guests_[at(worst)])) worst = static_cast<int>(v);
  }
  if (worst < 0) return false;
  const Guest& guest = guests_[at(worst)];
  const bool swap_left = config_.swap_pages - swap_used_ > 1.0;
  kill(worst, fmt::format("the host has used all of its {:.1f} GiB and {:.1f} of {:.1f} GiB of "
                          "swap space{}, and this guest had the highest oom_score, {:.2f} GiB in "
                          "memory, {:.2f} GiB on swap, oom_score_adj {}",
                          config_.pages * kPage_B / 0x1p30, swap_used_ * kPage_B / 0x1p30,
                          config_.swap_pages * kPage_B / 0x1p30,
                          swap_left ? " (guests' other memory is locked or kept for them)" : "",
                          guest.present() * kPage_B / 0x1p30, guest.swapped() * kPage_B / 0x1p30,
                          guest.config.oom_score_adj));
  return true;
}

std::string HostMemory::broken() const {
  double on_swap = 0.0;
  for (std::size_t v = 0; v < guests_.size(); ++v) {
    for (const Pages& own : guests_[v].pages) {
      on_swap += own.swapped;
      const double least = std::min({own.present(), own.swapped, own.ballooned, own.reported});
      if (least < -1.0) return fmt::format("guest {} has {} pages of a kind", v, least);
    }
    const double merged = guests_[v].ksm >= 0 ? ksm_.merged(guests_[v].ksm) : 0.0;
    if (merged > guests_[v].present() + 1.0)
      return fmt::format("guest {} has {} pages merged of {}", v, merged, guests_[v].present());
  }
  if (std::abs(on_swap - swap_used_) > 1.0 || swap_used_ > config_.swap_pages + 1.0)
    return fmt::format("{} pages are swapped out, {} are on swap, which has {}", on_swap,
                       swap_used_, config_.swap_pages);
  return {};
}

}  // namespace models::memory
