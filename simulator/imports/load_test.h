#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model/result.pb.h"
#include "simulator/imports/k6_summary.h"

namespace simulator {

// Response times of one operation as most requests see them: quantiles, which a stall of the
// machine during the test does not move.
struct TypicalResponse {
  double median_seconds = 0;
  // Between the quartiles; 0: not known.
  double interquartile_seconds = 0;
};

// What a load test says about the requests that it sent, whoever sent them.
struct LoadTest {
  std::vector<std::string> operations;
  std::vector<double> share;  // of the requests, by operation; sums to 1
  double requests_per_second = 0;
  double mean_response_seconds = 0;
  std::map<std::string, TypicalResponse> typical;  // by operation; empty: only the mean is known
  std::map<std::string, double> request_bytes;     // per request, by operation; empty: not known
  std::map<std::string, double> response_bytes;
  uint64_t users = 0;

  // Finished requests per second on a fixed step from `start`; empty: only the mean is known.
  absl::Time start = absl::InfinitePast();
  double step_seconds = 0;
  std::vector<double> finished_per_second;

  // Requests finished from `from` to `to`: by the series where it reaches, else by the mean.
  double Requests(absl::Time from, absl::Time to) const;
};

// InvalidArgument: no request in it.
absl::StatusOr<LoadTest> LoadTestOf(const model::Result& result);
// `operation` names all requests where the summary has no sub-metrics by operation.
LoadTest LoadTestOf(const K6Summary& summary, const std::string& operation);

}  // namespace simulator
