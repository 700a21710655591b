#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace devstack {

// The secret kept in the file `path`; made from the kernel's random source (128 bits, hexadecimal)
// and written with mode 0600 when the file does not exist.
absl::StatusOr<std::string> KeptSecret(const std::string& path);

// The last non-empty line of a log file, for error messages; "no log" when there is none.
std::string LastLine(const std::string& path);

}  // namespace devstack
