#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/task.h"
#include "server/auth/revocations.h"
#include "server/auth/token.h"
#include "server/blocking_pool/blocking_pool.h"
#include "server/cost/request_cost.h"
#include "server/postgres/database.h"

// SessionService: login, refresh, logout.
//
// A login makes a session (a row) and two tokens that carry its id: an access token for 15 minutes
// and a refresh token for 7 days. Refreshing replaces both; only the newest refresh token is good.
// Presenting an older one means that two parties hold tokens of one session, so the session ends
// for both (RFC 9700, 4.14.2). A client that sends one refresh twice at once does that to itself.
//
// Login takes the same work whether the e-mail exists or not: an unknown one is checked against a
// decoy hash, and both fail with the same words.
//
// One per worker; thread: the loop's.

namespace server {

struct SignedIn {
  std::string access_token;
  std::string refresh_token;
  std::string session_id;
  std::string user_id;
  std::string email;
  std::string role;
  std::string clinic_id;
};

class SessionService {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // `decoy_hash` is HashPassword of anything. The rest is borrowed.
  SessionService(SigningKey key, std::string decoy_hash, Database& database, BlockingPool& pool,
                 Revocations& revocations, const base::Clock& clock);

  // Unauthenticated when e-mail and password do not belong together; Unavailable or
  // ResourceExhausted when that could not be found out.
  base::Task<absl::StatusOr<SignedIn>> Login(std::string email, std::string password,
                                             TimePoint deadline, RequestCost* cost);
  base::Task<absl::StatusOr<SignedIn>> Refresh(std::string refresh_token, TimePoint deadline,
                                               RequestCost* cost);
  // Ends the session; its access tokens, which expire at `token_expires` at the latest (seconds
  // since 1970), are refused here at once and elsewhere within a second.
  base::Task<absl::Status> Logout(std::string session_id, int64_t token_expires, TimePoint deadline,
                                  RequestCost* cost);

 private:
  struct User {
    std::string id;
    std::string clinic_id;
    std::string role;
    std::string email;
  };
  absl::StatusOr<SignedIn> Sign(const User& user, const std::string& session_id,
                                const std::string& refresh_id) const;
  int64_t NowSeconds() const { return clock_.WallNow() / base::kNanosPerSecond; }

  SigningKey key_;
  std::string decoy_hash_;
  Database& database_;
  BlockingPool& pool_;
  Revocations& revocations_;
  const base::Clock& clock_;
};

}  // namespace server
