// Whose pages go when a host runs short (host_memory.hpp).
#include <fmt/format.h>

#include <algorithm>

#include "models/memory/host_memory.hpp"
#include "sim/entitlement.hpp"

namespace models::memory {
namespace {

constexpr std::array<Content, kContents> kAll{Content::zero, Content::image, Content::cold,
                                              Content::hot};
constexpr double kNone = 1e-6;  // pages

std::size_t at_content(Content c) {
  return static_cast<std::size_t>(c);
}

}  // namespace

void HostMemory::entitle() {
  std::vector<sim::Claim> claims;
  std::vector<Guest*> with;
  for (Guest& guest : guests_) {
    if (guest.dead || guest.config.tune.shares <= 0) continue;
    const MemoryTune& tune = guest.config.tune;
    const double most = std::min(tune.limit, guest.touched());
    claims.push_back(
        {.shares = tune.shares, .reservation = std::min(tune.reservation, most), .limit = most});
    with.push_back(&guest);
  }
  if (claims.empty()) return;
  double others = config_.host_pages + high_;
  for (const Guest& guest : guests_) {
    if (!guest.dead && guest.config.tune.shares <= 0) others += guest.present();
  }
  const double capacity = std::max(0.0, config_.pages - others + ksm_.saved());
  const std::vector<double> entitled = sim::entitlements(capacity, claims);
  for (std::size_t i = 0; i < with.size(); ++i) with[i]->entitled = entitled[i];
}

double HostMemory::spare(const Guest& guest) const {
  if (guest.dead || guest.config.tune.locked) return 0.0;
  return std::max(0.0, guest.present() - guest.config.tune.reservation);
}

// Of one VM, the pages that it uses least first.
double HostMemory::swap_out(Guest& guest, double pages) {
  double left = std::min({pages, spare(guest), config_.swap_pages - swap_used_});
  const double wanted = left;
  std::array<Content, kContents> order = kAll;
  std::sort(order.begin(), order.end(), [&](Content a, Content b) {
    return guest.config.profile[a].reuse_s > guest.config.profile[b].reuse_s;
  });
  for (const Content c : order) {
    Pages& own = guest.pages[at_content(c)];
    const double taken = std::min(left, own.present());
    if (taken <= 0) continue;
    own.swapped += taken;
    swap_used_ += taken;
    left -= taken;
    changed(guest, c);
  }
  return wanted - std::max(0.0, left);
}

// Of all VMs, whatever is used least: classes in falling order of the time between uses, VMs by
// what they have of it.
double HostMemory::reclaim_least_used(double pages) {
  struct Candidate {
    double reuse_s;
    Guest* guest;
    Content content;
  };
  std::vector<Candidate> all;
  for (Guest& guest : guests_) {
    if (spare(guest) <= 0) continue;
    for (const Content c : kAll) {
      if (guest.pages[at_content(c)].present() > 0)
        all.push_back({guest.config.profile[c].reuse_s, &guest, c});
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Candidate& a, const Candidate& b) { return a.reuse_s > b.reuse_s; });
  double left = std::min(pages, config_.swap_pages - swap_used_);
  const double wanted = left;
  for (std::size_t from = 0; from < all.size() && left > kNone;) {
    std::size_t to = from;
    double alike = 0.0;
    while (to < all.size() && all[to].reuse_s == all[from].reuse_s) {
      alike += std::min(spare(*all[to].guest),
                        all[to].guest->pages[at_content(all[to].content)].present());
      ++to;
    }
    const double part = alike > 0 ? std::min(1.0, left / alike) : 0.0;
    for (; from < to; ++from) {
      Guest& guest = *all[from].guest;
      Pages& own = guest.pages[at_content(all[from].content)];
      const double taken = part * std::min(spare(guest), own.present());
      own.swapped += taken;
      swap_used_ += taken;
      left -= taken;
      changed(guest, all[from].content);
    }
  }
  return wanted - std::max(0.0, left);
}

double HostMemory::reclaim_from_excess(double pages) {
  double excess = 0.0;
  for (const Guest& guest : guests_) {
    if (!guest.dead)
      excess += std::max(0.0, std::min(spare(guest), guest.present() - guest.entitled));
  }
  if (excess <= 0) return 0.0;
  const double part = std::min(1.0, pages / excess);
  double got = 0.0;
  for (Guest& guest : guests_) {
    if (guest.dead) continue;
    const double own = std::max(0.0, guest.present() - guest.entitled);
    got += swap_out(guest, part * own);
  }
  return got;
}

// Whatever swap takes for it: a page beyond the limit is there when another has left (try_charge).
void HostMemory::enforce_limits() {
  for (std::size_t v = 0; v < guests_.size(); ++v) {
    Guest& guest = guests_[v];
    const double over = guest.present() - guest.config.tune.limit;
    if (guest.dead || over <= kNone) continue;
    const double got = swap_out(guest, over);
    const bool full = config_.swap_pages - swap_used_ <= kNone || guest.config.tune.locked;
    if (got < over && full) {
      kill(static_cast<int>(v),
           fmt::format("its cgroup is out of memory: it uses {:.2f} GiB, its limit is {:.2f} GiB, "
                       "and there is no swap space left to put the rest in",
                       guest.present() * kPage_B / 0x1p30,
                       guest.config.tune.limit * kPage_B / 0x1p30));
    }
  }
}

}  // namespace models::memory
