#include "report/console.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "report/figure.h"
#include "report/judge.h"

namespace report {
namespace {

using model::Verdict;

const char* ColourOf(Verdict::Outcome outcome) {
  switch (outcome) {
    case Verdict::HOLDS:
      return "\033[32m";
    case Verdict::FAILS:
      return "\033[31m";
    case Verdict::HOLDS_IF:
      return "\033[33m";
    default:
      return "\033[2m";
  }
}

std::string Value(const Verdict& verdict) {
  if (!verdict.has_value()) return "";
  return absl::StrCat(ShortFigure(verdict.value()), " / ", ShortFigure(verdict.limit()));
}

std::string Why(const Verdict& verdict, int width) {
  std::string text = verdict.outcome() == Verdict::HOLDS_IF && !verdict.condition().empty()
                         ? verdict.condition()
                         : verdict.reason();
  const size_t room = static_cast<size_t>(std::max(20, width));
  if (text.size() > room) text = text.substr(0, room - 3) + "...";
  return text;
}

// What the stars mean: each reason once, with the claims that carry it.
std::string Footnotes(const model::VerdictReport& report) {
  std::map<std::string, std::set<std::string>> claims;
  for (const Verdict& verdict : report.verdicts()) {
    if (!verdict.validity().empty()) claims[verdict.validity()].insert(verdict.claim_id());
  }
  std::string text;
  for (const auto& [validity, ids] : claims) {
    absl::StrAppend(&text, "* ", validity, ": ", absl::StrJoin(ids, ", "), "\n");
  }
  return text;
}

}  // namespace

std::string RenderVerdictTable(const model::VerdictReport& report, bool colour, int width) {
  constexpr int kFixedColumns = 64;
  std::string table = absl::StrFormat("%-15s %-13s %-10s %-20s  %s\n", "claim", "deployment",
                                      "verdict", "value / limit", "why");
  for (const Verdict& verdict : report.verdicts()) {
    absl::StrAppend(&table,
                    absl::StrFormat("%-15s %-13s ", verdict.claim_id(), verdict.deployment()));
    if (colour) absl::StrAppend(&table, ColourOf(verdict.outcome()));
    const std::string word =
        absl::StrCat(OutcomeWord(verdict.outcome()), verdict.validity().empty() ? "" : " *");
    absl::StrAppend(&table, absl::StrFormat("%-10s", word));
    if (colour) absl::StrAppend(&table, "\033[0m");
    absl::StrAppend(&table, absl::StrFormat(" %-20s  %s\n", Value(verdict),
                                            Why(verdict, width - kFixedColumns)));
  }
  absl::StrAppend(
      &table,
      absl::StrFormat("%d hold, %d fail, %d hold under a condition, %d undecided\n", report.holds(),
                      report.fails(), report.holds_if(), report.undecided()));
  return absl::StrCat(table, Footnotes(report));
}

}  // namespace report
