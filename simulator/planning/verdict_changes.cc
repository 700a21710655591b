#include "simulator/planning/verdict_changes.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "report/judge.h"

namespace simulator {
namespace {

std::vector<const model::Verdict*> About(const std::string& deployment,
                                         const model::VerdictReport& report) {
  std::vector<const model::Verdict*> verdicts;
  for (const model::Verdict& verdict : report.verdicts()) {
    if (verdict.deployment() == deployment) verdicts.push_back(&verdict);
  }
  return verdicts;
}

bool OutcomeChanges(const VerdictChange& change) {
  return change.before.outcome() != change.after.outcome();
}

bool Differs(const VerdictChange& change) {
  const double larger = std::max(std::abs(change.before.value()), std::abs(change.after.value()));
  return OutcomeChanges(change) ||
         std::abs(change.before.value() - change.after.value()) > 0.001 * larger;
}

std::string Cell(const model::Verdict& verdict) {
  const std::string outcome = report::OutcomeWord(verdict.outcome());
  if (verdict.quantity().empty()) return outcome;
  return absl::StrFormat("%s, %.4g of %.4g %s", outcome, verdict.value(), verdict.limit(),
                         verdict.unit());
}

}  // namespace

std::vector<VerdictChange> CompareVerdicts(const std::string& deployment,
                                           const model::VerdictReport& before,
                                           const model::VerdictReport& after) {
  const std::vector<const model::Verdict*> first = About(deployment, before);
  const std::vector<const model::Verdict*> second = About(deployment, after);
  std::vector<VerdictChange> changes;
  for (size_t i = 0; i < std::min(first.size(), second.size()); ++i) {
    VerdictChange change{*first[i], *second[i]};
    if (Differs(change)) changes.push_back(std::move(change));
  }
  std::stable_partition(changes.begin(), changes.end(), OutcomeChanges);
  return changes;
}

std::string RenderVerdictChanges(const std::vector<VerdictChange>& changes) {
  const auto outcomes = std::count_if(changes.begin(), changes.end(), OutcomeChanges);
  std::string out = absl::StrCat("\n### Verdicts that change: ", outcomes,
                                 ", figures of verdicts: ", changes.size() - outcomes, "\n");
  if (changes.empty()) return out;
  absl::StrAppend(&out, "\n| claim | before | after | why |\n|---|---|---|---|\n");
  for (const VerdictChange& change : changes) {
    absl::StrAppend(
        &out, "| ", change.after.claim_id(), " | ", Cell(change.before), " | ", Cell(change.after),
        " | ", absl::StrReplaceAll(change.after.reason(), {{"|", "\\|"}, {"\n", " "}}), " |\n");
  }
  return out;
}

}  // namespace simulator
