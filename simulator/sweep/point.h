#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "simulator/engine/options.h"
#include "simulator/planning/experiment.h"
#include "simulator/sweep/sweep.pb.h"

namespace simulator {

// Parameters of a sweep that change the deployment, beside the flags of `simulator run`: CPU limit
// of an API pod (cores or "500m"; its request keeps its proportion), its workers, database
// connections of a worker, cores of the database, max_connections, masters of every Redis cluster.
inline constexpr const char* kDeploymentParameters[] = {
    "cpu", "workers", "connections", "database_cores", "max_connections", "redis_masters"};

// InvalidArgument "expected ..., found ..." when the parameter cannot take that value.
absl::Status CheckParameter(const std::string& name, const std::string& value);

// One point, ready to run.
struct PreparedPoint {
  Experiment experiment;
  RunOptions options;
  CompiledExperiment compiled;
};

// Errors name the sweep file, the point's line and its settings.
absl::StatusOr<PreparedPoint> PreparePoint(const SweepPlan& plan, int point);

// "users=10000 pods=5", in the order of the plan's parameters.
std::string SettingsInWords(const SweepPlan& plan, const SweepPoint& point);

}  // namespace simulator
