#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// The expressions of claims/*.yaml, evaluated on intervals.
//
//   p95_ms < 200 and error_rate < 0.001
//   fact.scale_down_seconds <= 360
//   fact.connections_needed <= fact.connections_usable
//   4 / 404 >= 0.40
//   absent(redis-no-replicas, redis-not-created)
//
// Grammar: condition = term {"and" term}; term = sum op sum | absent(rule, ...); op = < <= > >=;
// sum = product {(+|-) product}; product = factor {(*|/) factor}; factor = number | name | (sum).
// Names are letters, digits, `_`, `:` and `.`; what a name means is the caller's business (Lookup).
//
// Values are intervals [low, high] around a point; a figure that was counted has low = high.
// Interval arithmetic is the outer one: it never makes an interval smaller than its inputs justify,
// so a term is certain only when the whole interval lies on one side of the limit.

namespace report {

struct Interval {
  double value = 0;
  double low = 0;
  double high = 0;
  static Interval Point(double v) { return {v, v, v}; }
};

// kUnknown: a name has no evidence; TermOutcome::missing then says which.
enum class Truth { kTrue, kFalse, kStraddles, kUnknown };

// One term after evaluation: `left` is the claim's quantity, `right` its limit.
struct TermOutcome {
  Truth truth = Truth::kUnknown;
  std::string text;      // the term as written
  std::string quantity;  // left side as written; empty for absent()
  std::string op;
  Interval left;
  Interval right;
  std::string missing;             // first name or rule without evidence
  std::vector<std::string> found;  // absent(): the rules that did fire
};

// NotFound means: no evidence for this name. Any other error ends the evaluation.
using Lookup = std::function<absl::StatusOr<Interval>(const std::string& name)>;

// Whether a rule of `simulator check` fired; NotFound when it was not run.
using FindingLookup = std::function<absl::StatusOr<bool>(const std::string& rule)>;

// Evaluates every term in order. InvalidArgument names the column and what was expected there.
absl::StatusOr<std::vector<TermOutcome>> Evaluate(std::string_view expression, const Lookup& lookup,
                                                  const FindingLookup& findings);

// kFalse when any term is false, else kUnknown when any is, else kStraddles, else kTrue.
Truth Combine(const std::vector<TermOutcome>& terms);

}  // namespace report
