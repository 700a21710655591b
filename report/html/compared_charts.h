#pragma once

#include <string>
#include <vector>

#include "model/result.pb.h"
#include "report/html/markup.h"

// Plots that lay several Results side by side.

namespace report {

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
