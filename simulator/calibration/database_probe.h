#pragma once

#include <string>

#include "absl/status/statusor.h"

// Figures of a PostgreSQL that no mix of requests shows: measured alone, on a quiet database.

namespace simulator {

struct DatabaseProbe {
  double connect_seconds = 0;              // median: connect, first query, close
  double flush_seconds = 0;                // median: one-row insert with synchronous_commit on
  double memory_per_connection_bytes = 0;  // private memory of an idle backend; 0 when unreadable
};

// Uses a temporary-schema table that it drops again; takes about a second. Unavailable when the
// database cannot be reached.
absl::StatusOr<DatabaseProbe> ProbeDatabase(const std::string& owner_url);

}  // namespace simulator
