#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "report/expression.h"

// The points of a sweep, as `simulator sweep --out FOLDER` writes them into points.jsonl.

namespace report {

struct SweepPoint {
  std::map<std::string, std::string> settings;  // by parameter, as they were written
  std::map<std::string, Interval> quantities;
  std::string bottleneck;
};

// One JSON object a line: {"settings": {"users": "10000"}, "quantities": {"p95_ms": {"value",
// "low", "high"}}, "bottleneck"}; other keys are left alone. All points have the same parameters.
// InvalidArgument: line and what was expected.
absl::StatusOr<std::vector<SweepPoint>> ParseSweepPoints(std::string_view text);

// A setting as a number: "10000", "10s" (seconds), "500m" of cpu (cores); NaN for anything else.
double SettingNumber(const std::string& parameter, const std::string& value);

}  // namespace report
