#include "report/html/run_page.h"

#include "absl/strings/str_cat.h"
#include "report/answer.h"
#include "report/html/charts.h"
#include "report/html/document.h"
#include "report/html/markup.h"
#include "report/html/sections.h"

namespace report {
namespace {

std::string Limits(const Answer& answer) {
  if (answer.first_bottleneck.empty()) return "";
  std::string html = "<div class=\"facts\">\n";
  absl::StrAppend(&html, FactBox("What limits it first", answer.first_bottleneck));
  if (!answer.second_bottleneck.empty()) {
    absl::StrAppend(&html, FactBox("What limits it next", answer.second_bottleneck));
  }
  return absl::StrCat(html, "</div>\n");
}

std::string FirstPage(const model::Result& result, const Answer& answer,
                      const std::vector<Rung>& ladder) {
  std::string html = "<section class=\"page-one\">\n<p class=\"label\">The question</p>\n";
  absl::StrAppend(&html, "<p class=\"question\">", Escape(answer.question), "</p>\n");
  absl::StrAppend(&html, "<p class=\"label\">The answer</p>\n<p class=\"lead\">",
                  OutcomeBadge(answer.outcome), " ", Escape(answer.sentence), "</p>\n");
  absl::StrAppend(&html, FigureBoxes(answer), Limits(answer), ThresholdTable(answer));
  if (!ladder.empty()) {
    absl::StrAppend(&html, "<h3>What it rests on</h3>\n", LadderBlock(ladder));
  }
  absl::StrAppend(
      &html,
      WarningsBlock({result.provenance().warnings().begin(), result.provenance().warnings().end()}),
      NotModelledBlock(result), ProvenanceBlock(result));
  return absl::StrCat(html, "</section>\n");
}

}  // namespace

std::string RenderRunPage(const model::Result& result, const std::vector<Rung>& ladder) {
  const Answer answer = AnswerOf(result);
  const bool simulated = result.provenance().engine() == "simulator";
  const std::string title =
      simulated ? absl::StrCat("Prediction: ", result.provenance().scenario_name(), " on ",
                               result.provenance().deployment_name())
                : absl::StrCat("Measurement: ", result.provenance().scenario_name());
  return RenderDocument(
      title, simulated ? "Simulated in virtual time; nothing was run." : "Measured by load.",
      absl::StrCat(FirstPage(result, answer, ladder), "<section><h2>Over time</h2>\n",
                   "<p class=\"soft small\">Red lines are disturbances, numbered as in the table "
                   "below; dotted lines are the load's stages; dashed lines in the plot of pods "
                   "are scaling decisions.</p>\n",
                   PlotsOverTime("run", result), "</section>\n", Timeline(result),
                   IntervalTable(result), OutcomeTable(result)));
}

}  // namespace report
