#include "report/html/markup.h"

#include <boost/json.hpp>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace report {

std::string Escape(std::string_view text) {
  return absl::StrReplaceAll(
      absl::string_view(text.data(), text.size()),
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string PlotBlock(std::string_view id, const Plot& plot) {
  boost::json::object data;
  data["title"] = plot.title;
  data["kind"] = plot.kind;
  data["unit"] = plot.unit;
  boost::json::array labels(plot.labels.begin(), plot.labels.end());
  data["labels"] = labels;
  boost::json::array lines;
  for (const PlotLine& line : plot.lines) {
    boost::json::array values;
    for (double value : line.values) {
      if (std::isfinite(value)) {
        values.emplace_back(value);
      } else {
        values.emplace_back(nullptr);
      }
    }
    lines.emplace_back(boost::json::object{{"name", line.name}, {"values", values}});
  }
  data["lines"] = lines;
  // "</" inside a script element would end it.
  const std::string json =
      absl::StrReplaceAll(boost::json::serialize(data), {{"</", "<\\/"}, {"<!--", "<\\!--"}});
  const std::string name(id);
  return absl::StrCat("<div class=\"plot\"><canvas data-plot=\"", name, "\"></canvas></div>",
                      "<script type=\"application/json\" id=\"plot-", name, "\">", json,
                      "</script>\n");
}

}  // namespace report
