#include "report/html/page.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "report/evidence.h"
#include "report/figure.h"
#include "report/html/chart_js.h"
#include "report/html/markup.h"
#include "report/html/page_css.h"
#include "report/html/page_js.h"
#include "report/html/plots.h"
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

std::string OutcomeSpan(Verdict::Outcome outcome) {
  const std::string word = OutcomeWord(outcome);
  return absl::StrCat("<span class=\"outcome ", absl::StrReplaceAll(word, {{" ", "-"}}), "\">",
                      word, "</span>");
}

std::string Fact(const std::string& name, const std::string& value) {
  return absl::StrCat("<div class=\"fact\"><span class=\"soft\">", Escape(name), "</span><b>",
                      Escape(value), "</b></div>\n");
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
  const std::string answer = OutcomeSpan(row->outcome());
  std::string text =
      absl::StrCat("1,000,000 users on 200 pods with p95 below 200 ms, on our ",
                   "production deployment with this server's measured costs: ", answer, ". ",
                   Escape(row->reason()), ".");
  if (!row->condition().empty()) absl::StrAppend(&text, " Condition: ", Escape(row->condition()));
  return text;
}

std::string Summary(const PageInputs& inputs) {
  const model::VerdictReport& report = *inputs.verdicts;
  const Verdict* row = Find(report, "row-1m", "production");
  std::string html = "<section><h2>Can it carry a million users?</h2>\n";
  absl::StrAppend(&html, "<p class=\"lead\">", Lead(row), "</p>\n<div class=\"facts\">\n");
  absl::StrAppend(
      &html,
      Fact("Verdicts",
           absl::StrFormat("%d hold, %d fail, %d hold under a condition, %d undecided",
                           report.holds(), report.fails(), report.holds_if(), report.undecided())));
  if (row != nullptr) {
    absl::StrAppend(&html, Fact("First bottleneck",
                                row->bottleneck().empty() ? "not simulated" : row->bottleneck()));
    absl::StrAppend(
        &html, Fact("Second bottleneck",
                    row->second_bottleneck().empty() ? "not simulated" : row->second_bottleneck()));
    absl::StrAppend(
        &html, Fact("Where it breaks", row->frontier().empty() ? "only one think time was simulated"
                                                               : row->frontier()));
  }
  absl::StrAppend(&html, Fact("Cores busy at 1M users", CoresNeeded(inputs.headline)), "</div>\n");
  if (inputs.headline != nullptr && !inputs.headline->not_modelled().empty()) {
    std::vector<std::string> items;
    for (const std::string& item : inputs.headline->not_modelled()) items.push_back(Escape(item));
    absl::StrAppend(&html, "<p><b>Not modelled:</b> ", absl::StrJoin(items, "; "), ".</p>\n");
  }
  if (!inputs.ladder.empty()) {
    std::vector<std::string> rungs;
    for (const std::string& rung : inputs.ladder) rungs.push_back(Escape(rung));
    absl::StrAppend(&html, "<p><b>What the figures rest on:</b> ", absl::StrJoin(rungs, "; "),
                    ".</p>\n");
  }
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

std::string VerdictTable(const model::VerdictReport& report) {
  std::string html =
      "<section><h2>Verdicts</h2><div class=\"scroll\"><table "
      "class=\"verdicts\">\n<tr><th>claim</th><th>deployment"
      "</th><th>verdict</th><th>value / limit</th><th>margin</th><th>bottleneck</th><th>how</th>"
      "<th>why</th></tr>\n";
  for (const Verdict& verdict : report.verdicts()) {
    const std::string margin =
        verdict.has_value() ? absl::StrFormat("%+.0f %%", 100 * verdict.margin()) : "";
    absl::StrAppend(&html, "<tr><td><b>", Escape(verdict.claim_id()),
                    "</b><br><span class=\"soft\">", Escape(verdict.claim()), " (",
                    Escape(verdict.source()), ")</span></td><td>", Escape(verdict.deployment()),
                    "<br><span class=\"soft\">", Escape(verdict.profile()), "</span></td><td>",
                    OutcomeSpan(verdict.outcome()), "</td><td class=\"number\">",
                    ValueCell(verdict), "</td><td class=\"number\">", margin, "</td><td>",
                    Escape(verdict.bottleneck()), "</td><td>", Escape(verdict.method()),
                    "<br><span class=\"soft\">", Escape(verdict.at()), "</span></td><td>",
                    WhyCell(verdict), "</td></tr>\n");
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

std::string ScalingTimeline(const model::Result& result) {
  std::string rows;
  for (const model::Event& event : result.events()) {
    absl::StrAppend(&rows, "<tr><td class=\"number\">", ShortFigure(event.at_seconds()),
                    " s</td><td>", Escape(event.kind()), "</td><td>", Escape(event.subject()),
                    "</td><td>", Escape(event.text()), "</td></tr>\n");
  }
  if (rows.empty()) return "";
  return absl::StrCat("<details><summary>Timeline of decisions</summary><table>\n", rows,
                      "</table></details>\n");
}

std::string PlotSections(const PageInputs& inputs) {
  std::string html;
  if (inputs.measured != nullptr && inputs.predicted != nullptr) {
    absl::StrAppend(&html, "<section><h2>Predicted beside measured</h2>\n",
                    PlotPredictedBesideMeasured(*inputs.predicted, *inputs.measured),
                    "</section>\n");
  }
  if (inputs.headline != nullptr) {
    absl::StrAppend(&html, "<section><h2>Predicted: 1,000,000 users</h2>\n",
                    PlotsOverTime("headline", "predicted", *inputs.headline),
                    ScalingTimeline(*inputs.headline), "</section>\n");
  }
  if (inputs.measured != nullptr) {
    absl::StrAppend(&html, "<section><h2>Measured on this host</h2>\n",
                    PlotsOverTime("measured", "measured", *inputs.measured), "</section>\n");
  }
  return html;
}

}  // namespace

std::string RenderPage(const PageInputs& inputs) {
  std::string body = absl::StrCat(Summary(inputs), VerdictTable(*inputs.verdicts));
  if (inputs.profile != nullptr) absl::StrAppend(&body, CostTable(*inputs.profile));
  absl::StrAppend(&body, PlotSections(inputs));
  return absl::StrCat(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Claims judged"
      "</title>\n<meta name=\"viewport\" content=\"width=device-width\">\n<style>\n",
      std::string(kPageCss), "</style></head>\n<body><main>\n<h1>Claims judged</h1>\n",
      "<p class=\"soft\">Predicted by simulation, measured by load, decided by inspection or "
      "arithmetic; each row says which.</p>\n",
      body, "</main>\n<script>", std::string(kChartJs), "</script>\n<script>", std::string(kPageJs),
      "</script>\n</body></html>\n");
}

}  // namespace report
