#pragma once

#include <postgresql/libpq-fe.h>

#include <string>

#include "absl/status/status.h"

// PostgreSQL's errors as Status.
//
//   23505 unique                     ALREADY_EXISTS
//   23503 foreign key, other 23xxx   FAILED_PRECONDITION
//   23514 check, 22xxx data          INVALID_ARGUMENT
//   42501 privilege, row security    PERMISSION_DENIED
//   40001, 40P01 serialisation       ABORTED
//   57014 statement_timeout          DEADLINE_EXCEEDED
//   08xxx, 53xxx, 57Pxx              UNAVAILABLE
//   anything else                    INTERNAL: a defect of ours
//
// The message is the SQLSTATE and PostgreSQL's primary message; never DETAIL, which quotes row
// values.

namespace server {

absl::Status SqlStatus(const PGresult* result);

// The constraint that was violated ("appointments_one_per_slot"); "" when there is none.
std::string ViolatedConstraint(const absl::Status& status);

// What a handler may pass on. Being away, being full and being late are the caller's business; any
// other refusal that the handler did not expect is a defect of ours: INTERNAL, whose text goes to
// the log and not to the client.
absl::Status UnexpectedSql(const absl::Status& status);

}  // namespace server
