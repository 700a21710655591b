#include "server/sessions/session_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/audit/uuid.h"
#include "server/auth/password.h"
#include "server/postgres/segment.h"

namespace server {
namespace {

constexpr Statement kLookup{
    "login_lookup", "SELECT user_id, clinic_id, role, email, password_hash FROM login_lookup($1)"};
constexpr Statement kCreate{"session_create",
                            "SELECT session_create($1::uuid, $2::uuid, $3, $4::int)"};
constexpr Statement kRotate{"session_rotate",
                            "SELECT outcome, user_id, clinic_id, role, email "
                            "FROM session_rotate($1::uuid, $2, $3, $4::int)"};
constexpr Statement kEnd{"session_end", "SELECT session_end($1::uuid, $2::bigint)"};

absl::Status WrongCredentials() {
  return absl::UnauthenticatedError("e-mail or password is wrong");
}

std::string RefreshLifetime() { return absl::StrCat(kRefreshTokenSeconds); }

}  // namespace

SessionService::SessionService(SigningKey key, std::string decoy_hash, Database& database,
                               BlockingPool& pool, Revocations& revocations,
                               const base::Clock& clock)
    : key_(std::move(key)),
      decoy_hash_(std::move(decoy_hash)),
      database_(database),
      pool_(pool),
      revocations_(revocations),
      clock_(clock) {}

absl::StatusOr<SignedIn> SessionService::Sign(const User& user, const std::string& session_id,
                                              const std::string& refresh_id) const {
  const std::optional<Role> role = ParseRole(user.role);
  if (!role) return absl::InternalError(absl::StrCat("unknown role ", user.role));
  TokenClaims claims;
  claims.user_id = user.id;
  claims.role = *role;
  claims.clinic_id = user.clinic_id;
  claims.email = user.email;
  claims.session_id = session_id;
  claims.issued_at = NowSeconds();
  claims.token_id = RandomUuid();
  claims.expires_at = claims.issued_at + kAccessTokenSeconds;
  absl::StatusOr<std::string> access = SignToken(key_, claims);
  if (!access.ok()) return access.status();
  claims.type = TokenType::kRefresh;
  claims.token_id = refresh_id;
  claims.expires_at = claims.issued_at + kRefreshTokenSeconds;
  absl::StatusOr<std::string> refresh = SignToken(key_, claims);
  if (!refresh.ok()) return refresh.status();
  return SignedIn{*std::move(access), *std::move(refresh), session_id,    user.id,
                  user.email,         user.role,           user.clinic_id};
}

base::Task<absl::StatusOr<SignedIn>> SessionService::Login(std::string email, std::string password,
                                                           TimePoint deadline, RequestCost* cost) {
  Segment lookup = Segment::WithoutClinic(/*writes=*/false);
  lookup.Add(kLookup, {email});
  const absl::StatusOr<SegmentResult> found =
      co_await database_.Run(std::move(lookup), deadline, cost);
  if (!found.ok()) co_return found.status();
  const Rows& rows = found->at(0);
  User user;
  std::string hash = decoy_hash_;
  const bool exists = rows.size() == 1;
  if (exists) {
    user = {std::string(rows.Text(0, 0)), std::string(rows.Text(0, 1)),
            std::string(rows.Text(0, 2)), std::string(rows.Text(0, 3))};
    hash = std::string(rows.Text(0, 4));
  }
  auto right = std::make_shared<bool>(false);  // outlives this frame if the loop ends first
  std::function<void()> verify = [hash, password, right] {
    *right = VerifyPassword(hash, password);
  };
  const absl::Status ran = co_await pool_.Run(std::move(verify), cost);
  if (!ran.ok()) co_return ran;
  if (!exists || !*right) co_return WrongCredentials();

  const std::string session_id = RandomUuid();
  const std::string refresh_id = RandomUuid();
  Segment create = Segment::WithoutClinic(/*writes=*/true);
  create.Add(kCreate, {session_id, user.id, refresh_id, RefreshLifetime()});
  const absl::StatusOr<SegmentResult> created =
      co_await database_.Run(std::move(create), deadline, cost);
  if (!created.ok()) co_return created.status();
  co_return Sign(user, session_id, refresh_id);
}

base::Task<absl::StatusOr<SignedIn>> SessionService::Refresh(std::string refresh_token,
                                                             TimePoint deadline,
                                                             RequestCost* cost) {
  const absl::StatusOr<TokenClaims> claims =
      VerifyToken(key_, refresh_token, TokenType::kRefresh, NowSeconds());
  if (!claims.ok()) co_return claims.status();
  const std::string refresh_id = RandomUuid();
  Segment rotate = Segment::WithoutClinic(/*writes=*/true);
  rotate.Add(kRotate, {claims->session_id, claims->token_id, refresh_id, RefreshLifetime()});
  const absl::StatusOr<SegmentResult> rotated =
      co_await database_.Run(std::move(rotate), deadline, cost);
  if (!rotated.ok()) co_return rotated.status();
  const Rows& rows = rotated->at(0);
  const std::string outcome = rows.size() == 1 ? std::string(rows.Text(0, 0)) : "unknown";
  if (outcome != "rotated") {
    // A token used twice has just ended its session: its access tokens are refused from here on.
    if (outcome == "reused") {
      revocations_.Add(claims->session_id, NowSeconds() + kAccessTokenSeconds);
    }
    co_return absl::UnauthenticatedError(
        absl::StrCat("refresh refused: the session is ",
                     outcome == "reused" ? "ended (token reused)" : outcome));
  }
  const User user = {std::string(rows.Text(0, 1)), std::string(rows.Text(0, 2)),
                     std::string(rows.Text(0, 3)), std::string(rows.Text(0, 4))};
  co_return Sign(user, claims->session_id, refresh_id);
}

base::Task<absl::Status> SessionService::Logout(std::string session_id, int64_t token_expires,
                                                TimePoint deadline, RequestCost* cost) {
  // Refused here whatever becomes of the database: a client that logs out wants no less.
  revocations_.Add(session_id, token_expires);
  Segment end = Segment::WithoutClinic(/*writes=*/true);
  end.Add(kEnd, {session_id, absl::StrCat(token_expires)});
  const absl::StatusOr<SegmentResult> ended =
      co_await database_.Run(std::move(end), deadline, cost);
  co_return ended.status();
}

}  // namespace server
