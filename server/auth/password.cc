#include "server/auth/password.h"

#include <sodium.h>

namespace server {
namespace {

constexpr unsigned long long kPasses = 2;
constexpr size_t kMemoryBytes = size_t{19} * 1024 * 1024;

}  // namespace

absl::StatusOr<std::string> HashPassword(const std::string& password) {
  char hash[crypto_pwhash_STRBYTES];
  if (sodium_init() < 0 || crypto_pwhash_str_alg(hash, password.data(), password.size(), kPasses,
                                                 kMemoryBytes, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return absl::ResourceExhaustedError("not enough memory to hash a password");
  }
  return std::string(hash);
}

bool VerifyPassword(const std::string& hash, const std::string& password) {
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

}  // namespace server
