#include "tests/conformance/scoring.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/histogram.h"
#include "model/result_math.h"

namespace conformance {
namespace {

constexpr double kMeanTolerance = 0.05;
constexpr double kP95Tolerance = 0.10;
constexpr double kP99Tolerance = 0.20;
constexpr double kThroughputTolerance = 0.03;
constexpr double kNanosPerMilli = 1e6;

}  // namespace

Figures FiguresOf(const model::Result& result) {
  Figures figures;
  figures.mean_ms = model::MeanOf(result.total().response_time()) / kNanosPerMilli;
  figures.p50_ms = model::ResponseQuantileMs(result.total(), 0.50);
  figures.p95_ms = model::ResponseQuantileMs(result.total(), 0.95);
  figures.p99_ms = model::ResponseQuantileMs(result.total(), 0.99);
  figures.throughput = model::Throughput(result);
  figures.error_rate = model::ErrorRate(result.total());
  return figures;
}

bool Score::within() const { return tolerance > 0 && std::abs(error) <= tolerance; }

double Median(std::vector<double> values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Score MakeScore(std::string figure, double predicted, std::vector<double> measured,
                double tolerance) {
  Score score;
  score.figure = std::move(figure);
  score.predicted = predicted;
  score.centre = Median(measured);
  score.error = (predicted - score.centre) / score.centre;
  score.tolerance = tolerance;
  if (!measured.empty()) {
    score.low = *std::min_element(measured.begin(), measured.end());
    score.high = *std::max_element(measured.begin(), measured.end());
  }
  score.measured = std::move(measured);
  return score;
}

std::vector<Score> ScorePoint(const Figures& predicted, const std::vector<Figures>& measured) {
  struct Column {
    const char* name;
    double Figures::*field;
    double tolerance;
  };
  std::vector<Score> scores;
  for (const Column& column : {Column{"mean_ms", &Figures::mean_ms, kMeanTolerance},
                               {"p50_ms", &Figures::p50_ms, 0},
                               {"p95_ms", &Figures::p95_ms, kP95Tolerance},
                               {"p99_ms", &Figures::p99_ms, kP99Tolerance},
                               {"throughput", &Figures::throughput, kThroughputTolerance}}) {
    std::vector<double> values;
    for (const Figures& figures : measured) values.push_back(figures.*column.field);
    scores.push_back(
        MakeScore(column.name, predicted.*column.field, std::move(values), column.tolerance));
  }
  return scores;
}

absl::StatusOr<double> Crossing(const std::vector<Sample>& samples, double limit_ms) {
  std::map<double, std::vector<double>> by_load;
  for (const Sample& sample : samples) by_load[sample.load].push_back(sample.p95_ms);
  std::vector<Sample> curve;
  for (const auto& [load, values] : by_load) curve.push_back({load, Median(values)});
  for (size_t i = curve.size(); i-- > 1;) {
    const Sample& below = curve[i - 1];
    const Sample& above = curve[i];
    if (below.p95_ms > limit_ms || above.p95_ms <= limit_ms) continue;
    const double share = std::log(limit_ms / below.p95_ms) / std::log(above.p95_ms / below.p95_ms);
    return below.load + share * (above.load - below.load);
  }
  return absl::OutOfRangeError(absl::StrCat("p95 does not cross ", limit_ms, " ms within the ",
                                            curve.size(), " loads tried"));
}

}  // namespace conformance
