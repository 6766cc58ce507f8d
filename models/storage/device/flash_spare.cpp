#include "models/storage/device/flash_spare.hpp"

#include <algorithm>
#include <cmath>

#include "sim/error.hpp"

namespace models::storage::device {
namespace {

constexpr double kMemory = 64 << 20;  // B over which sequential and random are told apart
constexpr double kWholeBlocks = 16
                                << 20;  // B from which a run leaves no other's data in its blocks
constexpr std::size_t kRuns = 64;       // told apart at a time
constexpr double kLeastSpare = 0.01;    // of the live data: devices keep some however full

// Of a run's last `bytes`, those that share their blocks.
double among_others(const Runs::Run* run, double bytes) {
  if (run == nullptr) return bytes;
  const double before = static_cast<double>(run->length.count()) - bytes;
  return std::clamp(kWholeBlocks - before, 0.0, bytes);
}

}  // namespace

FlashSpare::FlashSpare(sim::Bytes capacity, double over_provisioning, double preconditioned)
    : capacity_{static_cast<double>(capacity.count())},
      flash_{capacity_ * (1 + over_provisioning)},
      live_{capacity_ * preconditioned},
      erased_{flash_ * (1 - preconditioned)},
      runs_{kRuns} {
  sim::Complaints complaints;
  complaints.need(over_provisioning >= kLeastSpare,
                  "flash without spare area, needs over_provisioning of at least 0.01");
  complaints.need(preconditioned >= 0 && preconditioned <= 1,
                  "more flash preconditioned than there is, needs preconditioned from 0 to 1");
  complaints.raise();
}

void FlashSpare::write(sim::Bytes offset, sim::Bytes size) {
  const auto bytes = static_cast<double>(size.count());
  const double keep = std::exp(-bytes / kMemory);
  const double random = among_others(runs_.follow(offset, size), bytes) / std::max(bytes, 1.0);
  random_share_ = random_share_ * keep + (1 - keep) * random;
  live_ = std::min(capacity_, live_ + bytes * (1 - live_ / capacity_));
}

void FlashSpare::deallocate(sim::Bytes size) {
  live_ = std::max(0.0, live_ - static_cast<double>(size.count()) * live_ / capacity_);
}

void FlashSpare::programmed(sim::Bytes size) {
  if (erased_ > 0) erased_ -= static_cast<double>(size.count());
}

double FlashSpare::amplification() const {
  if (!collecting()) return 1.0;
  const double spare = std::max((flash_ - live_) / std::max(live_, 1.0), kLeastSpare);
  const double greedy = std::max(1.0, (1 + spare) / (2 * spare));
  const double valid = random_share_ * (1 - 1 / greedy);
  return 1 / (1 - valid);
}

}  // namespace models::storage::device
