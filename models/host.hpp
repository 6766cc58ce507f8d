// The composition root: a HostDescription becomes wired models, runs, and leaves Results.
//
// The only file that knows every leaf.
#pragma once

#include <atomic>
#include <cstdint>

#include "models/host_description.hpp"
#include "models/results.hpp"
#include "sim/error.hpp"

namespace models {

struct SimulateOptions {
  std::uint64_t seed = 1;
  bool check = false;                         // verify invariants, see Results::violations
  const std::atomic<bool>* cancel = nullptr;  // polled; a cancelled run throws Cancelled
};

struct Cancelled {};

// Nothing is wrong but that there is not enough of the host: memory, disk space, CPU time promised.
struct TooSmall : sim::ConfigError {
  using sim::ConfigError::ConfigError;
};

// Throws sim::ConfigError when the description is impossible (a pin to a CPU that is not there, a
// strict NUMA policy that cannot fit), with every reason, one per line.
Results simulate(const HostDescription& host, const RunLength& length,
                 const SimulateOptions& options = {});

// The same checks without running; throws TooSmall when fewer or smaller guests would do.
void check(const HostDescription& host);

// Warm-up for `warmup = "auto"`: time to fill guest memory plus some scheduling periods.
sim::Duration automatic_warmup(const HostDescription& host);

}  // namespace models
