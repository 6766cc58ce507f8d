#include "models/translation/shared_entries.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace models::translation {
namespace {

constexpr int kHalvings = 60;  // of the logarithm of T

// T rate = fills' share of the stay: hit = h solves h = T rate (1 - h) / count.
double hit(const EntryUse& use, double stay) {
  const double filled = stay * use.rate / use.count;
  return filled / (1.0 + filled);
}

}  // namespace

std::vector<double> hits(double capacity, const std::vector<EntryUse>& uses) {
  std::vector<double> result(uses.size(), 0.0);
  double all = 0.0, rates = 0.0;
  for (const EntryUse& use : uses) {
    if (use.rate <= 0) continue;
    all += use.count;
    rates += use.rate;
  }
  if (capacity <= 0 || rates <= 0) return result;
  if (all <= capacity) {
    std::fill(result.begin(), result.end(), 1.0);
    return result;
  }
  // At the lower end entries are held for less than `capacity` fills, at the upper one for all that
  // the rarest use takes to come round a thousand times.
  double low = std::log(capacity / rates), high = low;
  for (const EntryUse& use : uses) {
    if (use.rate > 0) high = std::max(high, std::log(1e9 * use.count / use.rate));
  }
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = 0.5 * (low + high), stay = std::exp(middle);
    double held = 0.0;
    for (const EntryUse& use : uses) held += use.rate > 0 ? use.count * hit(use, stay) : 0.0;
    (held > capacity ? high : low) = middle;
  }
  for (std::size_t i = 0; i < uses.size(); ++i) {
    if (uses[i].rate > 0) result[i] = hit(uses[i], std::exp(low));
  }
  return result;
}

}  // namespace models::translation
