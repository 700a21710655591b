#pragma once

#include <cmath>

#include "base/random.h"

namespace simulator {

// A random service demand with given mean and squared coefficient of variation: constant when scv
// is 0, exponential when it is 1, else lognormal (two-moment fit; sigma^2 = ln(1 + scv)). Unit as
// the mean's.
class DemandLaw {
 public:
  DemandLaw() = default;
  DemandLaw(double mean, double scv) : mean_(mean) {
    if (mean <= 0 || scv <= 0) return;
    if (std::abs(scv - 1.0) < 1e-9) {
      law_ = kExponential;
      return;
    }
    law_ = kLognormal;
    sigma_ = std::sqrt(std::log1p(scv));
    mu_ = std::log(mean) - 0.5 * sigma_ * sigma_;
  }

  double mean() const { return mean_; }
  double scv() const {
    return law_ == kConstant ? 0 : law_ == kExponential ? 1 : std::expm1(sigma_ * sigma_);
  }

  double Sample(base::RandomStream& random) const {
    switch (law_) {
      case kConstant:
        return mean_;
      case kExponential:
        return random.Exponential(mean_);
      case kLognormal:
        return std::exp(random.Normal(mu_, sigma_));
    }
    return mean_;
  }

 private:
  enum Law { kConstant, kExponential, kLognormal };
  double mean_ = 0;
  double sigma_ = 0;
  double mu_ = 0;
  Law law_ = kConstant;
};

// A count with a given mean: floor(mean), plus one with the probability of the fraction.
class CountLaw {
 public:
  CountLaw() = default;
  explicit CountLaw(double mean)
      : whole_(static_cast<uint32_t>(mean)), fraction_(mean - std::floor(mean)) {}
  double mean() const { return whole_ + fraction_; }
  bool zero() const { return whole_ == 0 && fraction_ == 0; }
  uint32_t Sample(base::RandomStream& random) const {
    return fraction_ > 0 ? whole_ + (random.Bernoulli(fraction_) ? 1 : 0) : whole_;
  }

 private:
  uint32_t whole_ = 0;
  double fraction_ = 0;
};

}  // namespace simulator
