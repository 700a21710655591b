#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/result.pb.h"
#include "simulator/backtest/measured_figures.h"
#include "simulator/backtest/prediction_log.h"
#include "simulator/backtest/sealing.h"

namespace simulator {

// A promised quantity beside what was measured.
struct QuantityScore {
  SealedQuantity predicted;
  double measured = 0;
  double error = 0;  // (predicted - measured) / measured; NaN where 0 was measured, not predicted
  bool in_interval = false;
  bool within_tolerance = false;  // false without a stated tolerance
};

struct Backtest {
  SealedPrediction prediction;
  MeasuredFigures measured;
  std::vector<QuantityScore> scores;  // in the prediction's order, of those that were measured
  enum Blind { kUnknown, kBlind, kAfter } blind = kUnknown;  // was it sealed before the run began?
  std::vector<std::string> warnings;

  size_t Toleranced() const;  // scores with a tolerance
  size_t Missed() const;      // of these: outside of it
};

// The prediction with that id; the last one when `id` is empty. NotFound lists the ids.
absl::StatusOr<SealedPrediction> FindPrediction(const PredictionLog& log, const std::string& id);

// InvalidArgument when nothing that was measured was predicted.
absl::StatusOr<Backtest> ScorePrediction(const SealedPrediction& prediction,
                                         const MeasuredFigures& measured);

// Appends a record of kind `score`.
absl::Status RecordScore(const Backtest& backtest, const std::string& log_path);

// For people: predicted, interval, measured, error, within.
std::string BacktestTable(const Backtest& backtest);

// How far the log's last scored predictions were off, newest last, at most kRememberedScores each.
inline constexpr size_t kRememberedScores = 10;
struct PastErrors {
  std::string path;
  size_t scores = 0;                                  // in the log
  std::map<std::string, std::vector<double>> errors;  // by quantity, as QuantityScore::error
  // The largest relative distance, seen from the prediction, of a remembered latency (mean_ms,
  // p50_ms, p95_ms, p99_ms): |measured - predicted| / predicted. Negative: none was scored.
  double latency_model_error = -1;
};
absl::StatusOr<PastErrors> PastErrorsIn(const PredictionLog& log);

// The past errors into a new prediction: Quantity.past_error and a warning that names the log.
void NotePastErrors(const PastErrors& past, model::Result* result);

}  // namespace simulator
