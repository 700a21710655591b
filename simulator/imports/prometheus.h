#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace simulator {

// One series of a range query: its labels and its samples in time order.
struct PrometheusSeries {
  std::map<std::string, std::string> labels;
  std::vector<double> at_seconds;  // Unix time
  std::vector<double> value;       // always finite
};

// A Prometheus server's HTTP API (/api/v1/query_range), over plain HTTP.
class Prometheus {
 public:
  // http://HOST[:PORT][/PREFIX]; the port is 9090 unless given. InvalidArgument for anything else:
  // https needs a proxy or `kubectl port-forward` in between.
  static absl::StatusOr<Prometheus> At(const std::string& url);

  // Every series of `query` at start, start + step, ... end. `$window` in the query stands for
  // `window` ("30s"). `what` names the query in errors, each of which is one line:
  //   Unavailable       nobody answers, or not with the API's JSON
  //   InvalidArgument   Prometheus refuses the query (with its own words)
  //   NotFound          no series, or none with a sample in the range
  //   OutOfRange        a sample that is not a finite number, with its time
  absl::StatusOr<std::vector<PrometheusSeries>> QueryRange(const std::string& what,
                                                           const std::string& query,
                                                           absl::Time start, absl::Time end,
                                                           absl::Duration step,
                                                           absl::Duration window) const;

  // The one figure that `query` gives at `at`; InvalidArgument when it gives several series.
  absl::StatusOr<double> QueryOne(const std::string& what, const std::string& query, absl::Time at,
                                  absl::Duration window) const;

  const std::string& url() const { return url_; }

 private:
  std::string url_;
  std::string host_;  // numeric
  uint16_t port_ = 0;
  std::string prefix_;
};

// The answer of query_range. `what` names the question in errors.
absl::StatusOr<std::vector<PrometheusSeries>> ParseMatrix(std::string_view body,
                                                          const std::string& what);

// "2026-11-24T10:00:00Z", "2026-11-24T10:00:00+01:00" or seconds since 1970 ("1795507200.5").
absl::StatusOr<absl::Time> ParseInstant(const std::string& flag, const std::string& text);

}  // namespace simulator
