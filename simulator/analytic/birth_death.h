// Birth-death chains: stationary distributions and Erlang's formulas.
//
// Rates are per second. Probabilities are accurate to about 1e-13 relative: weights are built up
// by ratios of rates from the most likely state outward, so nothing over- or underflows.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace simulator::analytic {

// Rate of leaving state n upward (birth) or downward (death).
using Rate = std::function<double(int64_t n)>;

// p[0..last]. `last` is the highest state, or, for an infinite chain, where the tail may be cut:
// the returned vector ends earlier once weights are below 1e-20 of the largest and falling.
std::vector<double> StationaryDistribution(const Rate& birth, const Rate& death, int64_t last);

// Probability that all c servers are busy when blocked customers leave; offered load a = rate/mu.
// Recursion B(k) = a B(k-1) / (k + a B(k-1)).
double ErlangB(int64_t c, double a);

// Probability of waiting in M/M/c, a < c.
double ErlangC(int64_t c, double a);

}  // namespace simulator::analytic
