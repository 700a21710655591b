#include "simulator/planning/service_level.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace simulator {
namespace {

absl::Status Bad(absl::string_view part) {
  return absl::InvalidArgumentError(absl::StrCat(
      "--slo: `", part, "`: expected p50, p95, p99 or mean below a time (p95<200ms) or errors ",
      "below a share (errors<0.1%)"));
}

absl::StatusOr<Objective> ParseObjective(absl::string_view part) {
  Objective objective;
  objective.text = std::string(part);
  const size_t less = part.find('<');
  if (less == absl::string_view::npos) return Bad(part);
  const absl::string_view name = absl::StripAsciiWhitespace(part.substr(0, less));
  absl::string_view value = part.substr(less + 1);
  objective.or_equal = absl::ConsumePrefix(&value, "=");
  value = absl::StripAsciiWhitespace(value);
  double scale = 1;
  if (name == "errors") {
    objective.quantity = "error_rate";
    if (absl::ConsumeSuffix(&value, "%")) scale = 0.01;
  } else if (name == "p50" || name == "p95" || name == "p99" || name == "mean") {
    objective.quantity = absl::StrCat(name, "_ms");
    if (!absl::ConsumeSuffix(&value, "ms")) {
      if (!absl::ConsumeSuffix(&value, "s")) return Bad(part);
      scale = 1000;
    }
  } else {
    return Bad(part);
  }
  if (!absl::SimpleAtod(absl::StripAsciiWhitespace(value), &objective.limit)) return Bad(part);
  objective.limit *= scale;
  const bool rate = objective.quantity == "error_rate";
  if (!(objective.limit >= 0 && objective.limit <= (rate ? 1 : 1e9))) return Bad(part);
  if (objective.limit <= 0 && !objective.or_equal) {
    return absl::InvalidArgumentError(
        absl::StrCat("--slo: `", part, "`: nothing is below 0; expected <= or a limit above 0"));
  }
  return objective;
}

}  // namespace

absl::StatusOr<std::vector<Objective>> ParseServiceLevel(const std::string& text) {
  std::vector<Objective> objectives;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    const auto objective = ParseObjective(absl::StripAsciiWhitespace(part));
    if (!objective.ok()) return objective.status();
    objectives.push_back(*objective);
  }
  return objectives;
}

namespace {

bool Inside(const Objective& objective, double value) {
  return objective.or_equal ? value <= objective.limit : value < objective.limit;
}

// Of the half-width, what more replications make narrower.
bool MostlyReplications(const model::Quantity& quantity) {
  constexpr double kMost = 0.25;
  return quantity.replication_part() * std::abs(quantity.value()) >
         kMost * (quantity.high() - quantity.value());
}

}  // namespace

ServiceLevelAnswer Compare(const std::vector<Objective>& objectives, const model::Result& result) {
  ServiceLevelAnswer answer;
  answer.met = result.total().requests() > 0;
  if (!answer.met) answer.words = "no request finished";
  bool missed = !answer.met;
  for (const Objective& objective : objectives) {
    bool found = false;
    for (const model::Quantity& quantity : result.quantities()) {
      if (quantity.name() != objective.quantity) continue;
      found = true;
      const bool met = Inside(objective, quantity.high());
      answer.met &= met;
      missed |= !Inside(objective, quantity.low());
      answer.narrows |= !met && MostlyReplications(quantity);
      absl::StrAppend(&answer.words, answer.words.empty() ? "" : "; ",
                      absl::StrFormat("%s %.4g [%.4g, %.4g]", quantity.name(), quantity.value(),
                                      quantity.low(), quantity.high()));
    }
    answer.met &= found;
    missed |= !found;
  }
  answer.decided = answer.met || missed;
  answer.narrows &= !answer.decided;
  return answer;
}

double LatencyLimit(const std::vector<Objective>& objectives) {
  double limit = 1e300;
  for (const Objective& objective : objectives) {
    if (objective.quantity == "error_rate" || objective.quantity == "p50_ms") continue;
    limit = std::min(limit, objective.limit / 1000);
  }
  return limit;
}

}  // namespace simulator
