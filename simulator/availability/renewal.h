#pragma once

#include <cstdint>

// Availability by renewal arguments. A component works for M on average, then is repaired for R on
// average, and so on: it is up for the share M / (M + R) of the time, whatever the laws of the two
// (alternating renewal). Times in seconds, rates per year of 365.25 days.
namespace simulator::availability {

inline constexpr double kYearSeconds = 365.25 * 86400;

// The share of time that one component is down: R / (M + R) with M = year / rate.
double Down(double failures_per_year, double repair_seconds);

// The longest repair for which Down() is at most `share` (below 1).
double LongestRepair(double failures_per_year, double share);

// The highest rate for which Down() is at most `share`.
double HighestRate(double repair_seconds, double share);

// Probability that at least k of n independent components are up, each with probability `up`:
// sum over i >= k of C(n, i) up^i (1 - up)^(n - i).
double AtLeast(uint32_t k, uint32_t n, double up);

// The longest repair for which fewer than k of n components are up at most for `share` of the time.
// Bisection; at most a year.
double LongestRepairOfMany(uint32_t k, uint32_t n, double failures_per_year, double share);

}  // namespace simulator::availability
