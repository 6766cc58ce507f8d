// Halt polling: a vCPU that halts keeps its CPU and looks for an interrupt for a while before it
// sleeps, so that a short wait costs no wake-up. The window learns from how long waits are. QEMU's
// I/O threads look for events in the same way.
//
// Source  semantics.md 3.1 (virt/kvm/kvm_main.c): grows when a wait was longer than the window but
//         within reach of it, shrinks when it was too long for any. QEMU util/aio-posix.c,
//         aio_poll: the same rule, by poll-max-ns, poll-grow and poll-shrink.
// Checked tests/models/vmm/halt_poll_test.cpp.
#pragma once

#include <algorithm>

#include "sim/units.hpp"

namespace models::vmm {

struct HaltPollTunables {
  sim::Duration most{};                  // halt_poll_ns; zero: no polling
  sim::Duration grow_start{10'000'000};  // halt_poll_ns_grow_start, 10 us
  int grow = 2;                          // halt_poll_ns_grow
  int shrink = 0;                        // halt_poll_ns_shrink; 0: back to nothing
};

class HaltPoll {
 public:
  explicit HaltPoll(const HaltPollTunables& tunables) : tunables_{&tunables} {}
  bool any() const { return tunables_->most > sim::Duration::zero(); }
  sim::Duration window() const { return window_; }
  // A wait has ended after `waited`, polling included.
  void learn(sim::Duration waited) {
    const HaltPollTunables& t = *tunables_;
    if (t.most <= sim::Duration::zero() || waited <= window_) return;
    if (window_ > sim::Duration::zero() && waited > t.most) {
      window_ = t.shrink > 0 ? window_ / t.shrink : sim::Duration::zero();
      if (window_ < t.grow_start) window_ = sim::Duration::zero();
    } else if (window_ < t.most && waited < t.most) {
      window_ = window_ == sim::Duration::zero() ? t.grow_start : window_ * t.grow;
      window_ = std::min(window_, t.most);
    }
  }

 private:
  const HaltPollTunables* tunables_;
  sim::Duration window_{};
};

}  // namespace models::vmm
