#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"

// How people write quantities in files. Every error is "expected ..., found ..."; the caller adds
// where.
namespace model {

// "250ms", "60s", "1m30s", "2h", "1.5s", "0"; units h, m, s, ms, us, ns. Seconds, 0 or more.
absl::StatusOr<double> ParseSeconds(std::string_view text);

// A whole number of 0 or more in decimal digits. A leading zero is refused, because YAML reads 012
// as ten; so are signs, separators and hexadecimal digits.
absl::StatusOr<uint64_t> ParseCount(std::string_view text);
// The same with an optional minus sign.
absl::StatusOr<int64_t> ParseInteger(std::string_view text);

// A finite decimal number: "0.95", "-3", "1e6". Leading zeros as above.
absl::StatusOr<double> ParseNumber(std::string_view text);

// "true" or "false", nothing else (YAML 1.1 would take yes, on and n as well).
absl::StatusOr<bool> ParseBool(std::string_view text);

// Kubernetes' notation. "16Gi", "512Mi", "1500M", "1024".
absl::StatusOr<uint64_t> ParseBytes(std::string_view text);
// "500m" is 500, "2" is 2000, "0.25" is 250.
absl::StatusOr<uint32_t> ParseMillicores(std::string_view text);

}  // namespace model
