#include "report/html/comparison.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "report/answer.h"
#include "report/evidence.h"
#include "report/html/markup.h"
#include "report/html/sections.h"
#include "report/quantity.h"

namespace report {
namespace {

// Quantities of any of the Results, in the first one's order, then those that it lacks.
std::vector<std::string> QuantityNames(const std::vector<NamedResult>& results) {
  std::vector<std::string> names;
  auto add = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const NamedResult& item : results) {
    for (const model::Quantity& quantity : item.result->quantities()) add(quantity.name());
  }
  if (names.empty()) {  // measured Results state none
    for (const char* name : {"p50_ms", "p95_ms", "p99_ms", "mean_ms", "throughput_per_second",
                             "error_rate", "useful_work"}) {
      add(name);
    }
  }
  return names;
}

// "+20 %, beyond the intervals"
std::string Change(const std::string& name, const Interval& first, const Interval& other) {
  std::string text;
  if (QuantityUnit(name) == "%") {
    text = absl::StrFormat("%+.3g points", 100 * (other.value - first.value));
  } else if (first.value != 0) {
    text = absl::StrFormat("%+.3g %%", 100 * (other.value / first.value - 1));
  }
  if (first.value == other.value) return "same";
  const bool overlap = first.low <= other.high && other.low <= first.high;
  return absl::StrCat(text, overlap ? ", within the intervals" : ", beyond the intervals");
}

std::string TableOf(const std::vector<NamedResult>& results,
                    const std::vector<std::string>& names) {
  std::string html = "<div class=\"scroll\"><table><tr><th>quantity</th>";
  for (size_t i = 0; i < results.size(); ++i) {
    absl::StrAppend(&html, "<th class=\"number\">", Escape(results[i].name), "</th>");
    if (i > 0) absl::StrAppend(&html, "<th>against ", Escape(results[0].name), "</th>");
  }
  absl::StrAppend(&html, "</tr>\n");
  for (const std::string& name : names) {
    const auto first = QuantityOf(*results[0].result, name);
    absl::StrAppend(&html, "<tr><td>", Escape(QuantityLabel(name)), " <span class=\"soft small\">",
                    Escape(name), "</span></td>");
    for (size_t i = 0; i < results.size(); ++i) {
      const auto value = QuantityOf(*results[i].result, name);
      absl::StrAppend(&html, "<td class=\"number\">",
                      value.ok() ? Escape(QuantityText(name, *value)) : "–", "</td>");
      if (i == 0) continue;
      absl::StrAppend(&html, "<td>",
                      value.ok() && first.ok() ? Escape(Change(name, *first, *value)) : "",
                      "</td>");
    }
    absl::StrAppend(&html, "</tr>\n");
  }
  return absl::StrCat(html, "</table></div>\n");
}

// What at least two Results know, then the rest folded away.
std::string QuantityTable(const std::vector<NamedResult>& results) {
  std::vector<std::string> shared;
  std::vector<std::string> others;
  for (const std::string& name : QuantityNames(results)) {
    const auto known = std::count_if(results.begin(), results.end(), [&](const NamedResult& item) {
      return QuantityOf(*item.result, name).ok();
    });
    (known > 1 ? shared : others).push_back(name);
  }
  std::string html = TableOf(results, shared);
  if (!others.empty()) {
    absl::StrAppend(&html, "<details><summary>", others.size(),
                    " quantities that only one of them has</summary>", TableOf(results, others),
                    "</details>\n");
  }
  return html;
}

std::string AnswerTable(const std::vector<NamedResult>& results) {
  std::string html =
      "<div class=\"scroll\"><table><tr><th></th><th>question</th><th>verdict</th><th>answer</th>"
      "<th>limits</th></tr>\n";
  for (const NamedResult& item : results) {
    const Answer answer = AnswerOf(*item.result);
    absl::StrAppend(&html, "<tr><td><b>", Escape(item.name), "</b></td><td>",
                    Escape(answer.question), "</td><td>", OutcomeBadge(answer.outcome), "</td><td>",
                    Escape(answer.sentence), "</td><td>", Escape(answer.first_bottleneck),
                    "</td></tr>\n");
  }
  return absl::StrCat(html, "</table></div>\n");
}

std::string AllWarnings(const std::vector<NamedResult>& results) {
  std::vector<std::string> warnings;
  for (const NamedResult& item : results) {
    for (const std::string& warning : item.result->provenance().warnings()) {
      warnings.push_back(absl::StrCat(item.name, ": ", warning));
    }
  }
  return WarningsBlock(warnings);
}

}  // namespace

std::string ComparisonSections(std::vector<NamedResult> results) {
  // Predictions are held against what was measured, whatever the order of the files.
  std::stable_partition(results.begin(), results.end(), [](const NamedResult& item) {
    return item.result->provenance().engine() != "simulator";
  });
  return absl::StrCat("<section class=\"page-one\"><h2>Side by side</h2>\n", AnswerTable(results),
                      AllWarnings(results), "<h3>Figures</h3>\n", QuantityTable(results),
                      "</section>\n<section><h2>Over one another</h2>\n",
                      PlotByOperation("compare-operations", results),
                      PlotsOverlaid("compare", results), "</section>\n");
}

}  // namespace report
