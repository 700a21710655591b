#pragma once

#include <string>
#include <vector>

#include "model/result.pb.h"
#include "report/html/markup.h"

// The plots of one Result, and those that lay several side by side.

namespace report {

// Events that disturb: everything but scaling, stages and notes. They are numbered from 1 in the
// order of the Result and stand as vertical marks in every plot over time.
bool IsFault(const model::Event& event);
std::vector<PlotMark> MarksOf(const model::Result& result, bool with_scaling);

// Every series of the Result over time: users, requests, percentiles, pods, CPU, database
// connections against their limit, Redis, errors by kind, hit rate, queues; then one plot for each
// series that no group knows. `prefix` makes the ids unique on the page. Series of more than 720
// steps are averaged over neighbouring steps, and the text below says so.
std::string PlotsOverTime(const std::string& prefix, const model::Result& result);

// Per operation: p50 and p95 of each Result side by side; names beside results.
struct NamedResult {
  std::string name;
  const model::Result* result = nullptr;
};
std::string PlotByOperation(const std::string& id, const std::vector<NamedResult>& results);

// One plot for each of users, requests/s, p50, p95, pods, CPU, connections and hit rate, with a
// line for each Result: overlay of prediction and measurement, or of two deployments.
std::string PlotsOverlaid(const std::string& prefix, const std::vector<NamedResult>& results);

}  // namespace report
