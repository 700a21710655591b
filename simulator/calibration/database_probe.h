#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"

// Figures of a PostgreSQL that no mix of requests shows: measured alone, on a quiet database.

namespace simulator {

struct DatabaseProbe {
  double connect_seconds = 0;  // median: connect, first query, close
  // What a commit waits for its flush: one-row inserts with synchronous_commit on, less the median
  // of such inserts with it off. Median, and quantiles at 0, 1, .. 99 and 99.8 %.
  double flush_seconds = 0;
  std::vector<double> flush_quantile_seconds;
  std::vector<pid_t> audit_backends;       // of the server's connections that write audit records
  std::vector<pid_t> request_backends;     // of its others
  double memory_per_connection_bytes = 0;  // private memory of an idle backend; 0 when unreadable
};

// Of the flush alone. Others' writes lengthen it: of several probes the one with the least median
// says most about this disk.
absl::StatusOr<std::vector<double>> ProbeFlushQuantiles(const std::string& owner_url);

// Uses a temporary-schema table that it drops again; takes about a second. Unavailable when the
// database cannot be reached.
absl::StatusOr<DatabaseProbe> ProbeDatabase(const std::string& owner_url);

}  // namespace simulator
