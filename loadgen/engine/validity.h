#pragma once

#include "model/result.pb.h"

// Was it the server that was measured, or the generator? A run whose generator was the bottleneck
// is not a result: provenance.valid becomes false with a reason for each finding.
//
// - A worker used more than kMostCpu of its core in the window: answers waited for it, and that
//   time counts as the server's.
// - Releases were late: their p99 exceeds both kLatenessFloorMs and kLatenessShare of the measured
//   p95 response time.
// - Connections failed for want of local ports or descriptors.
// A worker that was runnable but had no CPU for more than kMostWait of the window (generator and
// server share cores) is a warning: its times contain that wait.
namespace loadgen {

inline constexpr double kMostCpu = 0.97;
inline constexpr double kMostWait = 0.10;
inline constexpr double kLatenessFloorMs = 5;
inline constexpr double kLatenessShare = 0.2;

// Names of resources and quantities by which the workers report; the worker's number follows.
inline constexpr char kGeneratorCpu[] = "generator_cpu.";
inline constexpr char kGeneratorCpuWait[] = "generator_cpu_wait.";
inline constexpr char kLocalLimitFailures[] = "connects_failed_for_local_limits";

void JudgeValidity(model::Result* result);

}  // namespace loadgen
