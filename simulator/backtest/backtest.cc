#include "simulator/backtest/backtest.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace simulator {
namespace {

constexpr char kKind[] = "score";

bool IsLatency(const std::string& name) { return name.ends_with("_ms"); }

double RelativeError(double predicted, double measured) {
  if (measured != 0) return (predicted - measured) / measured;
  return predicted == 0 ? 0 : std::numeric_limits<double>::quiet_NaN();
}

Backtest::Blind WasBlind(const SealedPrediction& prediction, const MeasuredFigures& measured) {
  absl::Time sealed;
  absl::Time started;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, prediction.written_at, &sealed, &error) ||
      !absl::ParseTime(absl::RFC3339_full, measured.started_at, &started, &error)) {
    return Backtest::kUnknown;
  }
  // Started-at times may be whole seconds.
  return started + absl::Seconds(1) > sealed ? Backtest::kBlind : Backtest::kAfter;
}

void Compare(Backtest* backtest) {
  const SealedPrediction& prediction = backtest->prediction;
  const MeasuredFigures& measured = backtest->measured;
  if (backtest->blind == Backtest::kAfter) {
    backtest->warnings.push_back(absl::StrCat("not blind: the run began at ", measured.started_at,
                                              ", the prediction was sealed at ",
                                              prediction.written_at));
  }
  if (backtest->blind == Backtest::kUnknown) {
    backtest->warnings.push_back(
        "the source does not say when the run began: blind or not is unknown");
  }
  const auto users = static_cast<double>(prediction.users);
  if (measured.users > 0 && std::abs(static_cast<double>(measured.users) - users) > 0.01 * users) {
    backtest->warnings.push_back(
        absl::StrFormat("another load: predicted for %d users, measured with %d", prediction.users,
                        measured.users));
  }
  if (measured.think_time_seconds >= 0 &&
      std::abs(measured.think_time_seconds - prediction.think_time_seconds) >
          0.02 * prediction.think_time_seconds) {
    backtest->warnings.push_back(
        absl::StrFormat("another think time: predicted for %.4g s, measured with %.4g s",
                        prediction.think_time_seconds, measured.think_time_seconds));
  }
  backtest->warnings.insert(backtest->warnings.end(), measured.warnings.begin(),
                            measured.warnings.end());
}

boost::json::object ToJson(const QuantityScore& score) {
  boost::json::object item;
  item["name"] = score.predicted.name;
  item["predicted"] = score.predicted.value;
  item["low"] = score.predicted.low;
  item["high"] = score.predicted.high;
  item["measured"] = score.measured;
  if (!std::isnan(score.error)) item["error"] = score.error;
  item["in_interval"] = score.in_interval;
  if (score.predicted.tolerance > 0) {
    item["tolerance"] = score.predicted.tolerance;
    item["within_tolerance"] = score.within_tolerance;
  }
  return item;
}

std::string Percent(double share) {
  return std::isnan(share) ? "-" : absl::StrFormat("%+.1f %%", 100 * share);
}

}  // namespace

size_t Backtest::Toleranced() const {
  return static_cast<size_t>(std::count_if(scores.begin(), scores.end(), [](const auto& score) {
    return score.predicted.tolerance > 0;
  }));
}

size_t Backtest::Missed() const {
  return static_cast<size_t>(std::count_if(scores.begin(), scores.end(), [](const auto& score) {
    return score.predicted.tolerance > 0 && !score.within_tolerance;
  }));
}

absl::StatusOr<SealedPrediction> FindPrediction(const PredictionLog& log, const std::string& id) {
  auto predictions = PredictionsIn(log);
  if (!predictions.ok()) return predictions.status();
  if (predictions->empty()) {
    return absl::NotFoundError(absl::StrCat(log.path, ": holds no prediction"));
  }
  if (id.empty()) return predictions->back();
  std::string ids;
  for (const SealedPrediction& prediction : *predictions) {
    if (prediction.id == id) return prediction;
    absl::StrAppend(&ids, ids.empty() ? "" : ", ", prediction.id);
  }
  return absl::NotFoundError(
      absl::StrCat(log.path, ": no prediction has the id '", id, "'; there are ", ids));
}

absl::StatusOr<Backtest> ScorePrediction(const SealedPrediction& prediction,
                                         const MeasuredFigures& measured) {
  Backtest backtest;
  backtest.prediction = prediction;
  backtest.measured = measured;
  backtest.blind = WasBlind(prediction, measured);
  for (const SealedQuantity& quantity : prediction.quantities) {
    const auto found = measured.values.find(quantity.name);
    if (found == measured.values.end()) continue;
    QuantityScore score;
    score.predicted = quantity;
    score.measured = found->second;
    score.error = RelativeError(quantity.value, score.measured);
    score.in_interval = score.measured >= quantity.low && score.measured <= quantity.high;
    score.within_tolerance = quantity.tolerance > 0 && std::abs(score.error) <= quantity.tolerance;
    backtest.scores.push_back(std::move(score));
  }
  if (backtest.scores.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        measured.source, ": holds none of the quantities of prediction ", prediction.id));
  }
  Compare(&backtest);
  return backtest;
}

absl::Status RecordScore(const Backtest& backtest, const std::string& log_path) {
  return AppendRecord(log_path,
                      [&](const PredictionLog&, boost::json::object* body) {
                        boost::json::array scores;
                        for (const QuantityScore& score : backtest.scores) {
                          scores.push_back(ToJson(score));
                        }
                        (*body)["kind"] = kKind;
                        (*body)["prediction"] = backtest.prediction.id;
                        (*body)["written_at"] =
                            absl::FormatTime(absl::RFC3339_full, absl::Now(), absl::UTCTimeZone());
                        (*body)["source"] = backtest.measured.source;
                        (*body)["sha256"] = backtest.measured.sha256;
                        (*body)["started_at"] = backtest.measured.started_at;
                        (*body)["blind"] = backtest.blind == Backtest::kBlind   ? "yes"
                                           : backtest.blind == Backtest::kAfter ? "no"
                                                                                : "unknown";
                        (*body)["scores"] = std::move(scores);
                        (*body)["warnings"] = boost::json::value_from(backtest.warnings);
                        return absl::OkStatus();
                      })
      .status();
}

std::string BacktestTable(const Backtest& backtest) {
  const SealedPrediction& prediction = backtest.prediction;
  std::string text = absl::StrFormat(
      "prediction %s%s of %s, %d users, think time %.4g s; measured: %s\n", prediction.id,
      prediction.label.empty() ? "" : " (" + prediction.label + ")", prediction.written_at,
      prediction.users, prediction.think_time_seconds, backtest.measured.source);
  absl::StrAppendFormat(&text, "%-26s %12s  %25s %12s %10s  %-8s  %s\n", "quantity", "predicted",
                        "95 % interval", "measured", "error", "interval", "tolerance");
  for (const QuantityScore& score : backtest.scores) {
    const double tolerance = score.predicted.tolerance;
    absl::StrAppendFormat(
        &text, "%-26s %12.6g  %11.5g .. %10.5g %12.6g %10s  %-8s  %s\n", score.predicted.name,
        score.predicted.value, score.predicted.low, score.predicted.high, score.measured,
        Percent(score.error), score.in_interval ? "inside" : "OUTSIDE",
        tolerance <= 0 ? "-"
                       : absl::StrFormat("%s %.0f %%", score.within_tolerance ? "within" : "MISS",
                                         100 * tolerance));
  }
  for (const std::string& warning : backtest.warnings) {
    absl::StrAppend(&text, "warning: ", warning, "\n");
  }
  return text;
}

absl::StatusOr<PastErrors> PastErrorsIn(const PredictionLog& log) {
  PastErrors past;
  past.path = log.path;
  std::vector<const LogRecord*> scored;
  for (const LogRecord& record : log.records) {
    if (record.kind == kKind) scored.push_back(&record);
  }
  past.scores = scored.size();
  const size_t skip = scored.size() - std::min(scored.size(), kRememberedScores);
  for (size_t i = skip; i < scored.size(); ++i) {
    try {
      for (const boost::json::value& value : scored[i]->body.at("scores").as_array()) {
        const boost::json::object& item = value.as_object();
        if (!item.contains("error")) continue;
        const std::string name(item.at("name").as_string());
        past.errors[name].push_back(item.at("error").to_number<double>());
        const double predicted = item.at("predicted").to_number<double>();
        if (!IsLatency(name) || predicted <= 0) continue;
        const double off = std::abs(item.at("measured").to_number<double>() - predicted);
        past.latency_model_error = std::max(past.latency_model_error, off / predicted);
      }
    } catch (const std::exception& error) {
      return absl::DataLossError(
          absl::StrCat(log.path, ":", scored[i]->line, ": not a whole score: ", error.what()));
    }
  }
  return past;
}

void NotePastErrors(const PastErrors& past, model::Result* result) {
  std::string text;
  for (model::Quantity& quantity : *result->mutable_quantities()) {
    const auto found = past.errors.find(quantity.name());
    if (found == past.errors.end()) continue;
    for (double error : found->second) quantity.add_past_error(error);
    if (ToleranceOf(quantity.name()) <= 0) continue;
    absl::StrAppend(&text, text.empty() ? "" : "; ", quantity.name());
    const size_t last = found->second.size() - std::min<size_t>(3, found->second.size());
    for (size_t i = last; i < found->second.size(); ++i) {
      absl::StrAppend(&text, " ", Percent(found->second[i]));
    }
  }
  result->mutable_provenance()->add_warnings(
      past.scores == 0
          ? absl::StrCat(past.path, ": no prediction in it was scored yet")
          : absl::StrFormat("%s: %d scored, the last errors (predicted over measured): %s",
                            past.path, past.scores, text.empty() ? "none comparable" : text));
}

}  // namespace simulator
