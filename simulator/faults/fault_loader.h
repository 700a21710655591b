#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "simulator/faults/fault_plan.h"

namespace simulator {

// Reads a fault plan, strictly (model/yaml):
//
//   faults:
//     - {at: 300s, pod_crash: {pods: 2}}
//     - {at: 600s, for: 30s, slowdown: {factor: 0.5}}
//     - {every: 10m, repair: 30s, node_loss: {}}
//
// Each entry names one fault (fault_plan.h) with its parameters, and when: `at`, once, for how long
// with `for`; or `every`, the mean time between failures of one component, from `at` (default 0)
// on, with `repair` as the mean time to repair. Errors are one line FILE:LINE: FIELD: what was
// expected; a fault that the engine does not model yet is one.
absl::StatusOr<FaultPlan> LoadFaultPlan(const std::string& path);
// The same for a run that ends at `end`: a fault that begins no earlier is an error.
absl::StatusOr<FaultPlan> LoadFaultPlanWithin(const std::string& path, Nanos end);
// `name` stands for the file in errors.
absl::StatusOr<FaultPlan> ParseFaultPlan(const std::string& text, const std::string& name);

// Two slowdowns at the same time have no meaning: an error. Loaded plans have been checked.
absl::Status CheckSlowdowns(const FaultPlan& plan);

}  // namespace simulator
