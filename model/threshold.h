#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model/result.pb.h"
#include "model/scenario.pb.h"

// Thresholds in k6's grammar: `metric[{operation:NAME}]: aggregation operator number`.
//
//   metric             aggregations                       means
//   http_req_duration  p(N) avg min med max               response time from the intended start, ms
//   service_time       p(N) avg min med max               from sending (k6's http_req_duration), ms
//   release_lateness   p(N) avg min med max               sending minus intended start, ms
//   http_req_failed    rate count                         requests whose outcome is not ok
//   http_reqs          rate (per second) count            finished requests
//   checks             rate                               ok answers among those that were checked
//   useful_work        rate                               2xx answers that passed their checks
//
// Operators: < <= > >= == !=. Percentiles 0..100: p(99.9). A metric without a single value fails
// its threshold: a run in which nothing happened proves nothing (k6 would pass it).
namespace model {

struct ThresholdExpression {
  enum class Metric { kResponse, kService, kLateness, kFailed, kRequests, kChecks, kUseful };
  enum class Aggregation { kPercentile, kAverage, kMinimum, kMaximum, kRate, kCount };
  enum class Comparison { kLess, kLessOrEqual, kGreater, kGreaterOrEqual, kEqual, kNotEqual };

  Metric metric = Metric::kResponse;
  std::string operation;  // "": all operations together
  Aggregation aggregation = Aggregation::kPercentile;
  double percentile = 0;  // 0..100, with kPercentile
  Comparison comparison = Comparison::kLess;
  double limit = 0;
  std::string unit;  // "ms" | "/s" | "" (a share or a count)
};

// Splits `http_req_duration{operation:x}` and checks the expression; InvalidArgument says what was
// expected. The result's `line` is left 0.
absl::StatusOr<Threshold> ParseThreshold(std::string_view metric, std::string_view expression);
absl::StatusOr<ThresholdExpression> Compile(const Threshold& threshold);

// NaN as value: the metric has no value in this result (and the threshold failed).
ThresholdOutcome Evaluate(const ThresholdExpression& expression, const Threshold& threshold,
                          const Result& result);

// Evaluates all and stores the outcomes in the result. True when all passed.
absl::StatusOr<bool> EvaluateThresholds(const Scenario& scenario, Result* result);

}  // namespace model
