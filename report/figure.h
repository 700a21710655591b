#pragma once

#include <string>

namespace report {

// A figure as people read it: at most 4 significant digits below 10,000, whole with thousands
// separators above; an en dash for NaN.
std::string ShortFigure(double value);

}  // namespace report
