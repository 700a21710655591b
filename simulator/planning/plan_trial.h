#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/result.pb.h"
#include "simulator/planning/configuration.h"
#include "simulator/planning/experiment.h"
#include "simulator/planning/service_level.h"

namespace simulator {

// What a plan is looked for with (plan_search.h).
struct PlanRequest {
  const Experiment* experiment = nullptr;
  RunOptions options;  // users, think time, duration, replications, seed
  std::vector<Objective> objectives;
  Choices choices;
  Prices prices;
  double margin = 0.2;
  uint32_t most_simulations = 16;
  uint32_t most_replications = 8;
};

// One configuration simulated.
struct PlanTrial {
  Configuration configuration;
  double cost_per_hour = 0;
  bool met = false;
  bool unstable = false;  // an open load beyond what can be done: no result
  std::string words;
  model::Result result;
};

// One simulation of `configuration`, until the service level is decided, with the margin (the
// intervals then without a model part) or with the demands as measured.
absl::StatusOr<PlanTrial> Try(const PlanRequest& request, const std::string& api,
                              const Configuration& configuration, bool with_margin);

// The experiment with the configuration in place and every demand times `factor`.
Experiment Configured(const Experiment& experiment, const std::string& api,
                      const Configuration& configuration, double factor);

// The name of the workload that answers users.
absl::StatusOr<std::string> ApiWorkload(const PlanRequest& request);

}  // namespace simulator
