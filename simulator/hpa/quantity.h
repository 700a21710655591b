// Kubernetes quantities to the integer milli-units the autoscaler computes with.
//
// The controller rounds every quantity UP to milli-units, per container, before any sum.
#pragma once

#include <cstdint>

namespace simulator::hpa {

// ceil(nano / 1e6): metrics-server reports CPU in nanocores.
int64_t MilliFromNano(int64_t nano);

// ceil(value * 1000), saturating at the int64 range. For custom metrics held as doubles.
int64_t MilliFromDouble(double value);

// A per-HPA tolerance as the controller turns it into a double: mantissa times 10^scale, so
// "0.3" (3, -1) becomes 0.30000000000000004 and "300m" (300, -3) becomes 0.3.
double ToleranceFromQuantity(int64_t mantissa, int scale);

// Sum that stops at the int64 range instead of wrapping.
int64_t SaturatingAdd(int64_t a, int64_t b);

// Double to int32 as the controller does for replica counts: saturates at both ends, NaN is 0.
int32_t SaturatingReplicas(double count);

}  // namespace simulator::hpa
