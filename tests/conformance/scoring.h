#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/result.pb.h"

// The arithmetic of a score: a prediction beside repeated measurements of the same point.

namespace conformance {

// What both engines say about one run. Response times in milliseconds, from the intended start.
struct Figures {
  double mean_ms = 0;
  double p50_ms = 0;
  double p95_ms = 0;
  double p99_ms = 0;
  double throughput = 0;  // finished requests per second
  double error_rate = 0;
};

Figures FiguresOf(const model::Result& result);

// One named figure: predicted once, measured in each restart.
struct Score {
  std::string figure;  // mean_ms | p50_ms | p95_ms | p99_ms | throughput | crossing_users | ...
  double predicted = 0;
  std::vector<double> measured;  // one a restart
  double centre = 0;             // median of `measured`
  double low = 0;                // smallest and largest of them
  double high = 0;
  double error = 0;      // (predicted - centre) / centre; positive: predicted too high
  double tolerance = 0;  // what |error| should stay within; 0: none stated
  bool within() const;
};

// NaN centre and error without measurements.
Score MakeScore(std::string figure, double predicted, std::vector<double> measured,
                double tolerance);

// Scores of a point, in the order of Figures without the error rate. Tolerances: mean 5 %, p95
// 10 %, p99 20 %, throughput 3 %, p50 none.
std::vector<Score> ScorePoint(const Figures& predicted, const std::vector<Figures>& measured);

// Median; the mean of the two middle ones when even. NaN when empty.
double Median(std::vector<double> values);

struct Sample {
  double load = 0;    // users, or requests/s
  double p95_ms = 0;  // measured there
};

// The load at which p95 crosses `limit_ms`: between the highest sample below the limit and the
// next one above it, straight in log(p95). Samples in any order; of equal loads the median counts.
// OutOfRange when all lie on one side.
absl::StatusOr<double> Crossing(const std::vector<Sample>& samples, double limit_ms);

}  // namespace conformance
