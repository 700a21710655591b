#include <cmath>

#include "model/distribution.h"
#include "model/distribution_math.h"

namespace model {

DistributionSampler::DistributionSampler(const Distribution& law)
    : law_(law.law_case()), mean_(MeanSeconds(law)) {
  switch (law_) {
    case Distribution::kUniform:
      a_ = law.uniform().min_seconds();
      b_ = law.uniform().max_seconds();
      break;
    case Distribution::kLognormal:
      a_ = law.lognormal().median_seconds();
      b_ = LognormalSigma(law.lognormal());
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
