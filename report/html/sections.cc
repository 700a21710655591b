#include "report/html/sections.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "model/result_math.h"
#include "report/figure.h"
#include "report/html/charts.h"
#include "report/html/markup.h"
#include "report/quantity.h"

namespace report {
namespace {

std::string List(const std::vector<std::string>& items) {
  std::string html = "<ul>";
  for (const std::string& item : items) absl::StrAppend(&html, "<li>", Escape(item), "</li>");
  return absl::StrCat(html, "</ul>\n");
}

// 3725 -> "1:02:05", 65 -> "1:05", 4.5 -> "0:04.5".
std::string Clock(double seconds) {
  const auto whole = static_cast<int64_t>(std::floor(seconds));
  const int tenths = static_cast<int>(std::floor((seconds - std::floor(seconds)) * 10));
  std::string text =
      whole >= 3600 ? absl::StrFormat("%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
                    : absl::StrFormat("%d:%02d", whole / 60, whole % 60);
  return tenths > 0 ? absl::StrCat(text, ".", tenths) : text;
}

// The three parts as one bar; widths by their squares, as they add up in the interval.
std::string PartsBar(const model::Quantity& quantity) {
  const double parts[] = {quantity.replication_part(), quantity.calibration_part(),
                          quantity.model_part()};
  double sum = 0;
  for (double part : parts) sum += part * part;
  if (!(sum > 0)) return "";
  std::string html = "<span class=\"parts\">";
  for (int i = 0; i < 3; ++i) {
    absl::StrAppend(&html, absl::StrFormat("<i class=\"p%d\" style=\"width:%.1f%%\"></i>", i,
                                           100 * parts[i] * parts[i] / sum));
  }
  return absl::StrCat(html, "</span>");
}

std::string Percent(double share) {
  return share > 0 ? absl::StrCat("±", ShortFigure(100 * share), " %") : "–";
}

}  // namespace

std::string LadderBlock(const std::vector<Rung>& rungs) {
  std::string html = "<div class=\"ladder\">\n";
  for (const Rung& rung : rungs) {
    const char* kind = rung.kind == Rung::kFar ? " far" : rung.kind == Rung::kNone ? " none" : "";
    absl::StrAppend(&html, "<div class=\"rung", kind, "\"><p class=\"label\">", Escape(rung.name),
                    "</p>", Escape(rung.text), "</div>\n");
  }
  return absl::StrCat(html, "</div>\n");
}

std::string WarningsBlock(const std::vector<std::string>& warnings) {
  if (warnings.empty()) return "";
  return absl::StrCat("<div class=\"warnings\"><p class=\"label\">Warnings</p>", List(warnings),
                      "</div>\n");
}

std::string NotModelledBlock(const model::Result& result) {
  if (result.not_modelled().empty()) return "";
  return absl::StrCat(
      "<details><summary>Not modelled: ", result.not_modelled_size(), " things</summary>",
      List({result.not_modelled().begin(), result.not_modelled().end()}), "</details>\n");
}

std::string FigureBoxes(const Answer& answer) {
  std::string html = "<div class=\"facts\">\n";
  for (const HeadlineFigure& figure : answer.figures) {
    const bool point = figure.value.low == figure.value.high;
    const std::string below =
        point ? "no interval"
              : absl::StrCat("95 %: ", QuantityText(figure.name, figure.value.low), " to ",
                             QuantityText(figure.name, figure.value.high));
    absl::StrAppend(&html, FactBox(QuantityLabel(figure.name),
                                   QuantityText(figure.name, figure.value.value), below));
  }
  return absl::StrCat(html, "</div>\n");
}

std::string ThresholdTable(const Answer& answer) {
  if (answer.thresholds.empty()) return "";
  std::string html =
      "<div class=\"scroll\"><table><tr><th>threshold of the scenario</th><th>verdict</th>"
      "<th class=\"number\">value [95 % interval]</th><th class=\"number\">limit</th></tr>\n";
  for (const ThresholdAnswer& threshold : answer.thresholds) {
    const std::string value = threshold.quantity.empty()
                                  ? ShortFigure(threshold.value.value)
                                  : QuantityText(threshold.quantity, threshold.value);
    const std::string limit = threshold.quantity.empty()
                                  ? ShortFigure(threshold.limit)
                                  : QuantityText(threshold.quantity, threshold.limit);
    absl::StrAppend(&html, "<tr><td>", Escape(threshold.text), "</td><td>",
                    OutcomeBadge(threshold.outcome), "</td><td class=\"number\">", Escape(value),
                    "</td><td class=\"number\">", Escape(limit), "</td></tr>\n");
  }
  return absl::StrCat(html, "</table></div>\n");
}

std::string IntervalTable(const model::Result& result) {
  if (result.quantities().empty()) return "";
  std::string html =
      "<section><h2>Figures and what their intervals are made of</h2>\n<p class=\"small\">95 % "
      "intervals. <span class=\"key p0\"></span>replications: chance in the simulation"
      "<span class=\"key p1\"></span>calibration: standard errors of the profile"
      "<span class=\"key p2\"></span>model: how far predictions were off, or an assumption (see "
      "the "
      "warnings). The parts add up as squares; the bar shows their shares.</p>\n"
      "<div class=\"scroll\"><table><tr><th>quantity</th><th class=\"number\">value</th>"
      "<th class=\"number\">from</th><th class=\"number\">to</th><th class=\"number\">replications"
      "</th><th class=\"number\">calibration</th><th class=\"number\">model</th><th></th></tr>\n";
  for (const model::Quantity& quantity : result.quantities()) {
    const std::string& name = quantity.name();
    absl::StrAppend(&html, "<tr><td>", Escape(QuantityLabel(name)), " <span class=\"soft small\">",
                    Escape(name), "</span></td><td class=\"number\">",
                    Escape(QuantityText(name, quantity.value())), "</td><td class=\"number\">",
                    Escape(QuantityText(name, quantity.low())), "</td><td class=\"number\">",
                    Escape(QuantityText(name, quantity.high())), "</td><td class=\"number\">",
                    Percent(quantity.replication_part()), "</td><td class=\"number\">",
                    Percent(quantity.calibration_part()), "</td><td class=\"number\">",
                    Percent(quantity.model_part()), "</td><td>", PartsBar(quantity),
                    "</td></tr>\n");
  }
  return absl::StrCat(html, "</table></div></section>\n");
}

std::string Timeline(const model::Result& result) {
  std::string rows;
  std::set<std::string> kinds;
  int number = 0;
  for (const model::Event& event : result.events()) {
    const bool fault = IsFault(event);
    const std::string mark = fault ? absl::StrCat(++number) : "";
    const std::string change =
        event.from() == event.to()
            ? ""
            : absl::StrCat(ShortFigure(event.from()), " → ", ShortFigure(event.to()));
    kinds.insert(event.kind());
    absl::StrAppend(&rows, "<tr data-kind=\"", Escape(event.kind()), "\"><td class=\"number\">",
                    Clock(event.at_seconds()), "</td><td class=\"number\"><b>", mark,
                    "</b></td><td>", Escape(event.kind()), "</td><td>", Escape(event.subject()),
                    "</td><td class=\"number\">", change, "</td><td>", Escape(event.text()),
                    "</td></tr>\n");
  }
  if (rows.empty()) return "";
  std::string filters;
  if (kinds.size() > 1) {
    for (const std::string& kind : kinds) {
      absl::StrAppend(&filters, "<label><input type=\"checkbox\" checked data-show=\"",
                      Escape(kind), "\"> ", Escape(kind), "</label>");
    }
    filters = absl::StrCat("<p class=\"filters small\">", filters, "</p>\n");
  }
  return absl::StrCat("<section><h2>Decisions and disturbances</h2>\n", filters,
                      "<div class=\"scroll\"><table><tr><th class=\"number\">at</th>"
                      "<th class=\"number\">mark</th><th>kind</th><th>of</th>"
                      "<th class=\"number\">change</th><th>reason</th></tr>\n",
                      rows, "</table></div></section>\n");
}

std::string OutcomeTable(const model::Result& result) {
  std::set<std::string> kinds;
  for (const auto& [kind, count] : result.total().outcomes()) kinds.insert(kind);
  std::string html =
      "<section><h2>Operations</h2><div class=\"scroll\"><table><tr><th>operation</th>"
      "<th class=\"number\">requests</th><th class=\"number\">p50 ms</th><th class=\"number\">p95 "
      "ms</th><th class=\"number\">p99 ms</th>";
  for (const std::string& kind : kinds) {
    absl::StrAppend(&html, "<th class=\"number\">", Escape(kind), "</th>");
  }
  absl::StrAppend(&html, "</tr>\n");
  auto row = [&](const std::string& name, const model::OperationResult& item) {
    absl::StrAppend(&html, "<tr><td>", name, "</td><td class=\"number\">",
                    ShortFigure(static_cast<double>(item.requests())), "</td>");
    for (double quantile : {0.5, 0.95, 0.99}) {
      absl::StrAppend(
          &html, "<td class=\"number\">",
          item.requests() == 0 ? "–" : ShortFigure(model::ResponseQuantileMs(item, quantile)),
          "</td>");
    }
    for (const std::string& kind : kinds) {
      const auto found = item.outcomes().find(kind);
      absl::StrAppend(
          &html, "<td class=\"number\">",
          found == item.outcomes().end() ? "0" : ShortFigure(static_cast<double>(found->second)),
          "</td>");
    }
    absl::StrAppend(&html, "</tr>\n");
  };
  for (const model::OperationResult& item : result.operations()) {
    row(Escape(item.operation()), item);
  }
  row("<b>all</b>", result.total());
  return absl::StrCat(html, "</table></div></section>\n");
}

std::string ProvenanceBlock(const model::Result& result) {
  const model::Provenance& from = result.provenance();
  auto digest = [](const std::string& name, const std::string& sha) {
    return sha.empty() ? name : absl::StrCat(name, " (sha256 ", sha.substr(0, 12), ")");
  };
  std::vector<std::string> items;
  items.push_back(absl::StrCat(from.engine(), " ", from.version(), " ", from.commit()));
  items.push_back(absl::StrCat("scenario ", digest(from.scenario_name(), from.scenario_digest())));
  if (!from.deployment_name().empty()) {
    items.push_back(
        absl::StrCat("deployment ", digest(from.deployment_name(), from.deployment_digest())));
  }
  if (!from.profile_name().empty()) {
    items.push_back(absl::StrCat("profile ", digest(from.profile_name(), from.profile_digest())));
  }
  items.push_back(absl::StrCat("seed ", from.seed()));
  if (from.replications() > 0) {
    items.push_back(absl::StrCat(from.replications(),
                                 from.replications() == 1 ? " replication" : " replications"));
  }
  if (!from.fault_plan().empty()) items.push_back(absl::StrCat("faults ", from.fault_plan()));
  items.push_back(absl::StrFormat("measured %s s from %s s on",
                                  ShortFigure(result.measured_seconds()),
                                  ShortFigure(result.measured_from_seconds())));
  if (!from.host().empty()) items.push_back(absl::StrCat("host ", from.host()));
  if (!from.started_at().empty()) items.push_back(from.started_at());
  return absl::StrCat("<p class=\"soft small\">", Escape(absl::StrJoin(items, "; ")), "</p>\n");
}

}  // namespace report
