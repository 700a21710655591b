#include "report/html/sweep_sections.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "report/html/markup.h"
#include "report/quantity.h"

namespace report {
namespace {

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

}  // namespace

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

}  // namespace report
