#pragma once

#include <string>

#include "report/storm_map.h"

namespace report {

// A map of trigger size over load, or the two branches of a hysteresis.
std::string StormSections(const std::string& prefix, const std::string& name, const StormMap& map);

}  // namespace report
