#include "report/html/page.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "report/answer.h"
#include "report/evidence.h"
#include "report/figure.h"
#include "report/html/charts.h"
#include "report/html/compared_charts.h"
#include "report/html/document.h"
#include "report/html/markup.h"
#include "report/html/sections.h"
#include "report/judge.h"

namespace report {
namespace {

using model::Verdict;

constexpr double kDocumentedCores = 400;  // claims.md, row "resources"

const Verdict* Find(const model::VerdictReport& report, const std::string& claim,
                    const std::string& deployment) {
  for (const Verdict& verdict : report.verdicts()) {
    if (verdict.claim_id() == claim && verdict.deployment() == deployment) return &verdict;
  }
  return nullptr;
}

// "12.3 of the documents' 400 cores": server and database together, from the headline run.
std::string CoresNeeded(const model::Result* headline) {
  if (headline == nullptr) return "not simulated";
  auto server = QuantityOf(*headline, "server_cpu_cores");
  auto database = QuantityOf(*headline, "database_cpu_cores");
  if (!server.ok() || !database.ok()) return "not reported by the run";
  return absl::StrFormat("%s (server %s, database %s) of the documents' %.0f",
                         ShortFigure(server->value + database->value), ShortFigure(server->value),
                         ShortFigure(database->value), kDocumentedCores);
}

std::string Lead(const Verdict* row) {
  if (row == nullptr) return "The headline row (1,000,000 users) was not judged.";
  std::string text = absl::StrCat(OutcomeBadge(row->outcome()), " ", Escape(row->reason()), ".");
  if (!row->validity().empty()) absl::StrAppend(&text, " <b>", Escape(row->validity()), ".</b>");
  if (!row->condition().empty()) absl::StrAppend(&text, " Condition: ", Escape(row->condition()));
  return text;
}

std::string RowFacts(const Verdict& row, const PageInputs& inputs) {
  auto or_else = [](const std::string& text, const char* other) {
    return text.empty() ? std::string(other) : text;
  };
  std::string html = FactBox("First bottleneck", or_else(row.bottleneck(), "not simulated"));
  absl::StrAppend(
      &html, FactBox("Second bottleneck", or_else(row.second_bottleneck(), "not simulated")),
      FactBox("Cores busy at 1M users", CoresNeeded(inputs.headline)),
      FactBox("Where it breaks", or_else(row.frontier(), "only one think time was simulated")));
  return html;
}

// The first page: what a manager reads.
std::string Summary(const PageInputs& inputs) {
  const model::VerdictReport& report = *inputs.verdicts;
  const Verdict* row = Find(report, "row-1m", "production");
  std::string html =
      "<section class=\"page-one\">\n<p class=\"label\">The question</p>\n<p class=\"question\">"
      "Can our production deployment carry 1,000,000 users on at most 200 pods with a 95th "
      "percentile below 200 ms?</p>\n<p class=\"label\">The answer</p>\n";
  absl::StrAppend(&html, "<p class=\"lead\">", Lead(row), "</p>\n");
  if (inputs.headline != nullptr) {
    absl::StrAppend(&html, FigureBoxes(AnswerOf(*inputs.headline)));
  }
  absl::StrAppend(&html, "<div class=\"facts\">\n");
  if (row != nullptr) absl::StrAppend(&html, RowFacts(*row, inputs));
  absl::StrAppend(
      &html,
      FactBox(
          "All verdicts",
          absl::StrFormat("%d hold, %d fail, %d hold under a condition, %d undecided",
                          report.holds(), report.fails(), report.holds_if(), report.undecided())),
      "</div>\n");
  if (!inputs.ladder.empty()) {
    absl::StrAppend(&html, "<h3>What the figures rest on</h3>\n", LadderBlock(inputs.ladder));
  }
  if (row != nullptr) {
    absl::StrAppend(&html, WarningsBlock({row->warnings().begin(), row->warnings().end()}));
  }
  if (inputs.headline != nullptr) absl::StrAppend(&html, NotModelledBlock(*inputs.headline));
  return absl::StrCat(html, "</section>\n");
}

std::string ValueCell(const Verdict& verdict) {
  if (!verdict.has_value()) return "";
  std::string text = ShortFigure(verdict.value());
  if (verdict.low() != verdict.high()) {
    absl::StrAppend(&text, " [", ShortFigure(verdict.low()), ", ", ShortFigure(verdict.high()),
                    "]");
  }
  return absl::StrCat(text, " / ", ShortFigure(verdict.limit()));
}

std::string WhyCell(const Verdict& verdict) {
  std::string text = Escape(verdict.reason());
  if (!verdict.condition().empty()) {
    absl::StrAppend(&text, "<br><b>Condition:</b> ", Escape(verdict.condition()));
  }
  if (!verdict.frontier().empty()) {
    absl::StrAppend(&text, "<br><b>Frontier:</b> ", Escape(verdict.frontier()));
  }
  if (verdict.warnings_size() > 0) {
    absl::StrAppend(&text, "<details><summary>", verdict.warnings_size(), " cautions</summary>");
    for (const std::string& warning : verdict.warnings()) {
      absl::StrAppend(&text, "<span class=\"soft\">", Escape(warning), "</span><br>");
    }
    absl::StrAppend(&text, "</details>");
  }
  std::vector<std::string> evidence(verdict.evidence().begin(), verdict.evidence().end());
  if (!evidence.empty()) {
    absl::StrAppend(&text,
                    "<br><span class=\"soft\">evidence: ", Escape(absl::StrJoin(evidence, ", ")),
                    "</span>");
  }
  return text;
}

std::string OutcomeClass(Verdict::Outcome outcome) {
  return absl::StrReplaceAll(OutcomeWord(outcome), {{" ", "-"}});
}

// A check box for each outcome and deployment; page.js hides the rows.
std::string VerdictFilters(const model::VerdictReport& report) {
  std::map<std::string, std::string> kinds;  // class, word
  for (const Verdict& verdict : report.verdicts()) {
    kinds[OutcomeClass(verdict.outcome())] = OutcomeWord(verdict.outcome());
    if (!verdict.deployment().empty()) kinds[verdict.deployment()] = verdict.deployment();
  }
  std::string html = "<p class=\"filters small\">show ";
  for (const auto& [kind, word] : kinds) {
    absl::StrAppend(&html, "<label><input type=\"checkbox\" checked data-show=\"", Escape(kind),
                    "\"> ", Escape(word), "</label>");
  }
  return absl::StrCat(html, "</p>\n");
}

std::string ValidityNote(const Verdict& verdict) {
  if (verdict.validity().empty()) return "";
  return absl::StrCat("<br><span class=\"soft small\">", Escape(verdict.validity()), "</span>");
}

std::string VerdictTable(const model::VerdictReport& report) {
  std::string html = absl::StrCat(
      "<section><h2>Verdicts</h2>", VerdictFilters(report),
      "<div class=\"scroll\"><table "
      "class=\"verdicts\">\n<tr><th>claim</th><th>deployment"
      "</th><th>verdict</th><th>value / limit</th><th>margin</th><th>bottleneck</th><th>how</th>"
      "<th>why</th></tr>\n");
  for (const Verdict& verdict : report.verdicts()) {
    const std::string margin =
        verdict.has_value() ? absl::StrFormat("%+.0f %%", 100 * verdict.margin()) : "";
    absl::StrAppend(&html, "<tr data-kind=\"", OutcomeClass(verdict.outcome()), " ",
                    Escape(verdict.deployment()), "\"><td><b>", Escape(verdict.claim_id()),
                    "</b><br><span class=\"soft\">", Escape(verdict.claim()), " (",
                    Escape(verdict.source()), ")</span></td><td>", Escape(verdict.deployment()),
                    "<br><span class=\"soft\">", Escape(verdict.profile()), "</span></td><td>",
                    OutcomeBadge(verdict.outcome()), ValidityNote(verdict),
                    "</td><td class=\"number\">", ValueCell(verdict), "</td><td class=\"number\">",
                    margin, "</td><td>", Escape(verdict.bottleneck()), "</td><td>",
                    Escape(verdict.method()), "<br><span class=\"soft\">", Escape(verdict.at()),
                    "</span></td><td>", WhyCell(verdict), "</td></tr>\n");
  }
  return absl::StrCat(html, "</table></div></section>\n");
}

std::string Microseconds(const model::Demand& demand) {
  if (demand.n() == 0 && demand.mean() == 0) return "\u2013";
  return absl::StrFormat("%.1f \u00b1 %.1f", 1e6 * demand.mean(), 1e6 * demand.standard_error());
}

std::string CostTable(const model::Profile& profile) {
  std::string html =
      "<section><h2>What an operation costs</h2><p class=\"soft\">CPU per request in microseconds, "
      "regressed from loads of different mix, \u00b1 standard error.</p><table>\n<tr><th>operation"
      "</th><th>server</th><th>PostgreSQL</th><th>Redis</th><th>statements</th><th>Redis commands"
      "</th><th>cache hits</th></tr>\n";
  for (const model::OperationDemand& demand : profile.operations()) {
    absl::StrAppend(
        &html, "<tr><td>", Escape(demand.operation()), "</td><td class=\"number\">",
        Microseconds(demand.server_cpu_seconds()), "</td><td class=\"number\">",
        Microseconds(demand.database_cpu_seconds()), "</td><td class=\"number\">",
        Microseconds(demand.redis_cpu_seconds()), "</td><td class=\"number\">",
        absl::StrFormat("%.2f", demand.database_statements().mean()), "</td><td class=\"number\">",
        absl::StrFormat("%.2f", demand.redis_commands().mean()), "</td><td class=\"number\">",
        demand.cacheable() ? absl::StrFormat("%.0f %%", 100 * demand.hit_rate_observed()) : "",
        "</td></tr>\n");
  }
  return absl::StrCat(html, "</table></section>\n");
}

std::string PlotSections(const PageInputs& inputs) {
  std::string html;
  if (inputs.measured != nullptr && inputs.predicted != nullptr) {
    const std::vector<NamedResult> both = {{"measured", inputs.measured},
                                           {"predicted", inputs.predicted}};
    absl::StrAppend(&html, "<section><h2>Predicted beside measured</h2>\n",
                    PlotByOperation("predicted-measured", both), "</section>\n");
  }
  if (inputs.headline != nullptr) {
    absl::StrAppend(&html, "<section><h2>Predicted: 1,000,000 users</h2>\n",
                    PlotsOverTime("headline", *inputs.headline), "</section>\n",
                    Timeline(*inputs.headline), IntervalTable(*inputs.headline));
  }
  if (inputs.measured != nullptr) {
    absl::StrAppend(&html, "<section><h2>Measured on this host</h2>\n",
                    PlotsOverTime("measured", *inputs.measured), "</section>\n");
  }
  return html;
}

}  // namespace

std::string RenderPage(const PageInputs& inputs) {
  std::string body = absl::StrCat(Summary(inputs), VerdictTable(*inputs.verdicts));
  if (inputs.profile != nullptr) absl::StrAppend(&body, CostTable(*inputs.profile));
  absl::StrAppend(&body, PlotSections(inputs));
  return RenderDocument("Claims judged",
                        "Predicted by simulation, measured by load, decided by inspection or "
                        "arithmetic; each row says which.",
                        body);
}

}  // namespace report
