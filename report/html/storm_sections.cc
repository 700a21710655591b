#include "report/html/storm_sections.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "report/figure.h"
#include "report/html/markup.h"

namespace report {
namespace {

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
