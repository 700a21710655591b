#include "model/normal_quantile.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace model {

double NormalQuantile(double q) {
  if (q <= 0) return -std::numeric_limits<double>::infinity();
  if (q >= 1) return std::numeric_limits<double>::infinity();
  // A rough start (Abramowitz and Stegun 26.2.23, error 4.5e-4), then Halley's steps on erfc, each
  // of which triples the digits.
  const double p = std::min(q, 1 - q);
  const double t = std::sqrt(-2 * std::log(p));
  double x = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
  for (int i = 0; i < 3; ++i) {
    const double error = 0.5 * std::erfc(-x / std::sqrt(2.0)) - p;
    const double step = error * std::sqrt(2 * M_PI) * std::exp(x * x / 2);
    x -= step / (1 + x * step / 2);
  }
  return q < 0.5 ? x : -x;
}

}  // namespace model
