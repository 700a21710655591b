#pragma once

#include <string>

#include "absl/status/statusor.h"

// Passwords: argon2id with 19 MiB and two passes (libsodium's crypto_pwhash_str). About 23 ms of
// CPU and 19 MiB of memory each: run these on the blocking pool, never on the loop.

namespace server {

inline constexpr size_t kLongestPassword = 128;

// A salted hash in libsodium's text form, parameters included.
absl::StatusOr<std::string> HashPassword(const std::string& password);
// Takes the same time for a right and a wrong password of the same hash.
bool VerifyPassword(const std::string& hash, const std::string& password);

}  // namespace server
