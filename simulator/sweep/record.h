#pragma once

#include "absl/status/statusor.h"
#include "simulator/engine/recorder.h"
#include "simulator/sweep/sweep.pb.h"

namespace simulator {

// A replication's result as a message and back, exactly. A member that ReplicationResult gains does
// not compile until it is kept; record_test sends every field of the message there and back.
ReplicationRecord ToRecord(const ReplicationResult& result);

// InvalidArgument: another build's operations or series, or a malformed histogram.
absl::StatusOr<ReplicationResult> FromRecord(const ReplicationRecord& record);

}  // namespace simulator
