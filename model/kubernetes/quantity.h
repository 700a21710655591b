#pragma once

#include <cstdint>
#include "absl/strings/string_view.h"

#include "absl/status/statusor.h"

namespace model::kubernetes {

// A Kubernetes quantity ("500m", "2", "1Gi", "1e3", "0.1") in milli-units, rounded up, as the
// autoscaler counts it: 1 core = 1000, a byte = 1000. Grammar: a decimal number, then nothing, one
// of n u m k M G T P E Ki Mi Gi Ti Pi Ei, or an exponent (e3, E3; "1E" alone is exa). Exact in
// 128-bit integers; what does not fit saturates at INT64_MAX (or its negative).
absl::StatusOr<int64_t> ParseQuantityMilli(absl::string_view text);

// The same in whole units, rounded up: bytes, connections.
absl::StatusOr<int64_t> ParseQuantityUnits(absl::string_view text);

}  // namespace model::kubernetes
