#pragma once

#include <string>
#include <vector>

#include "report/sweep_points.h"

namespace report {

// A sweep: each quantity over the parameter with the most numbers, a line with its interval for
// each combination of the others (at most 8 lines; the table has every point).
std::string SweepSections(const std::string& prefix, const std::string& name,
                          const std::vector<SweepPoint>& points);

}  // namespace report
