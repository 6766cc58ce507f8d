#include "tools/interrupt.hpp"

#include <csignal>

namespace tools {

namespace {

// A signal handler reaches nothing but globals.
std::atomic<bool> g_requested = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may not lock");

void request(int) {
  g_requested.store(true, std::memory_order_relaxed);
}

}  // namespace

Interrupt::Interrupt() {
  struct sigaction action {};
  action.sa_handler = request;
  // The handler serves once, then the default action, which kills, is back.
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool Interrupt::requested() const {
  return g_requested.load(std::memory_order_relaxed);
}

const std::atomic<bool>* Interrupt::flag() const {
  return &g_requested;
}

}  // namespace tools
