#include "report/outcome.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "report/figure.h"

namespace report {
namespace {

using model::Verdict;

// A prediction is called extrapolated above this multiple of the highest calibrated load.
constexpr double kInsideCalibration = 1.1;

std::string Written(const Interval& interval) {
  if (interval.low == interval.high) return ShortFigure(interval.value);
  return absl::StrCat(ShortFigure(interval.value), " [", ShortFigure(interval.low), ", ",
                      ShortFigure(interval.high), "]");
}

const TermOutcome& Decisive(const std::vector<TermOutcome>& terms) {
  for (Truth truth : {Truth::kFalse, Truth::kUnknown, Truth::kStraddles}) {
    for (const TermOutcome& term : terms) {
      if (term.truth == truth) return term;
    }
  }
  return terms.front();
}

void FillValue(const TermOutcome& term, Verdict* verdict) {
  if (term.quantity.empty() || !term.missing.empty()) return;
  verdict->set_has_value(true);
  verdict->set_quantity(term.quantity);
  verdict->set_value(term.left.value);
  verdict->set_low(term.left.low);
  verdict->set_high(term.left.high);
  verdict->set_limit(term.right.value);
  const double scale = term.right.value == 0 ? 1 : std::abs(term.right.value);
  const double room =
      term.op[0] == '<' ? term.right.value - term.left.value : term.left.value - term.right.value;
  verdict->set_margin(room / scale);
}

}  // namespace

std::string Words(const TermOutcome& term) {
  if (term.quantity.empty()) {
    if (!term.found.empty()) return absl::StrCat("found: ", absl::StrJoin(term.found, ", "));
    return term.missing.empty() ? absl::StrCat(term.text, ": none found")
                                : absl::StrCat("rule ", term.missing, " was not run");
  }
  if (!term.missing.empty()) return absl::StrCat("no evidence for ", term.missing);
  const char* answer = term.truth == Truth::kTrue    ? "yes"
                       : term.truth == Truth::kFalse ? "no"
                                                     : "the interval holds both";
  return absl::StrCat(term.quantity, " = ", Written(term.left), " ", term.op, " ",
                      Written(term.right), ": ", answer);
}

void FillBottlenecks(const model::Result& result, Verdict* verdict) {
  auto words = [](const model::ResourceUse& use) {
    return absl::StrFormat("%s %.0f %%", use.name(), 100 * use.utilisation());
  };
  if (result.resources_size() > 0) verdict->set_bottleneck(words(result.resources(0)));
  if (result.resources_size() > 1) verdict->set_second_bottleneck(words(result.resources(1)));
}

void FillOutcome(const std::vector<TermOutcome>& terms, Verdict* verdict) {
  const TermOutcome& decisive = Decisive(terms);
  std::vector<std::string> words;
  words.reserve(terms.size());
  for (const TermOutcome& term : terms) words.push_back(Words(term));
  verdict->set_reason(absl::StrJoin(words, "; "));
  FillValue(decisive, verdict);
  switch (Combine(terms)) {
    case Truth::kTrue:
      verdict->set_outcome(Verdict::HOLDS);
      break;
    case Truth::kFalse:
      verdict->set_outcome(Verdict::FAILS);
      break;
    case Truth::kUnknown:
      verdict->set_outcome(Verdict::UNDECIDED);
      break;
    case Truth::kStraddles:
      verdict->set_outcome(Verdict::HOLDS_IF);
      verdict->set_condition(absl::StrCat(
          decisive.quantity, " ", decisive.op, " ", ShortFigure(decisive.right.value), " inside [",
          ShortFigure(decisive.left.low), ", ", ShortFigure(decisive.left.high), "]"));
      break;
  }
}

std::string Validity(const model::Provenance& provenance) {
  if (provenance.engine() != "simulator") return "";
  if (provenance.extrapolation() <= 0) {
    return "range not known: the profile does not say at which loads it was calibrated";
  }
  if (provenance.extrapolation() <= kInsideCalibration) return "";
  return absl::StrFormat("outside the validated range: %.3g x the highest calibrated load",
                         provenance.extrapolation());
}

std::string Undecided(const std::string& because, const std::string& later) {
  return later.empty() ? because : absl::StrCat(because, ". Would decide it: ", later);
}

}  // namespace report
