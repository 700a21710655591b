#include "model/threshold.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "model/histogram.h"
#include "model/result_math.h"

namespace model {
namespace {

using Expression = ThresholdExpression;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct MetricName {
  std::string_view name;
  Expression::Metric metric;
  std::string_view aggregations;  // for the error message
};

constexpr std::string_view kTrend = "p(N), avg, min, med, max";
constexpr MetricName kMetrics[] = {
    {"http_req_duration", Expression::Metric::kResponse, kTrend},
    {"service_time", Expression::Metric::kService, kTrend},
    {"release_lateness", Expression::Metric::kLateness, kTrend},
    {"http_req_failed", Expression::Metric::kFailed, "rate, count"},
    {"http_reqs", Expression::Metric::kRequests, "rate, count"},
    {"checks", Expression::Metric::kChecks, "rate"},
    {"useful_work", Expression::Metric::kUseful, "rate"},
};

// Two-character operators first, so that "<=" is not read as "<".
constexpr std::pair<std::string_view, Expression::Comparison> kOperators[] = {
    {"<=", Expression::Comparison::kLessOrEqual}, {">=", Expression::Comparison::kGreaterOrEqual},
    {"==", Expression::Comparison::kEqual},       {"!=", Expression::Comparison::kNotEqual},
    {"<", Expression::Comparison::kLess},         {">", Expression::Comparison::kGreater},
};

absl::Status Expected(const std::string& what, std::string_view found) {
  return absl::InvalidArgumentError(
      absl::StrCat("expected ", what, ", found \"", std::string(found), "\""));
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.front()))) {
    text.remove_prefix(1);
  }
  while (!text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.back()))) {
    text.remove_suffix(1);
  }
  return text;
}

std::optional<double> ParseDecimal(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

absl::Status SetMetric(std::string_view name, Expression* expression,
                       std::string_view* aggregations) {
  std::string known;
  for (const MetricName& candidate : kMetrics) {
    if (candidate.name == name) {
      expression->metric = candidate.metric;
      *aggregations = candidate.aggregations;
      return absl::OkStatus();
    }
    absl::StrAppend(&known, known.empty() ? "" : ", ", std::string(candidate.name));
  }
  return Expected(absl::StrCat("a metric (", known, ")"), name);
}

// The text before the operator: avg, rate, p(95)... Returns false when there is no such one.
bool SetAggregation(std::string_view name, bool trend, Expression* expression) {
  using Aggregation = Expression::Aggregation;
  if (!trend) {
    if (name != "rate" && name != "count") return false;
    expression->aggregation = name == "rate" ? Aggregation::kRate : Aggregation::kCount;
    return true;
  }
  if (name.starts_with("p(") && name.ends_with(")")) {
    const std::optional<double> n = ParseDecimal(name.substr(2, name.size() - 3));
    if (!n.has_value() || *n < 0 || *n > 100) return false;
    expression->percentile = *n;
    expression->aggregation = Aggregation::kPercentile;
    return true;
  }
  if (name == "med") {
    expression->percentile = 50;
    expression->aggregation = Aggregation::kPercentile;
    return true;
  }
  if (name == "avg") expression->aggregation = Aggregation::kAverage;
  if (name == "min") expression->aggregation = Aggregation::kMinimum;
  if (name == "max") expression->aggregation = Aggregation::kMaximum;
  return name == "avg" || name == "min" || name == "max";
}

bool IsTrend(Expression::Metric metric) {
  return metric == Expression::Metric::kResponse || metric == Expression::Metric::kService ||
         metric == Expression::Metric::kLateness;
}

std::string UnitOf(const Expression& expression) {
  if (IsTrend(expression.metric)) return "ms";
  const bool per_second = expression.metric == Expression::Metric::kRequests &&
                          expression.aggregation == Expression::Aggregation::kRate;
  return per_second ? "/s" : "";
}

double TrendValue(const Expression& expression, const HistogramData& data) {
  if (data.total_count() == 0) return kNone;
  double ns = 0;
  switch (expression.aggregation) {
    case Expression::Aggregation::kAverage:
      ns = MeanOf(data);
      break;
    case Expression::Aggregation::kMinimum:
      ns = static_cast<double>(data.min_ns());
      break;
    case Expression::Aggregation::kMaximum:
      ns = static_cast<double>(data.max_ns());
      break;
    default:
      ns = static_cast<double>(QuantileOf(data, expression.percentile / 100));
      break;
  }
  return ns / 1e6;
}

double ValueOf(const Expression& expression, const Result& result) {
  const OperationResult* operation = FindOperation(result, expression.operation);
  if (operation == nullptr) return kNone;
  const bool rate = expression.aggregation == Expression::Aggregation::kRate;
  const auto requests = static_cast<double>(operation->requests());
  switch (expression.metric) {
    case Expression::Metric::kResponse:
      return TrendValue(expression, operation->response_time());
    case Expression::Metric::kService:
      return TrendValue(expression, operation->service_time());
    case Expression::Metric::kLateness:
      return TrendValue(expression, operation->release_lateness());
    case Expression::Metric::kRequests:
      if (!rate) return requests;
      return result.measured_seconds() > 0 ? Throughput(result, *operation) : kNone;
    case Expression::Metric::kFailed:
      if (requests == 0) return kNone;
      return rate ? ErrorRate(*operation) : requests - static_cast<double>(OkCount(*operation));
    case Expression::Metric::kChecks: {
      const auto ok = static_cast<double>(OkCount(*operation));
      const auto failed = operation->outcomes().find(kOutcomeCheckFailed);
      const double checked =
          ok + (failed == operation->outcomes().end() ? 0.0 : static_cast<double>(failed->second));
      return checked == 0 ? kNone : ok / checked;
    }
    case Expression::Metric::kUseful:
      return requests == 0 ? kNone : UsefulWork(*operation);
  }
  return kNone;
}

// False for NaN, whatever the operator.
bool Holds(double value, Expression::Comparison comparison, double limit) {
  if (std::isnan(value)) return false;
  switch (comparison) {
    case Expression::Comparison::kLess:
      return value < limit;
    case Expression::Comparison::kLessOrEqual:
      return value <= limit;
    case Expression::Comparison::kGreater:
      return value > limit;
    case Expression::Comparison::kGreaterOrEqual:
      return value >= limit;
    case Expression::Comparison::kEqual:
      return value == limit;
    case Expression::Comparison::kNotEqual:
      return value != limit;
  }
  return false;
}

}  // namespace

absl::StatusOr<Threshold> ParseThreshold(std::string_view metric, std::string_view expression) {
  Threshold threshold;
  std::string_view name = Trim(metric);
  const size_t brace = name.find('{');
  if (brace != std::string_view::npos) {
    const std::string_view tags = name.substr(brace);
    const size_t colon = tags.find(':');
    if (!tags.ends_with('}') || colon == std::string_view::npos ||
        Trim(tags.substr(1, colon - 1)) != "operation" ||
        Trim(tags.substr(colon + 1, tags.size() - colon - 2)).empty()) {
      return Expected("{operation:NAME} after the metric", tags);
    }
    (*threshold.mutable_tags())["operation"] =
        std::string(Trim(tags.substr(colon + 1, tags.size() - colon - 2)));
    name = Trim(name.substr(0, brace));
  }
  threshold.set_metric(std::string(name));
  threshold.set_expression(std::string(Trim(expression)));
  if (const auto compiled = Compile(threshold); !compiled.ok()) return compiled.status();
  return threshold;
}

absl::StatusOr<ThresholdExpression> Compile(const Threshold& threshold) {
  Expression expression;
  std::string_view aggregations;
  if (absl::Status s = SetMetric(threshold.metric(), &expression, &aggregations); !s.ok()) return s;
  for (const auto& [tag, value] : threshold.tags()) {
    if (tag != "operation") return Expected("the tag operation", tag);
    expression.operation = value;
  }
  const std::string_view text = threshold.expression();
  const size_t at = text.find_first_of("<>=!");
  const std::string_view rest = at == std::string_view::npos ? "" : text.substr(at);
  std::string_view number;
  for (const auto& [symbol, comparison] : kOperators) {
    if (!rest.starts_with(symbol)) continue;
    expression.comparison = comparison;
    number = Trim(rest.substr(symbol.size()));
    break;
  }
  const std::optional<double> limit = ParseDecimal(number);
  if (!limit.has_value()) {
    return Expected("an expression such as p(95)<200 or rate<0.001, a number on the right", text);
  }
  expression.limit = *limit;
  const std::string_view name = Trim(text.substr(0, at));
  const bool trend = IsTrend(expression.metric);
  if (!SetAggregation(name, trend, &expression) ||
      (aggregations == "rate" && expression.aggregation != Expression::Aggregation::kRate)) {
    return Expected(absl::StrCat(std::string(aggregations), " of ", threshold.metric()), name);
  }
  expression.unit = UnitOf(expression);
  return expression;
}

ThresholdOutcome Evaluate(const ThresholdExpression& expression, const Threshold& threshold,
                          const Result& result) {
  ThresholdOutcome outcome;
  outcome.set_metric(
      expression.operation.empty()
          ? threshold.metric()
          : absl::StrCat(threshold.metric(), "{operation:", expression.operation, "}"));
  outcome.set_expression(threshold.expression());
  outcome.set_unit(expression.unit);
  outcome.set_value(ValueOf(expression, result));
  outcome.set_passed(Holds(outcome.value(), expression.comparison, expression.limit));
  return outcome;
}

absl::StatusOr<bool> EvaluateThresholds(const Scenario& scenario, Result* result) {
  result->clear_thresholds();
  bool all_passed = true;
  for (const Threshold& threshold : scenario.thresholds()) {
    const absl::StatusOr<ThresholdExpression> expression = Compile(threshold);
    if (!expression.ok()) return expression.status();
    const ThresholdOutcome outcome = Evaluate(*expression, threshold, *result);
    all_passed = all_passed && outcome.passed();
    *result->add_thresholds() = outcome;
  }
  return all_passed;
}

}  // namespace model
