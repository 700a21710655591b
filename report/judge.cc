#include "report/judge.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "report/figure.h"
#include "report/frontier.h"
#include "report/outcome.h"

namespace report {
namespace {

using model::Verdict;

class Judgement {
 public:
  Judgement(const model::Claim& claim, const model::Decision& decision, const Evidence& evidence)
      : claim_(claim), decision_(decision), evidence_(evidence) {}

  absl::StatusOr<Verdict> Run() {
    verdict_.set_claim_id(claim_.id());
    verdict_.set_claim(claim_.claim());
    verdict_.set_source(claim_.source());
    verdict_.set_deployment(decision_.deployment());
    verdict_.set_profile(decision_.profile().empty() ? "none needed" : decision_.profile());
    verdict_.set_bottleneck(decision_.bottleneck());
    verdict_.set_method(decision_.method());
    verdict_.set_at(decision_.at());
    absl::Status status = Decide();
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("claim ", claim_.id(), " (line ", claim_.line(), "): ", status.message()));
    }
    if (verdict_.outcome() == Verdict::HOLDS && !decision_.provided().empty()) {
      verdict_.set_outcome(Verdict::HOLDS_IF);
      verdict_.set_condition(decision_.provided());
    }
    if (!decision_.note().empty()) {
      verdict_.set_reason(absl::StrCat(verdict_.reason(), verdict_.reason().empty() ? "" : ". ",
                                       "Note: ", decision_.note()));
    }
    return verdict_;
  }

 private:
  absl::Status Decide() {
    const std::string& method = decision_.method();
    if (!decision_.undecided_because().empty()) {
      verdict_.set_profile("");
      verdict_.set_outcome(Verdict::UNDECIDED);
      verdict_.set_reason(Undecided(decision_.undecided_because(), decision_.decided_later_by()));
      return absl::OkStatus();
    }
    if (method == "profile_free") return DecideProfileFree();
    if (method == "frontier") return DecideByFrontier();
    if (method == "simulation") return DecideBySimulation();
    if (method == "measurement") return DecideByMeasurement();
    if (method == "inspection" || method == "arithmetic") return DecideByCheck();
    return absl::InvalidArgumentError(
        absl::StrCat("method `", method,
                     "` not known; expected inspection, arithmetic, simulation, measurement, "
                     "profile_free or frontier"));
  }

  absl::Status DecideByCheck() {
    UseCheck(decision_.deployment());
    auto point = ParseOperatingPoint(decision_.at());
    if (!point.ok()) return point.status();
    point_ = *point;
    if (Mentions(decision_.expression(), "think_time")) {
      Frontier frontier;
      for (double think : kThinkTimes) {
        auto terms = EvaluateAt(decision_.expression(), {point_.users, think, ""});
        if (!terms.ok()) return terms.status();
        frontier.Add(think, Combine(*terms));
      }
      verdict_.set_frontier(frontier.Text());
    }
    return EvaluateOver(nullptr);
  }

  absl::Status DecideByMeasurement() {
    if (!decision_.evidence().empty()) {  // figures measured elsewhere, written into the expression
      verdict_.add_evidence(decision_.evidence());
      return EvaluateOver(nullptr);
    }
    UseCheck("measured");
    const model::Result* measured = evidence_.Measured();
    if (measured != nullptr) UseResult(*measured);
    return EvaluateOver(measured);
  }

  absl::Status DecideBySimulation() {
    auto point = ParseOperatingPoint(decision_.at());
    if (!point.ok()) return point.status();
    const model::Result* result = evidence_.Predicted(decision_.deployment(), *point);
    if (result == nullptr) {
      verdict_.set_outcome(Verdict::UNDECIDED);
      verdict_.set_reason(evidence_.missing_simulation_reason());
      return absl::OkStatus();
    }
    UseResult(*result);
    FillBottlenecks(*result, &verdict_);
    if (!result->provenance().valid()) {
      verdict_.set_outcome(Verdict::UNDECIDED);
      verdict_.set_reason(
          absl::StrCat("the result is not valid: ",
                       absl::StrJoin(result->provenance().invalid_reasons(), "; ")));
      return absl::OkStatus();
    }
    if (absl::Status status = DrawFrontier(*point); !status.ok()) return status;
    absl::Status status = EvaluateOver(result);
    if (!point->faults.empty()) {
      verdict_.set_reason(absl::StrCat("with the faults ", point->faults, ": ", verdict_.reason()));
    }
    return status;
  }

  // From every simulated think time for the same users and faults.
  absl::Status DrawFrontier(const OperatingPoint& point) {
    Frontier frontier;
    for (const model::Result* result :
         evidence_.OverThinkTimes(decision_.deployment(), point.users, point.faults)) {
      auto terms = Evaluate(decision_.expression(), evidence_.Names(decision_.deployment(), result),
                            evidence_.Findings(decision_.deployment()));
      if (!terms.ok()) return terms.status();
      frontier.Add(result->think_time_mean_seconds(), Combine(*terms));
    }
    verdict_.set_frontier(frontier.Text());
    return absl::OkStatus();
  }

  absl::Status DecideProfileFree() {
    UseCheck(decision_.deployment());
    auto point = ParseOperatingPoint(decision_.at());
    if (!point.ok()) return point.status();
    point_ = *point;
    std::vector<std::string> conditions;
    std::vector<std::string> frontiers;
    for (const model::Need& need : decision_.needs()) {
      auto figure = NeedAt(need, point_);
      if (!figure.ok()) return figure.status();
      if (verdict_.outcome() == Verdict::UNDECIDED) return absl::OkStatus();
      conditions.push_back(absl::StrCat(need.text(), " ", ShortFigure(*figure), " ", need.unit(),
                                        " (", need.expression(), ")"));
      if (!Mentions(need.expression(), "think_time")) continue;
      std::vector<std::string> figures;
      for (double think : kThinkTimes) {
        auto other = NeedAt(need, {point_.users, think, ""});
        if (!other.ok()) return other.status();
        figures.push_back(absl::StrCat(SecondsText(think), " ", ShortFigure(*other)));
      }
      frontiers.push_back(absl::StrCat(need.text(), " (", need.unit(), ") at think time ",
                                       absl::StrJoin(figures, ", ")));
    }
    if (!decision_.provided().empty()) conditions.push_back(decision_.provided());
    verdict_.set_outcome(Verdict::HOLDS_IF);
    verdict_.set_condition(absl::StrJoin(conditions, ", and "));
    verdict_.set_frontier(absl::StrJoin(frontiers, "; "));
    verdict_.set_reason("the original stack was not measured: only the condition can be given");
    return absl::OkStatus();
  }

  // The facts whose names begin with the expression are budgets of rate x recovery, one for each
  // class of failures: the claim holds where all are kept.
  absl::Status DecideByFrontier() {
    UseCheck(decision_.deployment());
    std::vector<std::string> budgets;
    std::vector<std::string> frontiers;
    std::vector<std::string> reasons;
    const model::CheckReport* check = evidence_.Check(decision_.deployment());
    for (int i = 0; check != nullptr && i < check->facts_size(); ++i) {
      const model::Fact& fact = check->facts(i);
      const std::string& prefix = decision_.expression();
      if (fact.name().compare(0, prefix.size(), prefix) != 0) continue;
      const std::string name = fact.name().substr(prefix.size());
      budgets.push_back(absl::StrCat(name, " ", ShortFigure(fact.value()), " ", fact.unit()));
      frontiers.push_back(absl::StrFormat("%s: 1 failure a year of %s min, 12 of %s min", name,
                                          ShortFigure(fact.value()),
                                          ShortFigure(fact.value() / 12)));
      reasons.push_back(absl::StrCat(name, ": ", fact.arithmetic()));
    }
    if (budgets.empty()) {
      verdict_.set_outcome(Verdict::UNDECIDED);
      verdict_.set_reason(absl::StrCat("no evidence for ", decision_.expression()));
      return absl::OkStatus();
    }
    verdict_.set_outcome(Verdict::HOLDS_IF);
    verdict_.set_condition(absl::StrCat("failures a year of one component x recovery stay within ",
                                        absl::StrJoin(budgets, ", ")));
    verdict_.set_frontier(absl::StrJoin(frontiers, "; "));
    verdict_.set_reason(
        absl::StrCat("rates are not assumed: the frontier is. ", absl::StrJoin(reasons, "; ")));
    return absl::OkStatus();
  }

  // The figure of a need; the verdict becomes undecided when there is no evidence for it.
  absl::StatusOr<double> NeedAt(const model::Need& need, const OperatingPoint& point) {
    auto terms = EvaluateAt(absl::StrCat(need.expression(), " >= 0"), point);
    if (!terms.ok()) return terms.status();
    if (!terms->front().missing.empty()) {
      verdict_.set_outcome(Verdict::UNDECIDED);
      verdict_.set_reason(Words(terms->front()));
    }
    return terms->front().left.value;
  }

  static bool Mentions(const std::string& expression, const char* name) {
    return expression.find(name) != std::string::npos;
  }

  // Without a Result: `users` and `think_time` are those of `at`.
  absl::StatusOr<std::vector<TermOutcome>> EvaluateAt(const std::string& expression,
                                                      const OperatingPoint& point) const {
    const Lookup others = evidence_.Names(decision_.deployment(), nullptr);
    const Lookup names = [&](const std::string& name) -> absl::StatusOr<Interval> {
      if (name == "users" && point.users > 0) return Interval::Point(point.users);
      if (name == "think_time" && point.think_time_seconds > 0) {
        return Interval::Point(point.think_time_seconds);
      }
      return others(name);
    };
    return Evaluate(expression, names, evidence_.Findings(decision_.deployment()));
  }

  absl::Status EvaluateOver(const model::Result* result) {
    auto terms = result == nullptr ? EvaluateAt(decision_.expression(), point_)
                                   : Evaluate(decision_.expression(),
                                              evidence_.Names(decision_.deployment(), result),
                                              evidence_.Findings(decision_.deployment()));
    if (!terms.ok()) return terms.status();
    FillOutcome(*terms, &verdict_);
    return absl::OkStatus();
  }

  void UseCheck(const std::string& deployment) {
    const model::CheckReport* check = evidence_.Check(deployment);
    if (check != nullptr) verdict_.add_evidence(evidence_.PathOf(check));
  }

  void UseResult(const model::Result& result) {
    verdict_.add_evidence(evidence_.PathOf(&result));
    verdict_.set_validity(Validity(result.provenance()));
    for (const std::string& warning : result.provenance().warnings()) {
      verdict_.add_warnings(warning);
    }
  }

  const model::Claim& claim_;
  const model::Decision& decision_;
  const Evidence& evidence_;
  OperatingPoint point_;  // of `at`; zeros when the decision names none
  Verdict verdict_;
};

Verdict WithoutDecision(const model::Claim& claim) {
  Verdict verdict;
  verdict.set_claim_id(claim.id());
  verdict.set_claim(claim.claim());
  verdict.set_source(claim.source());
  verdict.set_outcome(Verdict::UNDECIDED);
  verdict.set_reason(Undecided(claim.undecided_because(), claim.decided_later_by()));
  return verdict;
}

void CountOutcomes(model::VerdictReport* report) {
  uint32_t counts[5] = {};
  for (const Verdict& verdict : report->verdicts()) ++counts[verdict.outcome()];
  report->set_holds(counts[Verdict::HOLDS]);
  report->set_fails(counts[Verdict::FAILS]);
  report->set_holds_if(counts[Verdict::HOLDS_IF]);
  report->set_undecided(counts[Verdict::UNDECIDED]);
}

}  // namespace

absl::StatusOr<model::VerdictReport> Judge(const model::ClaimList& claims,
                                           const Evidence& evidence) {
  model::VerdictReport report;
  report.set_schema_version("1");
  for (const model::Claim& claim : claims.claims()) {
    if (claim.decisions().empty()) *report.add_verdicts() = WithoutDecision(claim);
    for (const model::Decision& decision : claim.decisions()) {
      auto verdict = Judgement(claim, decision, evidence).Run();
      if (!verdict.ok()) return verdict.status();
      *report.add_verdicts() = *std::move(verdict);
    }
  }
  CountOutcomes(&report);
  return report;
}

const char* OutcomeWord(Verdict::Outcome outcome) {
  switch (outcome) {
    case Verdict::HOLDS:
      return "holds";
    case Verdict::FAILS:
      return "fails";
    case Verdict::HOLDS_IF:
      return "holds if";
    default:
      return "undecided";
  }
}

}  // namespace report
