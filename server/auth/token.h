#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/routes/role.h"

// Tokens: JSON Web Tokens signed with HMAC-SHA256 (libjwt).
//
//   header  {"alg":"HS256","typ":"JWT","kid":KEY}
//   claims  sub user UUID, role, clinicId, email, sid session UUID, jti, typ "access"|"refresh",
//           iat, exp (seconds since 1970)
//
// Verify accepts exactly what Sign makes: HS256 and nothing else ("none" and other algorithms are
// refused whatever the header says), the key's own kid, the expected typ, an exp in the future, and
// every claim present. A refresh token is no access token and the other way round.

namespace server {

struct SigningKey {
  std::string kid;
  std::string secret;  // 32 bytes
};

// JSON {"kid":"..","key_hex":".."}. Errors name file and field.
absl::StatusOr<SigningKey> LoadSigningKey(const std::string& path);
// Loads the file, or makes one (mode 0600) with a random key when there is none.
absl::StatusOr<SigningKey> LoadOrCreateSigningKey(const std::string& path);

enum class TokenType { kAccess, kRefresh };

struct TokenClaims {
  std::string user_id;
  Role role = Role::kPatient;
  std::string clinic_id;  // empty for SUPER_ADMIN
  std::string email;
  std::string session_id;
  std::string token_id;  // jti
  TokenType type = TokenType::kAccess;
  int64_t issued_at = 0;
  int64_t expires_at = 0;
};

inline constexpr int64_t kAccessTokenSeconds = 15 * 60;
inline constexpr int64_t kRefreshTokenSeconds = 7 * 24 * 3600;

absl::StatusOr<std::string> SignToken(const SigningKey& key, const TokenClaims& claims);

// Unauthenticated for whatever is wrong; the message says what, without secrets. `now` is in
// seconds since 1970.
absl::StatusOr<TokenClaims> VerifyToken(const SigningKey& key, std::string_view token,
                                        TokenType expected, int64_t now);

}  // namespace server
