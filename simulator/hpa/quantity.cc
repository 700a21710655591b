#include "simulator/hpa/quantity.h"

#include <cmath>
#include <limits>

namespace simulator::hpa {

int64_t MilliFromNano(int64_t nano) {
  const int64_t whole = nano / 1'000'000;
  return nano % 1'000'000 > 0 ? whole + 1 : whole;
}

int64_t MilliFromDouble(double value) {
  const double milli = std::ceil(value * 1000);
  if (std::isnan(milli)) return 0;
  if (milli >= 9223372036854775808.0) return std::numeric_limits<int64_t>::max();
  if (milli < -9223372036854775808.0) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(milli);
}

double ToleranceFromQuantity(int64_t mantissa, int scale) {
  if (scale == 0) return static_cast<double>(mantissa);
  return static_cast<double>(mantissa) * std::pow(10.0, scale);
}

int64_t SaturatingAdd(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? std::numeric_limits<int64_t>::max() : std::numeric_limits<int64_t>::min();
}

int32_t SaturatingReplicas(double count) {
  if (std::isnan(count)) return 0;
  if (count >= std::numeric_limits<int32_t>::max()) return std::numeric_limits<int32_t>::max();
  if (count <= std::numeric_limits<int32_t>::min()) return std::numeric_limits<int32_t>::min();
  return static_cast<int32_t>(count);
}

}  // namespace simulator::hpa
