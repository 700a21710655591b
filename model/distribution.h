#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "base/random.h"
#include "model/distribution.pb.h"

// Laws of non-negative times (think times, demands, delays). All times in seconds.
//
//   law          mean                     squared coefficient of variation (scv)
//   constant     v                        0
//   uniform      (a + b) / 2              (b - a)^2 / 12 / mean^2
//   exponential  m                        1
//   lognormal    median * exp(s^2 / 2)    exp(s^2) - 1,  s = ln(p95 / median) / 1.6448536
//   erlang       m                        1 / phases
//   empirical    by the trapezium rule over its quantile points (linear between them)
namespace model {

// InvalidArgument, naming the field: no law, negative or not finite times, uniform's max below its
// min, exponential's or erlang's mean not above 0, erlang's phases outside 1..1000, lognormal's p95
// not above its median, empirical's quantiles not ascending from 0 to 1 or of another number than
// its values.
absl::Status ValidateDistribution(const Distribution& law);

// All of these expect a valid law; a message without a law counts as constant 0.
double MeanSeconds(const Distribution& law);
double Scv(const Distribution& law);  // 0 when the mean is 0
// The time below which a fraction q in [0, 1] lies; infinity for q = 1 of an unbounded law.
double QuantileSeconds(const Distribution& law, double q);
// The same law with every time multiplied by `factor` >= 0 (0 gives constant 0).
Distribution Scaled(const Distribution& law, double factor);

// Draws from one law, with its constants worked out once. Immutable: streams carry all state.
class DistributionSampler {
 public:
  DistributionSampler() = default;  // constant 0
  explicit DistributionSampler(const Distribution& law);

  // Seconds, never negative. Draws from the stream: constant 0 numbers, erlang `phases`, lognormal
  // 2, the others 1.
  double Sample(base::RandomStream& random) const;

  double mean_seconds() const { return mean_; }

 private:
  Distribution::LawCase law_ = Distribution::LAW_NOT_SET;
  double mean_ = 0;
  double a_ = 0;  // constant: value; uniform: min; lognormal: median; erlang: mean of a phase
  double b_ = 0;  // uniform: max; lognormal: sigma
  uint32_t phases_ = 0;
  std::vector<double> quantiles_;
  std::vector<double> values_;
};

}  // namespace model
