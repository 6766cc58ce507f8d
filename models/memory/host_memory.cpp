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

HostMemory::HostMemory(const HostMemoryConfig& config)
    : config_{config},
      ksm_{config.ksm, config.memory_latency_s},
      ksm_runs_{config.ksm.run && !config.ksm.tuned},
      ksm_pages_{static_cast<double>(config.ksm.pages_to_scan)},
      ksm_sleep_{config.ksm.sleep} {
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
  if (guest.dead || pages <= guest.touched() + kNone) return;
  for (const Content c : kAll) {
    guest.pages[at_content(c)].touched = pages * guest.config.profile[c].share;
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
  double all = 0.0;
  for (const Pages& own : guests_[at(vm)].pages) all += own.swapped;
  return all;
}

double HostMemory::ballooned(int vm) const {
  return guests_[at(vm)].ballooned();
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
  for (Guest& guest : guests_) {
    if (guest.dead) continue;
    for (const Content c : kAll) {
      Pages& own = guest.pages[at_content(c)];
      const double back = own.swapped * -std::expm1(-dt_s / guest.config.profile[c].reuse_s);
      if (back <= 0) continue;
      own.swapped -= back;
      swap_used_ -= back;
      changed(guest, c);
    }
  }
}

void HostMemory::scan_for(double dt_s, double now_s, double tick_s) {
  double left_s = dt_s;
  // A batch takes about what the last one took; several at once make no difference to the counts.
  while (ksm_runs_ && left_s > 0) {
    const double cpu_s = ksm_.scan(ksm_pages_, now_s + dt_s - left_s);
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
  for (Guest& guest : guests_) guest.copied = guest.ksm >= 0 ? copied[at(guest.ksm)] : 0.0;
  balloons(dt_s);
  entitle();
  enforce_limits(config_.swap_out_per_s * dt_s);
  if (free() >= low_) return;
  double need = high_ - free();
  // kswapd writes as fast as the device takes it; a guest that touches new memory meanwhile waits
  // for it below `min`, so what is missing there is found at once.
  const double at_once = std::max(0.0, min_ - free());
  need = std::min(need, std::max(at_once, config_.swap_out_per_s * dt_s));
  need -= reclaim_from_excess(need);
  if (need > kNone) reclaim_least_used(need);
  while (free() < 0.0) {
    int largest = -1;
    for (std::size_t v = 0; v < guests_.size(); ++v) {
      if (guests_[v].dead || guests_[v].present() <= 0) continue;
      if (largest < 0 || guests_[v].present() > guests_[at(largest)].present())
        largest = static_cast<int>(v);
    }
    if (largest < 0) return;
    kill(largest,
         fmt::format("the host has used all of its {:.1f} GiB and {:.1f} GiB of swap "
                     "space, and this guest had the most, {:.2f} GiB",
                     config_.pages * kPage_B / 0x1p30, config_.swap_pages * kPage_B / 0x1p30,
                     guests_[at(largest)].present() * kPage_B / 0x1p30));
  }
}

std::string HostMemory::broken() const {
  double on_swap = 0.0;
  for (std::size_t v = 0; v < guests_.size(); ++v) {
    for (const Pages& own : guests_[v].pages) {
      on_swap += own.swapped;
      const double least = std::min({own.present(), own.swapped, own.ballooned});
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
