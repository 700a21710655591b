#include "tests/conformance/contention_fit.h"

#include "gtest/gtest.h"

namespace conformance {
namespace {

// A curve that the cores do not hide is found again; with 1 % of noise its errors cover it.
TEST(ContentionFitTest, FindsTheCurveItWasMadeFrom) {
  ContentionFit truth;
  truth.demand_seconds = 2e-4;
  truth.cores = 64;
  truth.sigma = 0.02;
  truth.kappa = 1e-4;
  std::vector<CurvePoint> points;
  double noise = 0.01;
  for (double n : {1., 2., 4., 8., 16., 32., 64., 100., 200., 350., 500.}) {
    points.push_back({n, truth.PerSecond(n) * (1 + noise)});
    noise = -noise;
  }
  const auto fit = FitContention(points);
  ASSERT_TRUE(fit.ok()) << fit.status();
  EXPECT_NEAR(fit->sigma, 0.02, 3 * fit->sigma_standard_error);
  EXPECT_NEAR(fit->kappa, 1e-4, 3 * fit->kappa_standard_error);
  EXPECT_LT(fit->sigma_standard_error, 0.003);
  EXPECT_LT(fit->residual, 0.011);
}

// Two cores that are busy from two connections on say nothing about it: the errors are as large as
// the values.
TEST(ContentionFitTest, SaysWhenTheCoresHideTheCurve) {
  std::vector<CurvePoint> points;
  double noise = 0.01;
  for (double n : {1., 2., 4., 8., 16., 32., 64., 100., 200., 350., 500.}) {
    points.push_back({n, std::min(n, 2.0) * 5000 * (1 + noise)});
    noise = -noise;
  }
  const auto fit = FitContention(points);
  ASSERT_TRUE(fit.ok()) << fit.status();
  EXPECT_NEAR(fit->cores, 2, 0.03);
  EXPECT_TRUE(fit->kappa < 1e-3 || fit->kappa_standard_error > 0.5 * fit->kappa);
}

TEST(ContentionFitTest, RefusesTooFewPoints) { EXPECT_FALSE(FitContention({{1, 1}}).ok()); }

}  // namespace
}  // namespace conformance
