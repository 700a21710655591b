#include "server/auth/mint.h"

#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/audit/uuid.h"

namespace server {
namespace {

absl::Status MintKind(const SigningKey& key, const model::Catalogue& catalogue,
                      model::EntityKind kind, uint64_t count, const MintRequest& request,
                      std::ostream& out) {
  const uint64_t seeded = catalogue.Count(kind);
  if (count > seeded) {
    return absl::OutOfRangeError(absl::StrCat("asked for ", count, " users of kind ",
                                              std::string(model::EntityName(kind)), ", only ",
                                              seeded, " are seeded"));
  }
  for (uint64_t i = 0; i < count; ++i) {
    const model::Entity user = catalogue.Get(kind, i);
    TokenClaims claims;
    claims.user_id = user.id;
    claims.role = *ParseRole(user.role);
    claims.clinic_id = user.clinic_id;
    claims.email = user.email;
    claims.session_id = RandomUuid();
    claims.token_id = absl::StrCat("mint-", i);
    claims.issued_at = request.now;
    claims.expires_at = request.now + request.lifetime_seconds;
    absl::StatusOr<std::string> token = SignToken(key, claims);
    if (!token.ok()) return token.status();
    out << user.role << ' ' << i << ' ' << user.id << ' ' << user.clinic_id << ' ' << *token
        << '\n';
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MintTokens(const SigningKey& key, const model::Catalogue& catalogue,
                        const MintRequest& request, std::ostream& out) {
  const std::pair<model::EntityKind, uint64_t> kinds[] = {
      {model::EntityKind::kPatient, request.patients},
      {model::EntityKind::kDoctor, request.doctors},
      {model::EntityKind::kReceptionist, request.receptionists},
      {model::EntityKind::kClinicAdmin, request.clinic_admins},
  };
  for (const auto& [kind, count] : kinds) {
    absl::Status status = MintKind(key, catalogue, kind, count, request, out);
    if (!status.ok()) return status;
  }
  out.flush();
  return out ? absl::OkStatus() : absl::DataLossError("cannot write the tokens");
}

}  // namespace server
