#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/task.h"
#include "server/context.h"

// Health records in PostgreSQL: one transaction and one round trip each, inside the clinic of the
// request. NotFound: no such patient in this clinic.

namespace server {

struct NewVital {
  std::string patient_id;
  std::string type;
  std::string value;
  std::optional<std::string> recorded_at;  // RFC 3339; now when absent
};

struct StoredVital {
  std::string id;
  std::string recorded_at;  // RFC 3339, UTC
};

// The whole record as JSON text.
base::Task<absl::StatusOr<std::string>> LoadRecord(RequestContext& context, std::string patient_id);

// With its audit record.
base::Task<absl::StatusOr<StoredVital>> AddVital(RequestContext& context, NewVital vital);

}  // namespace server
