#include "model/distribution.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "model/distribution_math.h"
#include "model/normal_quantile.h"

namespace model {
namespace {

// E[T] and E[T^2] of the piecewise linear quantile function.
std::pair<double, double> EmpiricalMoments(const Distribution::Empirical& law) {
  double first = 0;
  double second = 0;
  for (int i = 1; i < law.quantile_size(); ++i) {
    const double p = law.quantile(i) - law.quantile(i - 1);
    const double a = law.value_seconds(i - 1);
    const double b = law.value_seconds(i);
    first += p * (a + b) / 2;
    second += p * (a * a + a * b + b * b) / 3;
  }
  return {first, second};
}

// 1 - exp(-x) * sum_{i<k} x^i / i!, with terms in logarithms so that many phases do not overflow.
double ErlangCdf(double x, uint32_t phases) {
  if (x <= 0) return 0;
  double tail = 0;
  for (uint32_t i = 0; i < phases; ++i) {
    tail += std::exp(i * std::log(x) - x - std::lgamma(i + 1.0));
  }
  return 1 - std::min(tail, 1.0);
}

double ErlangQuantile(const Distribution::Erlang& law, double q) {
  if (q >= 1) return std::numeric_limits<double>::infinity();
  double low = 0;
  double high = law.phases();
  while (ErlangCdf(high, law.phases()) < q) high *= 2;
  for (int i = 0; i < 200 && high - low > 1e-13 * high; ++i) {
    const double middle = (low + high) / 2;
    (ErlangCdf(middle, law.phases()) < q ? low : high) = middle;
  }
  return high * law.mean_seconds() / law.phases();
}

}  // namespace

double MeanSeconds(const Distribution& law) {
  switch (law.law_case()) {
    case Distribution::kConstant:
      return law.constant().value_seconds();
    case Distribution::kUniform:
      return (law.uniform().min_seconds() + law.uniform().max_seconds()) / 2;
    case Distribution::kExponential:
      return law.exponential().mean_seconds();
    case Distribution::kLognormal: {
      const double sigma = LognormalSigma(law.lognormal());
      return law.lognormal().median_seconds() * std::exp(sigma * sigma / 2);
    }
    case Distribution::kErlang:
      return law.erlang().mean_seconds();
    case Distribution::kEmpirical:
      return EmpiricalMoments(law.empirical()).first;
    case Distribution::LAW_NOT_SET:
      break;
  }
  return 0;
}

double Scv(const Distribution& law) {
  const double mean = MeanSeconds(law);
  if (mean == 0) return 0;
  switch (law.law_case()) {
    case Distribution::kUniform: {
      const double width = law.uniform().max_seconds() - law.uniform().min_seconds();
      return width * width / 12 / (mean * mean);
    }
    case Distribution::kExponential:
      return 1;
    case Distribution::kLognormal: {
      const double sigma = LognormalSigma(law.lognormal());
      return std::expm1(sigma * sigma);
    }
    case Distribution::kErlang:
      return 1.0 / law.erlang().phases();
    case Distribution::kEmpirical:
      return std::max(0.0, EmpiricalMoments(law.empirical()).second / (mean * mean) - 1);
    case Distribution::kConstant:
    case Distribution::LAW_NOT_SET:
      break;
  }
  return 0;
}

double QuantileSeconds(const Distribution& law, double q) {
  q = std::clamp(q, 0.0, 1.0);
  switch (law.law_case()) {
    case Distribution::kConstant:
      return law.constant().value_seconds();
    case Distribution::kUniform:
      return law.uniform().min_seconds() +
             q * (law.uniform().max_seconds() - law.uniform().min_seconds());
    case Distribution::kExponential:
      return -std::log1p(-q) * law.exponential().mean_seconds();
    case Distribution::kLognormal:
      return law.lognormal().median_seconds() *
             std::exp(LognormalSigma(law.lognormal()) * NormalQuantile(q));
    case Distribution::kErlang:
      return ErlangQuantile(law.erlang(), q);
    case Distribution::kEmpirical:
      return EmpiricalQuantile(law.empirical().quantile().data(),
                               law.empirical().value_seconds().data(),
                               static_cast<size_t>(law.empirical().quantile_size()), q);
    case Distribution::LAW_NOT_SET:
      break;
  }
  return 0;
}

Distribution Scaled(const Distribution& law, double factor) {
  Distribution scaled = law;
  if (factor == 0) {
    scaled.mutable_constant()->set_value_seconds(0);
    return scaled;
  }
  switch (scaled.law_case()) {
    case Distribution::kConstant:
      scaled.mutable_constant()->set_value_seconds(factor * law.constant().value_seconds());
      break;
    case Distribution::kUniform:
      scaled.mutable_uniform()->set_min_seconds(factor * law.uniform().min_seconds());
      scaled.mutable_uniform()->set_max_seconds(factor * law.uniform().max_seconds());
      break;
    case Distribution::kExponential:
      scaled.mutable_exponential()->set_mean_seconds(factor * law.exponential().mean_seconds());
      break;
    case Distribution::kLognormal:
      scaled.mutable_lognormal()->set_median_seconds(factor * law.lognormal().median_seconds());
      scaled.mutable_lognormal()->set_p95_seconds(factor * law.lognormal().p95_seconds());
      break;
    case Distribution::kErlang:
      scaled.mutable_erlang()->set_mean_seconds(factor * law.erlang().mean_seconds());
      break;
    case Distribution::kEmpirical:
      for (double& value : *scaled.mutable_empirical()->mutable_value_seconds()) value *= factor;
      break;
    case Distribution::LAW_NOT_SET:
      break;
  }
  return scaled;
}

}  // namespace model
