#pragma once

#include "absl/status/statusor.h"
#include "simulator/engine/recorder.h"
#include "simulator/sweep/sweep.pb.h"

namespace simulator {

// A replication's result as a message and back, exactly: every figure that BuildPrediction reads.
// A field that ReplicationResult gains must be added to both (sweep_test compares a sweep with
// `simulator run`).
ReplicationRecord ToRecord(const ReplicationResult& result);

// InvalidArgument: another build's operations or series, or a malformed histogram.
absl::StatusOr<ReplicationResult> FromRecord(const ReplicationRecord& record);

}  // namespace simulator
