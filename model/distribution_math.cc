#include "model/distribution_math.h"

#include <algorithm>
#include <cmath>

namespace model {
namespace {

constexpr double kNormalP95 = 1.6448536269514722;

}  // namespace

double LognormalSigma(const Distribution::Lognormal& law) {
  return std::log(law.p95_seconds() / law.median_seconds()) / kNormalP95;
}

double EmpiricalQuantile(const double* quantiles, const double* values, size_t n, double q) {
  const double* above = std::upper_bound(quantiles, quantiles + n, q);
  if (above == quantiles + n) return values[n - 1];
  if (above == quantiles) return values[0];
  const size_t i = static_cast<size_t>(above - quantiles);
  const double part = (q - quantiles[i - 1]) / (quantiles[i] - quantiles[i - 1]);
  return values[i - 1] + part * (values[i] - values[i - 1]);
}

}  // namespace model
