#include "simulator/statistics/interval.h"

#include <cmath>
#include <limits>

namespace simulator {

double StudentT975(size_t degrees) {
  static constexpr double kTable[] = {12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912,
                                      2.364624,  2.306004, 2.262157, 2.228139, 2.200985, 2.178813,
                                      2.160369,  2.144787, 2.131450, 2.119905, 2.109816, 2.100922,
                                      2.093024,  2.085963, 2.079614, 2.073873, 2.068658, 2.063899,
                                      2.059539,  2.055529, 2.051831, 2.048407, 2.045230, 2.042272};
  if (degrees == 0) return std::numeric_limits<double>::infinity();
  if (degrees <= std::size(kTable)) return kTable[degrees - 1];
  const double z = 1.959963985;
  const double v = static_cast<double>(degrees);
  return z + (z * z * z + z) / (4 * v) +
         (5 * std::pow(z, 5) + 16 * z * z * z + 3 * z) / (96 * v * v);
}

Interval MeanInterval(const std::vector<double>& values) {
  Interval interval;
  interval.n = values.size();
  interval.half_width = std::numeric_limits<double>::quiet_NaN();
  if (values.empty()) return interval;
  double sum = 0;
  for (double value : values) sum += value;
  interval.mean = sum / static_cast<double>(values.size());
  if (values.size() < 2) return interval;
  double squares = 0;
  for (double value : values) squares += (value - interval.mean) * (value - interval.mean);
  const double n = static_cast<double>(values.size());
  interval.half_width = StudentT975(values.size() - 1) * std::sqrt(squares / (n - 1) / n);
  return interval;
}

}  // namespace simulator
