#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/result.pb.h"
#include "simulator/sweep/sweep.pb.h"

namespace simulator {

// Runs shard `index` of `count`: of all replications of all points, in their order, every count-th
// beginning with the index-th; `threads` at a time. A pure function of the plan but for the time it
// takes. `finished` is called once a replication, one call at a time, with how many are done.
// FailedPrecondition: an open model that offers more than can be done; Internal: a law of queueing
// did not hold in a run.
absl::StatusOr<SweepShard> RunShard(
    const SweepPlan& plan, uint32_t index, uint32_t count, uint32_t threads,
    const std::function<void(size_t done, size_t all, const std::string& words)>& finished);

// One point's answer.
struct PointResult {
  const SweepPoint* point = nullptr;
  model::Result result;
};

// Joins the shards of one sweep: replications are pooled point by point, in their order, exactly as
// if one process had run them all. `shards` must outlive the answer. InvalidArgument: shards of
// different sweeps or builds, one twice, one missing.
absl::StatusOr<std::vector<PointResult>> MergeShards(const std::vector<SweepShard>& shards);

// One JSON object a point and line; a CSV table with value, low and high of every quantity; a table
// for people with the plan's quantities.
absl::StatusOr<std::string> SweepJsonLines(const SweepPlan& plan,
                                           const std::vector<PointResult>& points);
std::string SweepCsv(const SweepPlan& plan, const std::vector<PointResult>& points);
std::string SweepTable(const SweepPlan& plan, const std::vector<PointResult>& points);

}  // namespace simulator
