#pragma once

#include <string>
#include <string_view>
#include <vector>

// Small pieces of HTML: escaping, figures, plot blocks that report/html/page.js draws.

namespace report {

// Text for element content and quoted attributes.
std::string Escape(std::string_view text);

struct PlotLine {
  std::string name;
  std::vector<double> values;  // NaN: a gap
};

struct Plot {
  std::string title;
  std::string kind = "line";  // line | bar
  std::string unit;
  std::vector<std::string> labels;
  std::vector<PlotLine> lines;
};

// A canvas and its data. `id` must be unique on the page and consist of letters, digits and '-'.
std::string PlotBlock(std::string_view id, const Plot& plot);

}  // namespace report
