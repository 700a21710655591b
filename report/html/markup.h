#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/verdict.pb.h"

// Small pieces of HTML: escaping, figures, plot blocks that report/html/page.js draws. Everything
// that comes from an input is escaped here or by the caller; a parameter called `html` is not.

namespace report {

// Text for element content and quoted attributes.
std::string Escape(std::string_view text);

// "holds" as a coloured word.
std::string OutcomeBadge(model::Verdict::Outcome outcome);

// A small box: what it is, the figure, a line below it (may be empty).
std::string FactBox(std::string_view name, std::string_view value, std::string_view below = "");

struct PlotLine {
  std::string name;
  std::vector<double> values;  // NaN: a gap
  std::vector<double> low;     // with `high`, as many as values: a band around the line
  std::vector<double> high;
  bool dashed = false;
  int colour = -1;  // of the page's eight; -1: by position
};

// A horizontal dashed line.
struct PlotLimit {
  std::string name;
  double value = 0;
};

// A vertical line at an x of a `time` or `xy` plot. `number` stands above it when it is not 0.
struct PlotMark {
  double at = 0;
  std::string kind;  // fault | scaling | stage
  int number = 0;
};

struct Plot {
  std::string title;
  std::string kind = "line";  // line, bar: over `labels`; time (x in seconds), xy: over `x`
  std::string unit;
  std::vector<std::string> labels;
  std::vector<PlotLine> lines;
  std::vector<double> x;
  std::string x_title;
  std::vector<PlotLimit> limits;
  std::vector<PlotMark> marks;
  bool logarithmic = false;
  bool x_logarithmic = false;
  double suggested_max = std::numeric_limits<double>::quiet_NaN();
  bool wide = false;  // over the whole width of the page
};

// A canvas and its data, figures with 6 digits. `id` must be unique on the page and consist of
// letters, digits and '-'.
std::string PlotBlock(std::string_view id, const Plot& plot);

}  // namespace report
