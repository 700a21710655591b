#include "report/html/markup.h"

#include <boost/json.hpp>
#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "report/judge.h"

namespace report {
namespace {

boost::json::array Numbers(const std::vector<double>& values) {
  boost::json::array numbers;
  numbers.reserve(values.size());
  for (double value : values) {
    if (std::isfinite(value)) {
      numbers.emplace_back(std::strtod(absl::StrFormat("%.6g", value).c_str(), nullptr));
    } else {
      numbers.emplace_back(nullptr);
    }
  }
  return numbers;
}

boost::json::array Lines(const std::vector<PlotLine>& lines) {
  boost::json::array array;
  for (const PlotLine& line : lines) {
    boost::json::object object{{"name", line.name}, {"values", Numbers(line.values)}};
    if (!line.low.empty()) {
      object["low"] = Numbers(line.low);
      object["high"] = Numbers(line.high);
    }
    if (line.dashed) object["dashed"] = true;
    if (line.colour >= 0) object["colour"] = line.colour;
    array.emplace_back(std::move(object));
  }
  return array;
}

boost::json::object DataOf(const Plot& plot) {
  boost::json::object data;
  data["title"] = plot.title;
  data["kind"] = plot.kind;
  data["unit"] = plot.unit;
  if (plot.x.empty()) {
    data["labels"] = boost::json::array(plot.labels.begin(), plot.labels.end());
  } else {
    data["x"] = Numbers(plot.x);
    if (!plot.x_title.empty()) data["xTitle"] = plot.x_title;
  }
  data["lines"] = Lines(plot.lines);
  boost::json::array limits;
  for (const PlotLimit& limit : plot.limits) {
    limits.emplace_back(boost::json::object{{"name", limit.name}, {"value", limit.value}});
  }
  if (!limits.empty()) data["limits"] = limits;
  boost::json::array marks;
  for (const PlotMark& mark : plot.marks) {
    marks.emplace_back(
        boost::json::object{{"at", mark.at}, {"kind", mark.kind}, {"number", mark.number}});
  }
  if (!marks.empty()) data["marks"] = marks;
  if (plot.logarithmic) data["logarithmic"] = true;
  if (plot.x_logarithmic) data["xLogarithmic"] = true;
  if (std::isfinite(plot.suggested_max)) data["suggestedMax"] = plot.suggested_max;
  return data;
}

}  // namespace

std::string Escape(std::string_view text) {
  return absl::StrReplaceAll(
      absl::string_view(text.data(), text.size()),
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string OutcomeBadge(model::Verdict::Outcome outcome) {
  const std::string word = OutcomeWord(outcome);
  return absl::StrCat("<span class=\"outcome ", absl::StrReplaceAll(word, {{" ", "-"}}), "\">",
                      word, "</span>");
}

std::string FactBox(std::string_view name, std::string_view value, std::string_view below) {
  const char* kind = value.size() > 28 ? "fact wide" : "fact";
  std::string html = absl::StrCat("<div class=\"", kind, "\"><span class=\"soft small\">",
                                  Escape(name), "</span><b>", Escape(value), "</b>");
  if (!below.empty()) {
    absl::StrAppend(&html, "<span class=\"soft small\">", Escape(below), "</span>");
  }
  return absl::StrCat(html, "</div>\n");
}

std::string PlotBlock(std::string_view id, const Plot& plot) {
  // "</" inside a script element would end it.
  const std::string json = absl::StrReplaceAll(boost::json::serialize(DataOf(plot)),
                                               {{"</", "<\\/"}, {"<!--", "<\\!--"}});
  const std::string name(id);
  return absl::StrCat("<div class=\"plot", plot.wide ? " wide" : "", "\"><canvas data-plot=\"",
                      name, "\" role=\"img\" aria-label=\"", Escape(plot.title),
                      "\"></canvas></div>", "<script type=\"application/json\" id=\"plot-", name,
                      "\">", json, "</script>\n");
}

}  // namespace report
