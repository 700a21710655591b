#pragma once

#include <string>
#include <vector>

#include "model/result.pb.h"
#include "report/ladder.h"

// The page of one run, predicted or measured: what `simulator run --html` writes.

namespace report {

// The first page is for a manager: question, answer, three to five figures with intervals, what
// limits it, what it rests on, warnings. Then plots over time, the timeline of decisions, intervals
// with their parts, operations.
std::string RenderRunPage(const model::Result& result, const std::vector<Rung>& ladder);

}  // namespace report
