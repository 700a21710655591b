#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/profile.pb.h"

// Ways in which the measured host differs from the calibrated one, as the simulator is told them.

namespace conformance {

// The scenario with another law of its think time and the same mean of 10 s: exponential (as it is
// written), constant, or lognormal with a standard deviation of ln of 1. NotFound, naming the file,
// when it has no line `think_time: {exponential: {mean: 10s}}`; InvalidArgument for another law.
absl::StatusOr<std::string> WithThinkLaw(const std::string& scenario_path, const std::string& law);

// What the operations cost when every look into the cache fails: the database's part of a request
// is that of a miss, nothing is cacheable, and no command goes to Redis. The server's part stays as
// it is.
model::Profile WithoutCache(model::Profile profile);

// The fault plan of a host whose Redis nodes are all gone before the first request.
inline constexpr char kCacheLost[] = "faults:\n  - {at: 0s, redis_lost: {}}\n";

}  // namespace conformance
