#include "model/distribution.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"

namespace model {
namespace {

constexpr double kNormalP95 = 1.6448536269514722;
constexpr uint32_t kMostPhases = 1000;

double Sigma(const Distribution::Lognormal& law) {
  return std::log(law.p95_seconds() / law.median_seconds()) / kNormalP95;
}

absl::Status Wrong(const std::string& field, const std::string& expected, double found) {
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": expected ", expected, ", found ", found));
}

bool IsTime(double seconds) { return std::isfinite(seconds) && seconds >= 0; }

absl::Status ValidateEmpirical(const Distribution::Empirical& law) {
  const int n = law.quantile_size();
  if (n < 2 || n != law.value_seconds_size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("empirical: expected at least 2 quantiles and as many values, found ", n,
                     " and ", law.value_seconds_size()));
  }
  if (law.quantile(0) != 0) return Wrong("empirical: first quantile", "0", law.quantile(0));
  if (law.quantile(n - 1) != 1) return Wrong("empirical: last quantile", "1", law.quantile(n - 1));
  for (int i = 0; i < n; ++i) {
    if (!IsTime(law.value_seconds(i))) {
      return Wrong("empirical: value", "a time of 0 or more", law.value_seconds(i));
    }
    if (i == 0) continue;
    if (!(law.quantile(i) > law.quantile(i - 1))) {
      return Wrong("empirical: quantile", "more than the one before", law.quantile(i));
    }
    if (law.value_seconds(i) < law.value_seconds(i - 1)) {
      return Wrong("empirical: value", "at least the one before", law.value_seconds(i));
    }
  }
  return absl::OkStatus();
}

double EmpiricalQuantile(const double* quantiles, const double* values, size_t n, double q) {
  const double* above = std::upper_bound(quantiles, quantiles + n, q);
  if (above == quantiles + n) return values[n - 1];
  if (above == quantiles) return values[0];
  const size_t i = static_cast<size_t>(above - quantiles);
  const double part = (q - quantiles[i - 1]) / (quantiles[i] - quantiles[i - 1]);
  return values[i - 1] + part * (values[i] - values[i - 1]);
}

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

absl::Status ValidateDistribution(const Distribution& law) {
  switch (law.law_case()) {
    case Distribution::kConstant:
      if (!IsTime(law.constant().value_seconds())) {
        return Wrong("constant", "a time of 0 or more", law.constant().value_seconds());
      }
      return absl::OkStatus();
    case Distribution::kUniform:
      if (!IsTime(law.uniform().min_seconds())) {
        return Wrong("uniform: min", "a time of 0 or more", law.uniform().min_seconds());
      }
      if (!IsTime(law.uniform().max_seconds()) ||
          law.uniform().max_seconds() < law.uniform().min_seconds()) {
        return Wrong("uniform: max", "at least min", law.uniform().max_seconds());
      }
      return absl::OkStatus();
    case Distribution::kExponential:
      if (!IsTime(law.exponential().mean_seconds()) || law.exponential().mean_seconds() == 0) {
        return Wrong("exponential: mean", "a time above 0", law.exponential().mean_seconds());
      }
      return absl::OkStatus();
    case Distribution::kLognormal:
      if (!IsTime(law.lognormal().median_seconds()) || law.lognormal().median_seconds() == 0) {
        return Wrong("lognormal: median", "a time above 0", law.lognormal().median_seconds());
      }
      if (!IsTime(law.lognormal().p95_seconds()) ||
          law.lognormal().p95_seconds() <= law.lognormal().median_seconds()) {
        return Wrong("lognormal: p95", "more than the median", law.lognormal().p95_seconds());
      }
      return absl::OkStatus();
    case Distribution::kErlang:
      if (!IsTime(law.erlang().mean_seconds()) || law.erlang().mean_seconds() == 0) {
        return Wrong("erlang: mean", "a time above 0", law.erlang().mean_seconds());
      }
      if (law.erlang().phases() < 1 || law.erlang().phases() > kMostPhases) {
        return Wrong("erlang: phases", "1..1000", law.erlang().phases());
      }
      return absl::OkStatus();
    case Distribution::kEmpirical:
      return ValidateEmpirical(law.empirical());
    case Distribution::LAW_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError(
      "expected one of constant, uniform, exponential, lognormal, erlang, empirical");
}

double MeanSeconds(const Distribution& law) {
  switch (law.law_case()) {
    case Distribution::kConstant:
      return law.constant().value_seconds();
    case Distribution::kUniform:
      return (law.uniform().min_seconds() + law.uniform().max_seconds()) / 2;
    case Distribution::kExponential:
      return law.exponential().mean_seconds();
    case Distribution::kLognormal: {
      const double sigma = Sigma(law.lognormal());
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
      const double sigma = Sigma(law.lognormal());
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
             std::exp(Sigma(law.lognormal()) * NormalQuantile(q));
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

DistributionSampler::DistributionSampler(const Distribution& law)
    : law_(law.law_case()), mean_(MeanSeconds(law)) {
  switch (law_) {
    case Distribution::kUniform:
      a_ = law.uniform().min_seconds();
      b_ = law.uniform().max_seconds();
      break;
    case Distribution::kLognormal:
      a_ = law.lognormal().median_seconds();
      b_ = Sigma(law.lognormal());
      break;
    case Distribution::kErlang:
      phases_ = law.erlang().phases();
      a_ = mean_ / phases_;
      break;
    case Distribution::kEmpirical:
      quantiles_.assign(law.empirical().quantile().begin(), law.empirical().quantile().end());
      values_.assign(law.empirical().value_seconds().begin(),
                     law.empirical().value_seconds().end());
      break;
    case Distribution::kConstant:
    case Distribution::kExponential:
    case Distribution::LAW_NOT_SET:
      a_ = mean_;
      break;
  }
}

double DistributionSampler::Sample(base::RandomStream& random) const {
  switch (law_) {
    case Distribution::kUniform:
      return a_ + (b_ - a_) * random.Uniform01();
    case Distribution::kExponential:
      return random.Exponential(a_);
    case Distribution::kLognormal:
      return a_ * std::exp(b_ * random.Normal());
    case Distribution::kErlang: {
      double sum = 0;
      for (uint32_t i = 0; i < phases_; ++i) sum += random.Exponential(a_);
      return sum;
    }
    case Distribution::kEmpirical:
      return EmpiricalQuantile(quantiles_.data(), values_.data(), quantiles_.size(),
                               random.Uniform01());
    case Distribution::kConstant:
    case Distribution::LAW_NOT_SET:
      break;
  }
  return a_;
}

}  // namespace model
