#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "model/verdict.pb.h"

// The claims file (claims/claims.yaml).

namespace report {

// Reads and checks it. Errors name file, line and what was expected: unknown keys, an id twice, a
// decision without deployment, a method that does not exist, a claim with neither decisions nor a
// reason why not.
absl::StatusOr<model::ClaimList> LoadClaims(const std::string& path);

}  // namespace report
