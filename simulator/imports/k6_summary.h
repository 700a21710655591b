#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"

namespace simulator {

// The end-of-test summary of k6, in either of its formats: the data that handleSummary() gets,
// written as JSON ({"metrics": {"http_reqs": {"type": "counter", "values": {"count": ...}}}}), or
// the file of --summary-export ({"metrics": {"http_reqs": {"count": ...}}}). Times in milliseconds.
struct K6Summary {
  std::map<std::string, double>
      trend;              // of http_req_duration: avg, min, med, max, p(90), p(95), ...
  uint64_t requests = 0;  // http_reqs
  double requests_per_second = 0;
  double duration_seconds = 0;  // of the test
  double failed_share = 0;      // http_req_failed; 0 when k6 did not record it
  uint64_t virtual_users = 0;   // 0: not in the file
  // Requests by the tag `operation` or `name`, where thresholds made k6 write such sub-metrics:
  // http_reqs{operation:read}.
  std::map<std::string, uint64_t> by_operation;
};

// Errors: one line that names the file, the metric and what was expected.
absl::StatusOr<K6Summary> ReadK6Summary(const std::string& path);
absl::StatusOr<K6Summary> ParseK6Summary(const std::string& json, const std::string& name);

}  // namespace simulator
