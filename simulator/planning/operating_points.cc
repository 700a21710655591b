#include "simulator/planning/operating_points.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "report/evidence.h"

namespace simulator {
namespace {

bool Same(const SimulationPoint& a, const SimulationPoint& b) {
  return a.deployment == b.deployment && a.users == b.users && a.faults == b.faults &&
         std::abs(a.think_seconds - b.think_seconds) < 1e-9;
}

void AddOnce(const SimulationPoint& point, std::vector<SimulationPoint>* points) {
  for (const SimulationPoint& known : *points) {
    if (Same(known, point)) return;
  }
  points->push_back(point);
}

}  // namespace

std::string SimulationPoint::FileName() const {
  return absl::StrFormat("predicted-%s-%.0f-%gs%s%s.json", deployment, users, think_seconds,
                         faults.empty() ? "" : "-", faults);
}

std::string FaultPlanPath(const std::string& claims_path, const std::string& name) {
  return (std::filesystem::path(claims_path).parent_path() / "faults" / (name + ".yaml")).string();
}

absl::StatusOr<std::vector<SimulationPoint>> PointsOf(const model::ClaimList& claims,
                                                      const std::vector<std::string>& deployments,
                                                      const std::string& profile,
                                                      const std::vector<double>& think_times) {
  std::vector<SimulationPoint> points;
  std::set<std::pair<std::string, double>> asked;
  for (const model::Claim& claim : claims.claims()) {
    for (const model::Decision& decision : claim.decisions()) {
      if (decision.method() != "simulation" || decision.profile() != profile ||
          std::find(deployments.begin(), deployments.end(), decision.deployment()) ==
              deployments.end()) {
        continue;
      }
      const auto at = report::ParseOperatingPoint(decision.at());
      const std::string where = absl::StrCat("claim ", claim.id(), " (line ", claim.line(), "): ");
      if (!at.ok()) return absl::InvalidArgumentError(absl::StrCat(where, at.status().message()));
      if (!(at->users >= 1 && at->users <= 16e6 && at->think_time_seconds > 0)) {
        return absl::InvalidArgumentError(
            absl::StrCat(where, "at: `", decision.at(),
                         "`: expected users=1..16000000 and a think_time above 0"));
      }
      AddOnce({decision.deployment(), at->users, at->think_time_seconds, at->faults, true},
              &points);
      if (at->faults.empty()) asked.emplace(decision.deployment(), at->users);
    }
  }
  for (const auto& [deployment, users] : asked) {
    for (double think : think_times) AddOnce({deployment, users, think, "", false}, &points);
  }
  std::stable_sort(points.begin(), points.end(),
                   [](const SimulationPoint& a, const SimulationPoint& b) {
                     if (a.decides != b.decides) return a.decides;
                     return a.users / a.think_seconds < b.users / b.think_seconds;
                   });
  return points;
}

}  // namespace simulator
