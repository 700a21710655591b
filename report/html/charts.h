#pragma once

#include <string>
#include <vector>

#include "model/result.pb.h"
#include "report/html/markup.h"

// The plots of one Result over time.

namespace report {

// Events that disturb: everything but stages, notes and what an autoscaler decides (scaling, held).
// They are numbered from 1 in the
// order of the Result and stand as vertical marks in every plot over time.
bool IsFault(const model::Event& event);
std::vector<PlotMark> MarksOf(const model::Result& result, bool with_scaling);

// Every series of the Result over time: users, requests, percentiles, pods, CPU, database
// connections against their limit, Redis, errors by kind, hit rate, queues; then one plot for each
// series that no group knows. `prefix` makes the ids unique on the page. Series of more than 720
// steps are averaged over neighbouring steps, and the text below says so.
std::string PlotsOverTime(const std::string& prefix, const model::Result& result);

}  // namespace report
