#include "simulator/planning/difference.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace simulator {
namespace {

using Key = std::tuple<std::string, std::string, std::string>;

Key KeyOf(const model::Finding& finding) {
  return {finding.rule(), finding.object(), finding.field()};
}

std::set<std::string> RulesOf(const model::CheckReport& report) {
  return {report.rules_run().begin(), report.rules_run().end()};
}

// Findings of `report` that `other`, having run their rule, does not have.
std::vector<model::Finding> OnlyIn(const model::CheckReport& report,
                                   const model::CheckReport& other) {
  std::set<Key> known;
  for (const model::Finding& finding : other.findings()) known.insert(KeyOf(finding));
  const std::set<std::string> rules = RulesOf(other);
  std::vector<model::Finding> only;
  for (const model::Finding& finding : report.findings()) {
    if (!known.contains(KeyOf(finding)) && rules.contains(finding.rule())) only.push_back(finding);
  }
  return only;
}

// Texts of manifests inside a table: no cell or line may end, no markup may begin.
std::string Cell(const std::string& text) {
  return absl::StrReplaceAll(
      text, {{"|", "\\|"}, {"\n", " "}, {"\r", " "}, {"<", "&lt;"}, {"`", "'"}, {"@", "&#64;"}});
}

const char* Severity(model::Finding::Severity severity) {
  switch (severity) {
    case model::Finding::ERROR:
      return "error";
    case model::Finding::WARNING:
      return "warning";
    default:
      return "note";
  }
}

void AppendFindings(const char* title, const std::vector<model::Finding>& findings,
                    std::string* out) {
  absl::StrAppend(out, "\n### ", title, ": ", findings.size(), "\n");
  if (findings.empty()) return;
  absl::StrAppend(out, "\n| severity | rule | object | what | where |\n|---|---|---|---|---|\n");
  for (const model::Finding& finding : findings) {
    const std::string where =
        finding.line() > 0 ? absl::StrCat(finding.file(), ":", finding.line()) : finding.file();
    std::string what = finding.message();
    if (!finding.arithmetic().empty()) absl::StrAppend(&what, " (", finding.arithmetic(), ")");
    absl::StrAppend(out, "| ", Severity(finding.severity()), " | ", Cell(finding.rule()), " | ",
                    Cell(finding.object()), " | ", Cell(what), " | ", Cell(where), " |\n");
  }
}

std::string Figure(bool known, double value) {
  return known ? absl::StrFormat("%.6g", value) : "-";
}

std::string Change(bool both, double before, double after) {
  if (!both || before == 0) return "";
  return absl::StrFormat("%+.1f %%", 100 * (after / before - 1));
}

void AppendFacts(const std::vector<FactChange>& facts, std::string* out) {
  absl::StrAppend(out, "\n### Figures that change: ", facts.size(), "\n");
  if (facts.empty()) return;
  absl::StrAppend(out, "\n| figure | before | after | change |\n|---|---:|---:|---:|\n");
  for (const FactChange& fact : facts) {
    absl::StrAppend(out, "| ", Cell(fact.name), fact.unit.empty() ? "" : ", ", Cell(fact.unit),
                    " | ", Figure(fact.before_known, fact.before), " | ",
                    Figure(fact.after_known, fact.after), " | ",
                    Change(fact.before_known && fact.after_known, fact.before, fact.after), " |\n");
  }
}

std::string WithInterval(const model::Quantity& quantity) {
  if (quantity.low() == quantity.high()) return absl::StrFormat("%.4g", quantity.value());
  return absl::StrFormat("%.4g [%.4g, %.4g]", quantity.value(), quantity.low(), quantity.high());
}

void AppendBottlenecks(const char* what, const model::Result& result, std::string* out) {
  absl::StrAppend(out, "\n- bottlenecks ", what, ": ");
  for (int i = 0; i < std::min(2, result.resources_size()); ++i) {
    absl::StrAppend(out, i == 0 ? "" : ", then ",
                    absl::StrFormat("%s %.0f %%", result.resources(i).name(),
                                    100 * result.resources(i).utilisation()));
  }
}

void AppendPredictions(const DiffPredictions& predictions, std::string* out) {
  const model::Result& before = *predictions.before;
  const model::Result& after = *predictions.after;
  absl::StrAppend(
      out, "\n### Predicted: ",
      after.arrival_rate_per_second() > 0
          ? absl::StrFormat("%s model, %.6g arrivals/s", after.provenance().load_model(),
                            after.arrival_rate_per_second())
          : absl::StrFormat("%d users", after.users()),
      absl::StrFormat(", %.4g s think time, profile %s\n", after.think_time_mean_seconds(),
                      after.provenance().profile_name()));
  absl::StrAppend(out, "\n| quantity | before | after | change |\n|---|---:|---:|---:|\n");
  for (const model::Quantity& quantity : before.quantities()) {
    for (const model::Quantity& other : after.quantities()) {
      if (other.name() != quantity.name()) continue;
      absl::StrAppend(out, "| ", quantity.name(), " | ", WithInterval(quantity), " | ",
                      WithInterval(other), " | ", Change(true, quantity.value(), other.value()),
                      " |\n");
    }
  }
  AppendBottlenecks("before", before, out);
  AppendBottlenecks("after", after, out);
  absl::StrAppend(out, "\n");
  std::set<std::string> seen;
  for (const model::Result* result : {predictions.before, predictions.after}) {
    for (const std::string& warning : result->provenance().warnings()) {
      if (seen.insert(warning).second) absl::StrAppend(out, "- warning: ", Cell(warning), "\n");
    }
  }
}

}  // namespace

Difference Compare(const model::CheckReport& before, const model::CheckReport& after) {
  Difference difference;
  difference.appeared = OnlyIn(after, before);
  difference.disappeared = OnlyIn(before, after);
  for (const model::Finding& finding : difference.appeared) {
    difference.new_errors += finding.severity() == model::Finding::ERROR ? 1 : 0;
  }
  std::map<std::string, FactChange> facts;
  for (const model::Fact& fact : before.facts()) {
    FactChange& change = facts[fact.name()];
    change.unit = fact.unit();
    change.before_known = true;
    change.before = fact.value();
  }
  for (const model::Fact& fact : after.facts()) {
    FactChange& change = facts[fact.name()];
    change.unit = fact.unit();
    change.after_known = true;
    change.after = fact.value();
  }
  for (auto& [name, change] : facts) {
    change.name = name;
    const bool both = change.before_known && change.after_known;
    if (!both || change.before != change.after) difference.facts.push_back(change);
  }
  return difference;
}

std::string RenderMarkdown(const std::string& before_name, const std::string& after_name,
                           const Difference& difference, const DiffPredictions& predictions) {
  std::string out =
      absl::StrCat("## Deployment: ", Cell(before_name), " to ", Cell(after_name), "\n\n");
  absl::StrAppend(&out, difference.new_errors, " new error", difference.new_errors == 1 ? "" : "s",
                  ", ", difference.appeared.size(), " findings appear, ",
                  difference.disappeared.size(), " disappear, ", difference.facts.size(),
                  " figures change.\n");
  AppendFindings("Findings that appear", difference.appeared, &out);
  AppendFindings("Findings that disappear", difference.disappeared, &out);
  AppendFacts(difference.facts, &out);
  if (predictions.before != nullptr && predictions.after != nullptr) {
    AppendPredictions(predictions, &out);
  }
  return out;
}

}  // namespace simulator
