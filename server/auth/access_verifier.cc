#include "server/auth/access_verifier.h"

#include <sodium.h>

#include <utility>

namespace server {
namespace {

constexpr std::string_view kScheme = "Bearer ";

}  // namespace

AccessVerifier::AccessVerifier(SigningKey key, const Revocations& revocations,
                               const base::Clock& clock, size_t capacity)
    : key_(std::move(key)), revocations_(revocations), clock_(clock), capacity_(capacity) {}

absl::StatusOr<const TokenClaims*> AccessVerifier::Verify(std::string_view header) {
  if (!header.starts_with(kScheme)) {
    return absl::UnauthenticatedError("an Authorization header with a Bearer token is required");
  }
  const std::string_view token = header.substr(kScheme.size());
  const int64_t now = clock_.WallNow() / base::kNanosPerSecond;
  Hash hash;
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(token.data()),
                     token.size(), nullptr, 0);
  auto found = by_hash_.find(hash);
  if (found == by_hash_.end()) {
    absl::StatusOr<TokenClaims> claims = VerifyToken(key_, token, TokenType::kAccess, now);
    if (!claims.ok()) return claims.status();
    if (entries_.size() >= capacity_) {
      by_hash_.erase(entries_.back().hash);
      entries_.pop_back();
    }
    entries_.push_front({hash, *std::move(claims)});
    found = by_hash_.emplace(hash, entries_.begin()).first;
  } else {
    entries_.splice(entries_.begin(), entries_, found->second);
  }
  const TokenClaims& claims = found->second->claims;
  if (claims.expires_at <= now) {
    entries_.erase(found->second);
    by_hash_.erase(found);
    return absl::UnauthenticatedError("token refused: it has expired");
  }
  if (absl::Status status = revocations_.Check(claims.session_id, clock_.Now()); !status.ok()) {
    return status;
  }
  return &claims;
}

}  // namespace server
