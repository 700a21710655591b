#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

// Service demands by regression: busy time of a resource over windows of different request mix.
//
//   busy_w = baseline x duration_w + sum_op requests_w,op x demand_op
//            + wake_ups_w x wake_up + slept_w x per_slept_second + error_w
//
// This is the utilisation law U = sum X_op D_op with an idle term, and a term for what a request
// costs more at a lower load, when processes sleep in between: demands are those of a request that
// finds everybody busy. Where wake-ups were not counted the term is requests_w x extra_level(w)
// instead (a wake-up is the dearer the longer the sleep; slept_w counts in windows with load only,
// and the term only when it is larger than twice its standard error): 0 by definition at the
// highest level, so demands are those at the highest load. The variance of a window's busy time
// grows with its number of requests, so windows are weighted by 1 / requests. Standard errors come
// from the weighted residuals: sqrt(diag((X' W X)^-1) x r' W r / (n - p)); they cover the noise of
// the windows, not a demand that changes with load.

namespace simulator {

// One window of observation.
struct Window {
  double duration_seconds = 0;
  double busy_seconds = 0;       // CPU seconds of the resource in this window
  std::vector<double> requests;  // finished in this window, one entry an operation
  int level = 0;                 // of load, ascending from 0
  // Wake-ups of the resource beyond those it has without load; negative: not counted.
  double wake_ups = -1;
  // That its threads slept, when there was load and wake-ups are counted; 0: left out.
  double slept_seconds = 0;
};

struct FittedDemand {
  double mean_seconds = 0;  // per request; never negative (a negative fit is cut to 0)
  double standard_error_seconds = 0;
  double requests = 0;  // it rests on
};

struct RegressionFit {
  std::vector<FittedDemand> demands;  // one an operation; zeros where it was never requested
  // Covariance of the demands, seconds squared, row by row (operations x operations).
  std::vector<double> covariance;
  std::vector<double> extra_seconds;  // per request, one entry a level; 0 at the highest
  FittedDemand wake_up;               // zeros unless every window counts them
  FittedDemand slept_second;          // busy seconds more for each second slept before a wake-up
  double baseline = 0;                // busy seconds per second without any request
  double baseline_standard_error = 0;
  double residual_share = 0;  // sqrt(sum r^2 / sum busy^2)
  int windows = 0;
};

// InvalidArgument when windows disagree about the number of operations; FailedPrecondition when
// there are fewer windows than unknowns + 3, or when the mixes are too alike to tell the operations
// apart (names the pair that moves together).
absl::StatusOr<RegressionFit> FitDemands(const std::vector<Window>& windows,
                                         const std::vector<std::string>& operations);

// In two steps, for windows of which `same_mix` tells those that have the same mix of operations:
// the cost of wake-ups and of sleep from these alone (with one demand for the whole mix), then the
// operations' demands from all windows less that cost. Where the mix changes, what a wake-up costs
// and what an operation costs are easily taken for one another. The operations' demands are scaled
// to the mix's: what was cut at zero must not make the others' sum too large. As FitDemands where
// wake-ups were not counted or the first step tells nothing.
absl::StatusOr<RegressionFit> FitInTwoSteps(const std::vector<Window>& windows,
                                            const std::vector<bool>& same_mix,
                                            const std::vector<std::string>& operations);

}  // namespace simulator
