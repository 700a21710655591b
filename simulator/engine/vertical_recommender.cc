#include "simulator/engine/vertical_recommender.h"

#include <algorithm>
#include <cmath>

namespace simulator {
namespace {

constexpr double kFirstBucket = 0.01;  // cores
constexpr double kRatio = 1.05;
constexpr double kMostCores = 1000;
constexpr double kHalfLifeSeconds = 24 * 3600;
constexpr double kLeastWeight = 0.1;
constexpr double kMargin = 1.15;
constexpr double kLeastCores = 0.025;

double BucketStart(double bucket) {
  return kFirstBucket * (std::pow(kRatio, bucket) - 1) / (kRatio - 1);
}

size_t BucketOf(double cores) {
  if (cores < kFirstBucket) return 0;
  return static_cast<size_t>(std::log(cores * (kRatio - 1) / kFirstBucket + 1) / std::log(kRatio));
}

}  // namespace

VerticalRecommender::VerticalRecommender() : weights_(BucketOf(kMostCores) + 2, 0) {}

void VerticalRecommender::Add(Nanos now, double cores, double request_cores) {
  if (samples_ == 0) first_ = now;
  last_ = now;
  ++samples_;
  // Newer samples weigh more, in place of making the older ones lighter.
  const double weight =
      std::max(kLeastWeight, request_cores) * std::exp2(ToSeconds(now - first_) / kHalfLifeSeconds);
  weights_[std::min(BucketOf(cores), weights_.size() - 1)] += weight;
  total_ += weight;
}

double VerticalRecommender::Percentile(double p) const {
  double sum = 0;
  size_t bucket = 0;
  for (; bucket + 1 < weights_.size(); ++bucket) {
    sum += weights_[bucket];
    if (sum >= p * total_) break;
  }
  return BucketStart(static_cast<double>(bucket + 1 < weights_.size() ? bucket + 1 : bucket));
}

VerticalRecommender::Recommendation VerticalRecommender::Recommend() const {
  Recommendation result;
  if (samples_ == 0) return result;
  const double days = std::max(ToSeconds(last_ - first_) / 86'400, 1e-9);
  const double confidence = std::min(days, static_cast<double>(samples_) / 1440);
  result.target_cores = std::max(kLeastCores, Percentile(0.9) * kMargin);
  result.lower_cores =
      std::max(kLeastCores, Percentile(0.5) * kMargin * std::pow(1 + 0.001 / confidence, -2));
  result.upper_cores = std::max(kLeastCores, Percentile(0.95) * kMargin * (1 + 1 / confidence));
  return result;
}

}  // namespace simulator
