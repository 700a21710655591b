#pragma once

#include "absl/status/statusor.h"
#include "model/verdict.pb.h"
#include "simulator/calibration/observation.h"

// Facts that only the database and the server's counters together can tell, as a CheckReport of
// deployment "measured":
//   phi_responses                         successful answers of PHI operations, by the server's
//   count audit_rows                            rows of audit_log phi_responses_without_audit_row
//   max(0, phi_responses - audit_rows of PHI operations) audit_sequence_gaps numbers missing in any
//   writer's stream audit_bytes_per_row                   table and indexes over rows phi_share
//   phi_responses / all successful answers double_bookings                       live appointments
//   that share doctor and slot

namespace demo {

// Reads as the database's owner. Unavailable when it cannot be reached.
absl::StatusOr<model::CheckReport> MeasureFacts(const simulator::ServerHandle& server);

}  // namespace demo
