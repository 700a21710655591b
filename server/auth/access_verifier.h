#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "server/auth/revocations.h"
#include "server/auth/token.h"

// AccessVerifier: from an Authorization header to the claims of a verified access token.
//
// A token that verified once is remembered under its BLAKE2b-256 hash (the token itself is not
// kept), so that its next request costs a hash and not a signature check and JSON parsing. Expiry
// and the session's end are checked on every request, remembered or not. At most `capacity` tokens;
// the one unused for longest goes first.
//
// One per worker; thread: the loop's.

namespace server {

class AccessVerifier {
 public:
  static constexpr size_t kCapacity = 50'000;

  AccessVerifier(SigningKey key, const Revocations& revocations, const base::Clock& clock,
                 size_t capacity = kCapacity);

  // `header` is the value of Authorization: "Bearer TOKEN". Unauthenticated, or Unavailable when
  // ended sessions are not known. The pointer is good until the next call.
  absl::StatusOr<const TokenClaims*> Verify(std::string_view header);

  size_t remembered() const { return by_hash_.size(); }

 private:
  using Hash = std::array<unsigned char, 32>;
  struct Entry {
    Hash hash;
    TokenClaims claims;
  };
  using Entries = std::list<Entry>;  // most recently used first

  SigningKey key_;
  const Revocations& revocations_;
  const base::Clock& clock_;
  size_t capacity_;
  Entries entries_;
  absl::flat_hash_map<Hash, Entries::iterator> by_hash_;
};

}  // namespace server
