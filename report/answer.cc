#include "report/answer.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "model/threshold.h"
#include "report/evidence.h"
#include "report/figure.h"
#include "report/quantity.h"

namespace report {
namespace {

using model::ThresholdExpression;
using model::Verdict;

// A prediction is called extrapolated above this multiple of the highest calibrated load.
constexpr double kInsideCalibration = 1.1;

bool Simulated(const model::Result& result) { return result.provenance().engine() == "simulator"; }

// The quantity of a Result that a threshold speaks of; "" when there is none.
std::string QuantityFor(const ThresholdExpression& expression) {
  using Metric = ThresholdExpression::Metric;
  using Aggregation = ThresholdExpression::Aggregation;
  if (!expression.operation.empty()) return "";
  switch (expression.metric) {
    case Metric::kResponse:
      if (expression.aggregation == Aggregation::kAverage) return "mean_ms";
      if (expression.aggregation != Aggregation::kPercentile) return "";
      for (int percent : {50, 95, 99}) {
        if (expression.percentile == percent) return absl::StrCat("p", percent, "_ms");
      }
      return "";
    case Metric::kFailed:
      return expression.aggregation == Aggregation::kRate ? "error_rate" : "";
    case Metric::kRequests:
      return expression.aggregation == Aggregation::kRate ? "throughput_per_second" : "";
    case Metric::kUseful:
      return "useful_work";
    default:
      return "";
  }
}

bool Meets(ThresholdExpression::Comparison comparison, double value, double limit) {
  using Comparison = ThresholdExpression::Comparison;
  switch (comparison) {
    case Comparison::kLess:
      return value < limit;
    case Comparison::kLessOrEqual:
      return value <= limit;
    case Comparison::kGreater:
      return value > limit;
    case Comparison::kGreaterOrEqual:
      return value >= limit;
    case Comparison::kEqual:
      return value == limit;
    case Comparison::kNotEqual:
      return value != limit;
  }
  return false;
}

ThresholdAnswer Judged(const model::ThresholdOutcome& outcome, const model::Result& result) {
  ThresholdAnswer answer;
  answer.text = absl::StrCat(outcome.metric(), " ", outcome.expression());
  answer.value = Interval::Point(outcome.value());
  answer.outcome = outcome.passed() ? Verdict::HOLDS : Verdict::FAILS;
  const auto parsed = model::ParseThreshold(outcome.metric(), outcome.expression());
  if (!parsed.ok()) return answer;
  const auto expression = model::Compile(*parsed);
  if (!expression.ok()) return answer;
  answer.limit = expression->limit;
  answer.quantity = QuantityFor(*expression);
  if (answer.quantity.empty()) return answer;
  const auto value = QuantityOf(result, answer.quantity);
  if (!value.ok()) return answer;
  answer.value = *value;
  const bool low = Meets(expression->comparison, value->low, expression->limit);
  const bool high = Meets(expression->comparison, value->high, expression->limit);
  answer.outcome = low && high ? Verdict::HOLDS : low || high ? Verdict::HOLDS_IF : Verdict::FAILS;
  return answer;
}

Verdict::Outcome Together(const std::vector<ThresholdAnswer>& thresholds) {
  bool open = false;
  for (const ThresholdAnswer& threshold : thresholds) {
    if (threshold.outcome == Verdict::FAILS) return Verdict::FAILS;
    open |= threshold.outcome != Verdict::HOLDS;
  }
  if (thresholds.empty()) return Verdict::UNDECIDED;
  return open ? Verdict::HOLDS_IF : Verdict::HOLDS;
}

std::string Words(const ThresholdAnswer& threshold) {
  const std::string value = threshold.quantity.empty()
                                ? ShortFigure(threshold.value.value)
                                : QuantityText(threshold.quantity, threshold.value);
  return absl::StrCat(threshold.text, ": ", value);
}

std::string Sentence(const Answer& answer, const model::Result& result) {
  const char* verb = Simulated(result) ? "is predicted" : "was measured";
  if (!result.provenance().valid()) {
    return absl::StrCat("No answer: the result is not valid (",
                        absl::StrJoin(result.provenance().invalid_reasons(), "; "), ").");
  }
  if (answer.thresholds.empty()) {
    std::vector<std::string> figures;
    for (const HeadlineFigure& figure : answer.figures) {
      figures.push_back(
          absl::StrCat(QuantityLabel(figure.name), " ", QuantityText(figure.name, figure.value)));
    }
    return absl::StrCat("The scenario states no threshold, so there is nothing to pass. What ",
                        verb, ": ", absl::StrJoin(figures, "; "), ".");
  }
  std::vector<std::string> deciding;
  for (const ThresholdAnswer& threshold : answer.thresholds) {
    if (threshold.outcome == answer.outcome) deciding.push_back(Words(threshold));
  }
  const std::string list = absl::StrJoin(deciding, "; ");
  const size_t all = answer.thresholds.size();
  switch (answer.outcome) {
    case Verdict::HOLDS:
      return absl::StrFormat(
          "Yes: %s of the scenario %s (%s).",
          all == 1 ? "the only threshold" : absl::StrCat("all ", all, " thresholds"),
          all == 1 ? "holds" : "hold", list);
    case Verdict::FAILS:
      return absl::StrFormat("No: %d of %d thresholds of the scenario fail (%s).", deciding.size(),
                             all, list);
    default:
      return absl::StrFormat("Open: the interval holds both answers for %d of %d thresholds (%s).",
                             deciding.size(), all, list);
  }
}

std::string Question(const model::Result& result) {
  const model::Provenance& from = result.provenance();
  if (!Simulated(result)) {
    return absl::StrFormat("How did %s answer %s users of the scenario %s?",
                           from.target().empty() ? "the server" : from.target(),
                           ShortFigure(static_cast<double>(result.users())), from.scenario_name());
  }
  const std::string load =
      from.load_model() == "open" || result.users() == 0
          ? absl::StrCat("the load of the scenario ", from.scenario_name())
          : absl::StrFormat("%s users of the scenario %s, each with %s s between its requests",
                            ShortFigure(static_cast<double>(result.users())), from.scenario_name(),
                            ShortFigure(result.think_time_mean_seconds()));
  const std::string faults = from.fault_plan().empty()
                                 ? ""
                                 : absl::StrCat(" and the faults ", from.fault_plan(), " occur");
  return absl::StrFormat(
      "Can the deployment %s carry %s, when a request costs what the profile %s says%s?",
      from.deployment_name(), load, from.profile_name(), faults);
}

void AddFigure(const model::Result& result, const std::string& name, Answer* answer) {
  const auto value = QuantityOf(result, name);
  if (!value.ok()) return;
  HeadlineFigure figure{name, *value, ""};
  for (const model::Quantity& quantity : result.quantities()) {
    if (quantity.name() == name) figure.parts = PartsText(quantity);
  }
  answer->figures.push_back(std::move(figure));
}

std::string Bottleneck(const model::Result& result, int rank) {
  if (rank >= result.resources_size()) return "";
  return ResourceText(result.resources(rank));
}

}  // namespace

Answer AnswerOf(const model::Result& result) {
  Answer answer;
  answer.question = Question(result);
  for (const model::ThresholdOutcome& outcome : result.thresholds()) {
    answer.thresholds.push_back(Judged(outcome, result));
  }
  for (const char* name :
       {"p95_ms", "throughput_per_second", "error_rate", "pods_max", "database_cpu_cores"}) {
    AddFigure(result, name, &answer);
  }
  if (answer.figures.size() < 4) AddFigure(result, "p50_ms", &answer);
  answer.outcome = result.provenance().valid() ? Together(answer.thresholds) : Verdict::UNDECIDED;
  answer.first_bottleneck = Bottleneck(result, 0);
  answer.second_bottleneck = Bottleneck(result, 1);
  answer.sentence = Sentence(answer, result);
  const double beyond = result.provenance().extrapolation();
  if (beyond > kInsideCalibration) {
    absl::StrAppend(&answer.sentence, absl::StrFormat(" Outside the validated range: %.3g x the "
                                                      "highest calibrated load.",
                                                      beyond));
  }
  return answer;
}

}  // namespace report
