#pragma once

#include <string>

#include "model/verdict.pb.h"

// The verdict table of a terminal.

namespace report {

// One row a verdict (claim, deployment, verdict, value against limit, how, why shortened to `width`
// columns), then a line that counts the outcomes. Colours only when `colour`.
std::string RenderVerdictTable(const model::VerdictReport& report, bool colour, int width = 140);

}  // namespace report
