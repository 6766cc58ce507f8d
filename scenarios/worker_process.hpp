// A run in a process of its own: what lies outside the box is SimGrid's, which has one engine a
// process.
#pragma once

#include <atomic>
#include <functional>

#include "models/results.hpp"

namespace scenarios {

// Forks; the child simulates and sends back what it found, exactly, or what it threw:
// sim::ConfigError, models::Cancelled and std::bad_alloc as they were, all else as ModelError. May
// be called from several threads at once. The child takes no lock of the parent's but the
// allocator's, which the C library hands over. When `cancel` is set the child is sent SIGTERM,
// which is to set its own; it does not outlive the thread that calls.
models::Results in_worker_process(const std::function<models::Results()>& simulate,
                                  const std::atomic<bool>* cancel);

}  // namespace scenarios
