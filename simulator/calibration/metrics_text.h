#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

// Reads the counters of a Prometheus text exposition, as far as calibration needs them: sample
// lines `name{label="value",...} number` without timestamps. Histogram buckets are skipped
// (`_bucket`).

namespace simulator {

class MetricsText {
 public:
  using Labels = std::map<std::string, std::string>;

  // InvalidArgument names the line that is not a sample.
  static absl::StatusOr<MetricsText> Parse(std::string_view text);

  // Sum of `name` over all samples whose labels include `wanted`; 0 when there are none.
  double Sum(const std::string& name, const Labels& wanted = {}) const;

  // Values of label `label` that `name` has, each once, sorted.
  std::vector<std::string> LabelValues(const std::string& name, const std::string& label) const;

 private:
  struct Sample {
    Labels labels;
    double value;
  };
  std::map<std::string, std::vector<Sample>> samples_;  // by name
};

}  // namespace simulator
