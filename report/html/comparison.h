#pragma once

#include <string>
#include <vector>

#include "report/html/compared_charts.h"

// Sections that lay several answers side by side.

namespace report {

// Two or more Results, measured ones first: every quantity beside the first one's with the change,
// whether the intervals overlap; response times by operation; the series over one another.
std::string ComparisonSections(std::vector<NamedResult> results);

}  // namespace report
