#pragma once

#include <vector>

#include "model/deployment.pb.h"
#include "model/profile.pb.h"
#include "model/result.pb.h"
#include "model/scenario.pb.h"
#include "simulator/engine/options.h"
#include "simulator/engine/recorder.h"
#include "simulator/engine/system_model.h"
#include "simulator/engine/workload.h"

namespace simulator {

struct Inputs {
  const model::Scenario& scenario;
  const model::Deployment& deployment;
  const model::Profile& profile;
};

// Joins replications to the Result that both engines write. Nothing in it depends on wall time,
// threads or the host.
//
// Each quantity has a 95 % predictive interval whose relative half-widths are joined as the root of
// the sum of squares of
//   replication_part  Student's interval over the replications (0 with one replication: a warning)
//   calibration_part  the profile's standard errors, by first-order propagation: the relative error
//                     of the mix's demand on the busiest calibrated resource (operations taken as
//                     independent), times the elasticity of the answer. For a latency that is
//                     1 / (1 - utilisation), as in an M/G/1 queue, capped at utilisation 0.95; for
//                     throughput the latency's part times R / (Z + R), as in a closed system; for
//                     CPU and pods 1
//   model_part        options.model_error for latencies, CPU and pods, for throughput damped by
//                     R / (Z + R): an assumption until measured predictions have been scored
// Latencies are of the pooled requests of all replications over the measured window.
model::Result BuildPrediction(const Inputs& inputs, const Workload& workload,
                              const SystemModel& system, const RunOptions& options,
                              const std::vector<ReplicationResult>& replications);

}  // namespace simulator
