#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

// Virtual time: signed 64-bit nanoseconds since the start of the simulation (292 years fit). All
// instants and durations of the simulator are integers, so that the order of events never depends
// on rounding, and equal inputs give equal bytes.

namespace simulator {

using Nanos = int64_t;

inline constexpr Nanos kNever = std::numeric_limits<Nanos>::max();
inline constexpr Nanos kSecond = 1'000'000'000;
inline constexpr Nanos kMillisecond = 1'000'000;

// Rounds to the nearest nanosecond; for finite `seconds` below 9.2e9 in magnitude.
inline Nanos ToNanos(double seconds) { return static_cast<Nanos>(std::llround(seconds * 1e9)); }
inline double ToSeconds(Nanos nanos) { return static_cast<double>(nanos) * 1e-9; }

}  // namespace simulator
