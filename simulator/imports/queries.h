#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"

namespace simulator {

// What is asked of a Prometheus, in PromQL; `$window` stands for the length of time in question.
struct Queries {
  struct Query {
    std::string text;
    bool chosen = false;  // by the user: then an answer without data is an error
    std::string where;    // FILE:LINE, for errors; empty: a default
  };

  // For `backtest`: a prediction's quantity -> one figure over the whole time.
  std::map<std::string, Query> quantities;

  // For `calibrate`: each gives what was used or counted in one window.
  Query requests;               // requests finished, one series an operation; text may be empty
  std::string operation_label;  // label of `requests` that holds the operation
  std::map<std::string, Query> busy;  // server_cpu_seconds, database_cpu_seconds, redis_cpu_seconds
  std::map<std::string, Query> counts;  // database_statements, redis_commands
  // Figures that no counter tells: round_trip_seconds, flush_seconds, connect_seconds,
  // redis_command_seconds.
  std::map<std::string, double> given;
  std::map<std::string, double> commits_waited;  // by operation: commits that its answer waits for
};

// Metrics of this project's server for `quantities`; cAdvisor, postgres_exporter (with
// pg_stat_statements) and redis_exporter for the rest.
Queries DefaultQueries();

// YAML, read strictly (docs/seal.md, docs/simulator.md). A section that the file has replaces the
// default one as a whole; others stay. Errors: FILE:LINE: field: expected ...
absl::StatusOr<Queries> LoadQueries(const std::string& path);

}  // namespace simulator
