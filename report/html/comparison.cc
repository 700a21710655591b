#include "report/html/comparison.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "report/answer.h"
#include "report/evidence.h"
#include "report/figure.h"
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

// The parameter with the most different numbers; "" when none has two.
std::string AxisOf(const std::vector<SweepPoint>& points) {
  std::string axis;
  size_t most = 1;
  for (const auto& [name, unused] : points.front().settings) {
    std::vector<double> values;
    for (const SweepPoint& point : points) {
      const double value = SettingNumber(name, point.settings.at(name));
      if (!std::isnan(value)) values.push_back(value);
    }
    if (values.size() < points.size()) continue;  // not all are numbers
    std::sort(values.begin(), values.end());
    const auto different =
        static_cast<size_t>(std::unique(values.begin(), values.end()) - values.begin());
    if (different <= most) continue;
    most = different;
    axis = name;
  }
  return axis;
}

std::string SettingsBut(const SweepPoint& point, const std::string& axis) {
  std::vector<std::string> words;
  for (const auto& [name, value] : point.settings) {
    if (name != axis) words.push_back(absl::StrCat(name, "=", value));
  }
  return absl::StrJoin(words, " ");
}

constexpr size_t kMostLines = 8;

Plot SweepPlot(const std::vector<SweepPoint>& points, const std::string& axis,
               const std::string& quantity) {
  Plot plot;
  plot.title = QuantityLabel(quantity);
  plot.unit = QuantityUnit(quantity);
  plot.kind = "xy";
  plot.x_title = axis;
  for (const SweepPoint& point : points) {
    plot.x.push_back(SettingNumber(axis, point.settings.at(axis)));
  }
  std::sort(plot.x.begin(), plot.x.end());
  plot.x.erase(std::unique(plot.x.begin(), plot.x.end()), plot.x.end());
  const double scale = plot.unit == "%" ? 100 : 1;
  for (const SweepPoint& point : points) {
    const std::string words = SettingsBut(point, axis);
    const std::string name = words.empty() ? QuantityLabel(quantity) : words;
    auto line = std::find_if(plot.lines.begin(), plot.lines.end(),
                             [&](const PlotLine& known) { return known.name == name; });
    if (line == plot.lines.end()) {
      if (plot.lines.size() == kMostLines) continue;
      const std::vector<double> gaps(plot.x.size(), std::nan(""));
      line = plot.lines.insert(plot.lines.end(), PlotLine{name, gaps, gaps, gaps});
    }
    const auto found = point.quantities.find(quantity);
    if (found == point.quantities.end()) continue;
    const double x = SettingNumber(axis, point.settings.at(axis));
    const auto at =
        static_cast<size_t>(std::lower_bound(plot.x.begin(), plot.x.end(), x) - plot.x.begin());
    line->values[at] = scale * found->second.value;
    line->low[at] = scale * found->second.low;
    line->high[at] = scale * found->second.high;
  }
  return plot;
}

// What people ask first, then the rest.
std::vector<std::string> SweptQuantities(const std::vector<SweepPoint>& points) {
  std::vector<std::string> names;
  for (const char* name :
       {"p95_ms", "p99_ms", "throughput_per_second", "error_rate", "pods_max", "server_cpu_cores",
        "database_cpu_cores", "database_connections_max", "redis_shard_utilisation_max"}) {
    if (points.front().quantities.contains(name)) names.emplace_back(name);
  }
  return names;
}

std::string SweepTableOf(const std::vector<SweepPoint>& points,
                         const std::vector<std::string>& quantities) {
  std::string html = "<div class=\"scroll\"><table><tr>";
  for (const auto& [name, unused] : points.front().settings) {
    absl::StrAppend(&html, "<th>", Escape(name), "</th>");
  }
  for (const std::string& name : quantities) {
    absl::StrAppend(&html, "<th class=\"number\">", Escape(name), "</th>");
  }
  absl::StrAppend(&html, "<th>bottleneck</th></tr>\n");
  for (const SweepPoint& point : points) {
    absl::StrAppend(&html, "<tr>");
    for (const auto& [name, value] : point.settings) {
      absl::StrAppend(&html, "<td>", Escape(value), "</td>");
    }
    for (const std::string& name : quantities) {
      const auto found = point.quantities.find(name);
      absl::StrAppend(
          &html, "<td class=\"number\">",
          found == point.quantities.end() ? "–" : Escape(QuantityText(name, found->second)),
          "</td>");
    }
    absl::StrAppend(&html, "<td>", Escape(point.bottleneck), "</td></tr>\n");
  }
  return absl::StrCat(html, "</table></div>\n");
}

// Class and text of a cell; a state that is not known is shown as it is.
std::pair<std::string, std::string> CellLook(const StormMapCell& cell) {
  if (cell.state == "unharmed") return {"recovered", "·"};
  if (cell.state == "recovered") {
    return {"recovered", absl::StrCat(ShortFigure(std::round(cell.recovery_seconds)), " s")};
  }
  if (cell.state == "draining") return {"slow", "drains"};
  if (cell.state == "stuck") return {"stuck", "stuck"};
  if (cell.state == "overloaded") return {"absent", "too much"};
  return {"absent", cell.state};
}

std::string MapTable(const StormMap& map) {
  std::string html = "<div class=\"scroll\"><table class=\"map\"><thead><tr><th>speed</th>";
  for (double users : map.users) absl::StrAppend(&html, "<th>", ShortFigure(users), "</th>");
  absl::StrAppend(&html, "</tr></thead>\n");
  for (size_t row = 0; row < map.speeds.size(); ++row) {
    absl::StrAppend(&html, "<tr><th>", absl::StrFormat("%.3g %%", 100 * map.speeds[row]), "</th>");
    for (size_t column = 0; column < map.users.size(); ++column) {
      const StormMapCell& cell = map.cells[row * map.users.size() + column];
      const auto [kind, text] = CellLook(cell);
      absl::StrAppend(&html, "<td class=\"", kind, "\" title=\"", ShortFigure(cell.users),
                      " users, CPU at ", absl::StrFormat("%.3g %%", 100 * cell.speed), ": ",
                      Escape(cell.state), "; goodput ", ShortFigure(cell.goodput_before),
                      "/s before, ", ShortFigure(cell.goodput_after), "/s after\">", Escape(text),
                      "</td>");
    }
    absl::StrAppend(&html, "</tr>\n");
  }
  return absl::StrCat(html, "</table></div>\n");
}

std::string Arithmetic(const StormMap& map) {
  if (map.recovers_below_users <= 0 && map.too_much_above_users <= 0) return "";
  return absl::StrFormat(
      "<p>By arithmetic a collapsed system recovers below %s users, and the normal load is too "
      "much "
      "above %s users.%s</p>\n",
      ShortFigure(std::round(map.recovers_below_users)),
      ShortFigure(std::round(map.too_much_above_users)),
      map.stuck_from_users > 0
          ? absl::StrCat(" Simulated, a standstill leaves it stuck from ",
                         ShortFigure(std::round(map.stuck_from_users)), " users on.")
          : "");
}

std::string HysteresisPlots(const std::string& prefix, const StormMap& map) {
  std::string html = "<div class=\"plots\">\n";
  struct Wanted {
    const char *id, *title, *unit;
    double HysteresisPoint::*member;
  };
  for (const Wanted& wanted :
       {Wanted{"goodput", "Requests that end well", "/s", &HysteresisPoint::goodput},
        Wanted{"attempts", "Attempts", "/s", &HysteresisPoint::attempts},
        Wanted{"p95", "Response time, 95th percentile", "ms", &HysteresisPoint::p95_ms}}) {
    Plot plot;
    plot.title = wanted.title;
    plot.kind = "xy";
    plot.unit = wanted.unit;
    plot.x_title = "users";
    for (const HysteresisPoint& point : map.hysteresis) plot.x.push_back(point.users);
    std::sort(plot.x.begin(), plot.x.end());
    plot.x.erase(std::unique(plot.x.begin(), plot.x.end()), plot.x.end());
    for (bool down : {false, true}) {
      PlotLine line{down ? "load falling" : "load rising",
                    std::vector<double>(plot.x.size(), std::nan("")),
                    {},
                    {}};
      line.dashed = down;
      for (const HysteresisPoint& point : map.hysteresis) {
        if (point.down != down) continue;
        const auto at = std::lower_bound(plot.x.begin(), plot.x.end(), point.users);
        line.values[static_cast<size_t>(at - plot.x.begin())] = point.*wanted.member;
      }
      plot.lines.push_back(std::move(line));
    }
    absl::StrAppend(&html, PlotBlock(absl::StrCat(prefix, "-", wanted.id), plot));
  }
  return absl::StrCat(html, "</div>\n");
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

std::string SweepSections(const std::string& prefix, const std::string& name,
                          const std::vector<SweepPoint>& points) {
  const std::vector<std::string> quantities = SweptQuantities(points);
  const std::string axis = AxisOf(points);
  std::string html = absl::StrCat("<section><h2>Sweep: ", Escape(name), "</h2>\n");
  if (axis.empty()) {
    absl::StrAppend(&html, "<p class=\"soft\">No parameter takes two numbers: a table only.</p>\n");
  } else {
    absl::StrAppend(&html, "<p class=\"soft small\">Over ", Escape(axis),
                    "; bands are 95 % intervals.</p>\n<div class=\"plots\">\n");
    size_t drawn = 0;
    for (const std::string& quantity : quantities) {
      const Plot plot = SweepPlot(points, axis, quantity);
      drawn = plot.lines.size();
      const auto index = &quantity - quantities.data();
      absl::StrAppend(&html, PlotBlock(absl::StrCat(prefix, "-", index), plot));
    }
    absl::StrAppend(&html, "</div>\n");
    if (drawn == kMostLines) {
      absl::StrAppend(&html, "<p class=\"soft small\">At most ", kMostLines,
                      " combinations are drawn; the table has all.</p>\n");
    }
  }
  return absl::StrCat(html, SweepTableOf(points, quantities), "</section>\n");
}

std::string StormSections(const std::string& prefix, const std::string& name, const StormMap& map) {
  std::string html = absl::StrCat("<section><h2>Does it come back? ", Escape(name), "</h2>\n<p>",
                                  Escape(map.scenario), " on ", Escape(map.deployment),
                                  ", costs of ", Escape(map.profile), ".</p>\n", Arithmetic(map));
  if (!map.cells.empty()) {
    absl::StrAppend(
        &html,
        "<p class=\"small\">Columns: users. Rows: the share of the CPU's speed that is left for ",
        ShortFigure(map.trigger_seconds), " s. Cells: seconds until it is back for good, within ",
        ShortFigure(map.horizon_seconds),
        " s; a dot: unharmed; drains: not back yet, but the backlog falls; stuck: it stays down "
        "although the disturbance is over; too much: overloaded without any.</p>\n",
        MapTable(map));
  }
  if (!map.hysteresis.empty()) {
    absl::StrAppend(&html,
                    "<p class=\"small\">Where the two branches part, the same load has two "
                    "answers: which one holds depends on what happened before.</p>\n",
                    HysteresisPlots(prefix, map));
  }
  return absl::StrCat(html, "</section>\n");
}

}  // namespace report
