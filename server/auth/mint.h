#pragma once

#include <cstdint>
#include <iosfwd>

#include "absl/status/status.h"
#include "model/catalogue.h"
#include "server/auth/token.h"

// Mint: access tokens for seeded users, so that a load run need not begin with a wave of logins
// (argon2id: 23 ms of CPU each). Whoever holds the signing key file can do this; nobody else can.
//
// One line a token:  ROLE index userId clinicId token
//
// A minted token's session has no row in the database: it cannot be refreshed. It can be signed
// out, and expires like any other.

namespace server {

struct MintRequest {
  uint64_t patients = 0;
  uint64_t doctors = 0;
  uint64_t receptionists = 0;
  uint64_t clinic_admins = 0;
  int64_t now = 0;               // seconds since 1970
  int64_t lifetime_seconds = 0;  // > 0
};

// Writes the tokens to `out`. OutOfRange when more users of a kind are asked for than are seeded.
absl::Status MintTokens(const SigningKey& key, const model::Catalogue& catalogue,
                        const MintRequest& request, std::ostream& out);

}  // namespace server
