#include "simulator/planning/offered_load.h"

#include "absl/strings/str_format.h"
#include "simulator/planning/bounds.h"

namespace simulator {

std::string Overload(const Workload& workload, const SystemModel& system) {
  if (!workload.open()) return "";
  const Bounds bounds = ComputeBounds(workload, system, MostPods(system));
  const double offered = workload.RequestRate();
  if (bounds.resources.empty() || offered <= bounds.MaxThroughput()) return "";
  const ResourceBound& first = bounds.resources.front();
  return absl::StrFormat("offered %.6g requests/s, %s does at most %.6g/s (%.4g of %.4g %s)",
                         offered, first.name, first.limit(), offered * first.demand_seconds,
                         first.capacity, first.unit);
}

}  // namespace simulator
