#include "model/distribution.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/normal_quantile.h"

namespace model {
namespace {

Distribution Constant(double v) {
  Distribution d;
  d.mutable_constant()->set_value_seconds(v);
  return d;
}
Distribution Uniform(double a, double b) {
  Distribution d;
  d.mutable_uniform()->set_min_seconds(a);
  d.mutable_uniform()->set_max_seconds(b);
  return d;
}
Distribution Exponential(double mean) {
  Distribution d;
  d.mutable_exponential()->set_mean_seconds(mean);
  return d;
}
Distribution Lognormal(double median, double p95) {
  Distribution d;
  d.mutable_lognormal()->set_median_seconds(median);
  d.mutable_lognormal()->set_p95_seconds(p95);
  return d;
}
Distribution Erlang(double mean, uint32_t phases) {
  Distribution d;
  d.mutable_erlang()->set_mean_seconds(mean);
  d.mutable_erlang()->set_phases(phases);
  return d;
}
Distribution Empirical(std::vector<double> q, std::vector<double> v) {
  Distribution d;
  d.mutable_empirical()->mutable_quantile()->Add(q.begin(), q.end());
  d.mutable_empirical()->mutable_value_seconds()->Add(v.begin(), v.end());
  return d;
}

std::vector<Distribution> AllLaws() {
  return {Constant(3),       Uniform(1, 5), Exponential(10),
          Lognormal(20, 90), Erlang(4, 7),  Empirical({0, 0.5, 0.9, 1}, {1, 2, 5, 20})};
}

TEST(Distribution, SamplesHaveTheStatedMeanScvAndMedian) {
  for (const Distribution& law : AllLaws()) {
    ASSERT_TRUE(ValidateDistribution(law).ok()) << law.DebugString();
    const DistributionSampler sampler(law);
    base::RandomStream random(7, 0, "distribution_test", law.DebugString());
    constexpr int kDraws = 200'000;
    const double median = QuantileSeconds(law, 0.5);
    double sum = 0;
    double squares = 0;
    int below = 0;
    for (int i = 0; i < kDraws; ++i) {
      const double t = sampler.Sample(random);
      ASSERT_GE(t, 0);
      sum += t;
      squares += t * t;
      below += t < median ? 1 : 0;
    }
    const double mean = sum / kDraws;
    const double expected = MeanSeconds(law);
    EXPECT_DOUBLE_EQ(sampler.mean_seconds(), expected);
    EXPECT_NEAR(mean, expected, 0.015 * expected) << law.DebugString();
    EXPECT_NEAR(squares / kDraws / (mean * mean) - 1, Scv(law), 0.05 + 0.05 * Scv(law))
        << law.DebugString();
    if (law.law_case() != Distribution::kConstant) {
      EXPECT_NEAR(below, 0.5 * kDraws, 1500) << law.DebugString();
    }
  }
}

TEST(Distribution, KnownQuantiles) {
  EXPECT_NEAR(QuantileSeconds(Lognormal(20, 90), 0.95), 90, 1e-9);
  EXPECT_NEAR(QuantileSeconds(Lognormal(20, 90), 0.5), 20, 1e-9);
  EXPECT_NEAR(QuantileSeconds(Exponential(10), 1 - std::exp(-1)), 10, 1e-9);
  // Chi-squared with 14 degrees of freedom is twice an Erlang of 7 phases of mean 1.
  EXPECT_NEAR(QuantileSeconds(Erlang(7, 7), 0.95), 23.684791 / 2, 1e-5);
  EXPECT_NEAR(QuantileSeconds(Erlang(4, 1), 0.7), QuantileSeconds(Exponential(4), 0.7), 1e-9);
  EXPECT_DOUBLE_EQ(QuantileSeconds(Empirical({0, 0.5, 1}, {0, 2, 4}), 0.25), 1);
  EXPECT_EQ(QuantileSeconds(Uniform(1, 5), 1), 5);
  EXPECT_TRUE(std::isinf(QuantileSeconds(Lognormal(1, 2), 1)));
}

TEST(Distribution, NormalQuantileInvertsTheNormal) {
  EXPECT_NEAR(NormalQuantile(0.95), 1.6448536269514722, 1e-13);
  EXPECT_NEAR(NormalQuantile(0.975), 1.9599639845400545, 1e-13);
  EXPECT_NEAR(NormalQuantile(1e-9), -5.9978070150076869, 1e-11);
  EXPECT_NEAR(NormalQuantile(0.5), 0, 1e-15);
}

TEST(Distribution, ScalingScalesTheMeanAndKeepsTheShape) {
  for (const Distribution& law : AllLaws()) {
    const Distribution half = Scaled(law, 0.5);
    EXPECT_NEAR(MeanSeconds(half), MeanSeconds(law) / 2, 1e-9);
    EXPECT_NEAR(Scv(half), Scv(law), 1e-9);
    EXPECT_EQ(MeanSeconds(Scaled(law, 0)), 0);
  }
}

TEST(Distribution, RefusesImpossibleLaws) {
  for (const Distribution& law :
       {Distribution(), Constant(-1), Constant(NAN), Uniform(5, 1), Uniform(-1, 1), Exponential(0),
        Exponential(INFINITY), Lognormal(10, 10), Lognormal(0, 1), Erlang(1, 0), Erlang(1, 5000),
        Empirical({0, 1}, {1}), Empirical({0.1, 1}, {1, 2}),
        Empirical({0, 0.5, 0.5, 1}, {1, 2, 3, 4}), Empirical({0, 1}, {2, 1}),
        Empirical({0}, {1})}) {
    EXPECT_EQ(ValidateDistribution(law).code(), absl::StatusCode::kInvalidArgument)
        << law.DebugString();
  }
}

}  // namespace
}  // namespace model
