#pragma once

#include <vector>

#include "absl/status/statusor.h"

// The contention curve of a database from a closed load without think time: n connections always
// busy, so throughput X(n) = min(cores, n / (1 + sigma (n - 1) + kappa n (n - 1))) / demand.

namespace conformance {

struct CurvePoint {
  double connections = 0;
  double per_second = 0;
};

struct ContentionFit {
  double demand_seconds = 0;  // of one statement, alone
  double cores = 0;           // that the database had at most
  double sigma = 0;
  double kappa = 0;
  double sigma_standard_error = 0;
  double kappa_standard_error = 0;
  double residual = 0;  // root mean square of the relative differences

  double PerSecond(double connections) const;
};

// Least squares of the relative differences (Levenberg-Marquardt; sigma and kappa not negative),
// from several starts; standard errors from the curvature at the best. InvalidArgument with fewer
// than 5 points or a throughput that is not positive.
absl::StatusOr<ContentionFit> FitContention(const std::vector<CurvePoint>& points);

}  // namespace conformance
