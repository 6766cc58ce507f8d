// The quantities that public signatures carry, and every conversion between them.
//
// Time is an integer count of picoseconds: ties are exact and a simulation may last 106 days
// (2^63 ps). Amounts of data and work are integers; rates are doubles. The list of operators is
// closed on purpose: what is not here does not compile, `Instant + Instant` and `Bytes + Duration`
// among it. Conversions multiply before they divide: `ceil(n * 1e12 / rate)` is exact where
// `ceil(n / rate * 1e12)` is one picosecond too long in 1 case of 40.
#pragma once

#include <chrono>
#include <cmath>
#include <compare>
#include <cstdint>
#include <limits>
#include <ratio>

namespace sim {

using Duration = std::chrono::duration<std::int64_t, std::pico>;

// The simulated clock. It has no now(): only an Engine knows what time it is.
struct SimClock {
  using rep = std::int64_t;
  using period = std::pico;
  using duration = Duration;
  using time_point = std::chrono::time_point<SimClock>;
  static constexpr bool is_steady = true;
};

using Instant = SimClock::time_point;

inline constexpr Instant kStart{};
inline constexpr Instant kNever = Instant::max();

// One number with a kind. `Tag` keeps kinds apart, `Rep` is int64 for what is counted and double
// for rates.
template <class Tag, class Rep>
class Quantity {
 public:
  using rep = Rep;
  constexpr Quantity() = default;
  constexpr explicit Quantity(Rep value) : value_{value} {}
  constexpr Rep count() const { return value_; }

  constexpr auto operator<=>(const Quantity&) const = default;
  constexpr Quantity operator+(Quantity other) const { return Quantity{value_ + other.value_}; }
  constexpr Quantity operator-(Quantity other) const { return Quantity{value_ - other.value_}; }
  constexpr Quantity operator*(Rep factor) const { return Quantity{value_ * factor}; }
  constexpr Quantity operator/(Rep divisor) const { return Quantity{value_ / divisor}; }
  constexpr double operator/(Quantity other) const {
    return static_cast<double>(value_) / static_cast<double>(other.value_);
  }
  constexpr Quantity& operator+=(Quantity other) {
    value_ += other.value_;
    return *this;
  }
  constexpr Quantity& operator-=(Quantity other) {
    value_ -= other.value_;
    return *this;
  }

 private:
  Rep value_{};
};

using Bytes = Quantity<struct BytesTag, std::int64_t>;
using Instructions = Quantity<struct InstructionsTag, std::int64_t>;
using Cycles = Quantity<struct CyclesTag, std::int64_t>;
using Hertz = Quantity<struct HertzTag, double>;
using BytesPerSecond = Quantity<struct BytesPerSecondTag, double>;

// Seconds as a double, for statistics and solvers only.
constexpr double seconds(Duration d) {
  return static_cast<double>(d.count()) / 1e12;
}

// Picoseconds from a double, rounded up so that work is never finished early; saturates at the
// end of the clock instead of overflowing. A negative or NaN argument gives zero.
inline Duration picoseconds_ceil(double ps) {
  constexpr double kMost = 9.2e18;  // just under 2^63
  if (!(ps > 0)) return Duration::zero();
  if (ps >= kMost) return Duration::max();
  return Duration{static_cast<std::int64_t>(std::ceil(ps))};
}

// The nearest picosecond to a number of seconds, the even one of two; saturates like
// picoseconds_ceil.
inline Duration from_seconds(double s) {
  constexpr double kMost = 9.2e18;
  const double ps = s * 1e12;
  if (ps >= kMost) return Duration::max();
  if (ps <= -kMost) return Duration::min();
  return Duration{static_cast<std::int64_t>(std::llrint(ps))};
}

inline Duration operator/(Bytes amount, BytesPerSecond rate) {
  return picoseconds_ceil(static_cast<double>(amount.count()) * 1e12 / rate.count());
}
inline Duration operator/(Cycles amount, Hertz rate) {
  return picoseconds_ceil(static_cast<double>(amount.count()) * 1e12 / rate.count());
}
inline BytesPerSecond operator/(Bytes amount, Duration time) {
  return BytesPerSecond{static_cast<double>(amount.count()) * 1e12 /
                        static_cast<double>(time.count())};
}
inline Bytes operator*(BytesPerSecond rate, Duration time) {
  return Bytes{static_cast<std::int64_t>(
      std::floor(rate.count() * static_cast<double>(time.count()) / 1e12))};
}

inline namespace literals {
constexpr Duration operator""_ps(unsigned long long n) {
  return Duration{static_cast<std::int64_t>(n)};
}
constexpr Duration operator""_ns(unsigned long long n) {
  return Duration{static_cast<std::int64_t>(n) * 1'000};
}
constexpr Duration operator""_us(unsigned long long n) {
  return Duration{static_cast<std::int64_t>(n) * 1'000'000};
}
constexpr Duration operator""_ms(unsigned long long n) {
  return Duration{static_cast<std::int64_t>(n) * 1'000'000'000};
}
constexpr Duration operator""_s(unsigned long long n) {
  return Duration{static_cast<std::int64_t>(n) * 1'000'000'000'000};
}
constexpr Bytes operator""_KiB(unsigned long long n) {
  return Bytes{static_cast<std::int64_t>(n) << 10};
}
constexpr Bytes operator""_MiB(unsigned long long n) {
  return Bytes{static_cast<std::int64_t>(n) << 20};
}
constexpr Bytes operator""_GiB(unsigned long long n) {
  return Bytes{static_cast<std::int64_t>(n) << 30};
}
constexpr Hertz operator""_MHz(unsigned long long n) {
  return Hertz{static_cast<double>(n) * 1e6};
}
constexpr Hertz operator""_GHz(long double n) {
  return Hertz{static_cast<double>(n) * 1e9};
}
constexpr BytesPerSecond operator""_GBps(long double n) {
  return BytesPerSecond{static_cast<double>(n) * 1e9};
}
}  // namespace literals

}  // namespace sim
