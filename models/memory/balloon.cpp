// What guests give back: balloons, and free pages that they report (host_memory.hpp).
#include <algorithm>
#include <cmath>

#include "models/memory/host_memory.hpp"

namespace models::memory {
namespace {

// virtio_balloon: 256 pages a request, which take about 2 ms of allocating and telling [recall].
constexpr double kBalloonPages_per_s = 128'000.0;
// MOM's policy (semantics.md 5.3).
constexpr double kPolicy_s = 10.0, kPolicyFree = 0.20, kPolicyStep = 0.05, kPolicyGuestFree = 0.20;
constexpr double kReportDelay_s = 2.0;  // mm/page_reporting.c, PAGE_REPORTING_DELAY

std::size_t at_content(Content c) {
  return static_cast<std::size_t>(c);
}

}  // namespace

void HostMemory::inflate(Guest& guest, double pages) {
  // Free memory first, then what the guest's kernel reclaims: old page cache, clean pages, the
  // rest.
  for (const Content c : {Content::zero, Content::cold, Content::image, Content::hot}) {
    Pages& own = guest.pages[at_content(c)];
    const double taken = std::min(pages, own.present());
    if (taken <= 0) continue;
    own.ballooned += taken;
    pages -= taken;
    changed(guest, c);
  }
}

void HostMemory::deflate(Guest& guest, double pages) {
  for (const Content c : {Content::hot, Content::image, Content::cold, Content::zero}) {
    Pages& own = guest.pages[at_content(c)];
    const double given = std::min(pages, own.ballooned);
    if (given <= 0) continue;
    own.ballooned -= given;
    pages -= given;
    changed(guest, c);
  }
}

void HostMemory::run_policy() {
  const bool tight = free() < kPolicyFree * config_.pages;
  for (Guest& guest : guests_) {
    if (guest.dead || guest.config.balloon != Balloon::automatic) continue;
    const double step = kPolicyStep * guest.config.memory;
    const Pages& zero = guest.pages[at_content(Content::zero)];
    // What the guest could spare: free memory, and page cache that it hardly uses.
    const double guest_free = zero.present() + zero.reported +
                              guest.pages[at_content(Content::cold)].present() +
                              guest.config.memory - guest.touched();
    if (!tight) {
      guest.wanted_balloon = std::max(0.0, guest.wanted_balloon - step);
    } else if (guest_free > kPolicyGuestFree * guest.config.memory) {
      guest.wanted_balloon += step;
    }
  }
}

void HostMemory::balloons(double dt_s) {
  since_policy_s_ += dt_s;
  if (since_policy_s_ >= kPolicy_s) {
    since_policy_s_ = 0.0;
    run_policy();
  }
  for (Guest& guest : guests_) {
    if (guest.dead || guest.config.balloon == Balloon::none) continue;
    if (guest.config.balloon == Balloon::target)
      guest.wanted_balloon = std::max(0.0, guest.config.memory - guest.config.target);
    // Memory that the host has not given it is given up first, at no gain to the host.
    const Pages& zero = guest.pages[at_content(Content::zero)];
    const double untouched = guest.config.memory - guest.touched() + zero.reported;
    double wanted = std::max(0.0, guest.wanted_balloon - untouched);
    if (guest.config.deflate_on_oom) {
      // What it has in use it takes back before its kernel kills for it.
      double reclaimable = 0.0;
      for (const Content c : {Content::zero, Content::cold, Content::image}) {
        const Pages& own = guest.pages[at_content(c)];
        reclaimable += own.present() + own.ballooned;
      }
      wanted = std::min(wanted, reclaimable);
    }
    const double have = guest.ballooned();
    const double most = kBalloonPages_per_s * dt_s;
    if (wanted > have) {
      inflate(guest, std::min(wanted - have, most));
    } else if (wanted < have) {
      deflate(guest, std::min(have - wanted, most));
    }
  }
}

// --- free memory

// Blocks of 2 MiB that have been free for the delay are dropped by the host; what the guest
// allocates of them comes back, page of zeros by page of zeros.
void HostMemory::report_free(Guest& guest, double dt_s) {
  guest.refaulted = 0.0;
  if (guest.config.reported <= 0 || guest.config.tune.locked) return;
  Pages& zero = guest.pages[at_content(Content::zero)];
  guest.refaulted =
      zero.reported * -std::expm1(-dt_s / guest.config.profile[Content::zero].rewrite_s);
  zero.reported -= guest.refaulted;
  const double wanted = guest.config.reported * (zero.present() + zero.reported) - zero.reported;
  if (wanted > 0) zero.reported += wanted * -std::expm1(-dt_s / kReportDelay_s);
  changed(guest, Content::zero);
}

// Files that the guest reads and writes stay in its memory while there is room: what is free, and
// what it has never touched. The host sees pages of the guest's own that are hardly used again.
void HostMemory::grow_cache(Guest& guest, double dt_s) {
  double grown = guest.config.profile.cache_growth.count() / kPage_B * dt_s;
  if (grown <= 0 || guest.told <= 0) return;
  Pages& zero = guest.pages[at_content(Content::zero)];
  Pages& cold = guest.pages[at_content(Content::cold)];
  const double kept = guest.config.memory - std::max(0.0, guest.wanted_balloon - guest.ballooned());
  const double untouched = std::max(0.0, kept - guest.touched());
  grown = std::min(grown, zero.present() + zero.reported + untouched);
  const double reported = std::min(zero.reported, grown);
  const double free = std::min(zero.present(), grown - reported);
  zero.reported -= reported;
  zero.touched -= reported + free;
  cold.touched += grown;
  changed(guest, Content::zero);
  changed(guest, Content::cold);
}

}  // namespace models::memory
