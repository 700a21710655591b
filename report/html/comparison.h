#pragma once

#include <string>
#include <vector>

#include "report/html/compared_charts.h"
#include "report/storm_map.h"
#include "report/sweep_points.h"

// Sections that lay several answers side by side.

namespace report {

// Two or more Results, measured ones first: every quantity beside the first one's with the change,
// whether the intervals overlap; response times by operation; the series over one another.
std::string ComparisonSections(std::vector<NamedResult> results);

// A sweep: each quantity over the parameter with the most numbers, a line with its interval for
// each combination of the others (at most 8 lines; the table has every point).
std::string SweepSections(const std::string& prefix, const std::string& name,
                          const std::vector<SweepPoint>& points);

// A map of trigger size over load, or the two branches of a hysteresis.
std::string StormSections(const std::string& prefix, const std::string& name, const StormMap& map);

}  // namespace report
