#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "simulator/sweep/sweep.pb.h"

namespace simulator {

// Reads a sweep (docs/sweep.md) with the files it names:
//
//   name: pods
//   scenario: ../scenarios/clinic_day.yaml     # relative to the sweep file
//   deployment: ../k8s/rendered/production.yaml
//   profile: profile.json
//   base: {duration: 60s, replications: 3}     # flags of `simulator run`
//   axes:                                      # the full grid, the last axis turning fastest
//     users: [10000, 20000]
//     pods: [5, 10]
//   points:                                    # or, instead of axes, a list
//     - {users: 10000, pods: 5}
//   table: [p95_ms, throughput_per_second]
//
// Errors: FILE:LINE: field: expected ...; at most kMostPoints points.
inline constexpr size_t kMostPoints = 100'000;
absl::StatusOr<SweepPlan> LoadSweepFile(const std::string& path);

// The flags of `simulator run` that a sweep may set or vary.
std::vector<std::string> SweepFlags();

}  // namespace simulator
