#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

// Reads the counters of a Prometheus text exposition, as far as calibration needs them: sample
// lines `name{label="value",...} number`. Histogram buckets are skipped (`_bucket`).

namespace simulator {

class MetricsText {
 public:
  // InvalidArgument names the line that is not a sample.
  static absl::StatusOr<MetricsText> Parse(std::string_view text);

  // Sum of `name` over all label sets whose label `operation` is `operation`; 0 when absent.
  double ForOperation(const std::string& name, const std::string& operation) const;
  // operation -> sum, for every operation that `name` has ("" for samples without that label).
  const std::map<std::string, double>& Operations(const std::string& name) const;
  // Sum of `name` over all label sets; 0 when absent.
  double Total(const std::string& name) const;

 private:
  std::map<std::string, std::map<std::string, double>> by_operation_;  // name -> operation -> sum
};

}  // namespace simulator
