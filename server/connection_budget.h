#pragma once

#include <string>

#include "absl/status/status.h"

// The connection budget: a server that would take connections its deployment does not have fails in
// operation, at the worst moment; this one refuses to start and shows the arithmetic.

namespace server {

struct ConnectionBudget {
  int pods = 1;
  int workers = 1;
  int connections_per_worker = 1;  // requests and audit together
  int max_connections = 0;         // PostgreSQL's settings
  int superuser_reserved = 0;
  int reserved = 0;  // reserved_connections, PostgreSQL 16 and later
  // Migrations, tools, a person with psql.
  static constexpr int kKeptFree = 3;
};

// FailedPrecondition with the sum and what to change.
absl::Status CheckBudget(const ConnectionBudget& budget);

// Fills in the three settings from the database (blocking).
absl::Status ReadSettings(const std::string& url, ConnectionBudget* budget);

}  // namespace server
