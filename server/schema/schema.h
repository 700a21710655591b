#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/catalogue.h"

// Schema: brings a database to this build's schema and fills it with the demonstration's entities.
//
// Blocking (libpqxx); for start-up and tools, never on an event loop. All functions take the
// owner's URL: a superuser, because roles and row-level security policies are made here. The server
// itself runs as `praxis_app`, which owns nothing and cannot bypass a policy.
//
// All are safe to repeat and to run at the same time from several processes (advisory lock).
// Errors: UNAVAILABLE when the database cannot be reached, INTERNAL when it refuses a statement.
//
// What the server's authentication uses (SQL functions, callable before a clinic is known, through
// Segment::WithoutClinic):
//   login_lookup(email) -> user_id, clinic_id, role, email, password_hash, first_name, last_name
//   session_create(session_id, user_id, refresh_jti, lifetime_seconds)
//   session_rotate(session_id, presented_jti, new_jti, lifetime_seconds)
//     -> outcome (rotated | reused | revoked | expired | unknown), user_id, clinic_id, role, email
//   session_revoke(session_id) -> whether a live session was ended

namespace server {

// Applies the migrations that are missing. FAILED_PRECONDITION when an applied migration differs
// from this build's or the database knows one that this build does not. Returns how many were
// applied.
absl::StatusOr<int> Migrate(const std::string& owner_url);

// Gives praxis_app a password and returns the URL to log in with it: the owner's host, port and
// database. An empty `password` makes a random one.
absl::StatusOr<std::string> AppRoleUrl(const std::string& owner_url, std::string password = "");

// The same for a password that several servers share: left alone when it is praxis_app's already.
// FAILED_PRECONDITION when it is not and somebody is connected as praxis_app: those would be locked
// out at their next connection.
absl::StatusOr<std::string> SharedAppRoleUrl(const std::string& owner_url,
                                             const std::string& password);

// Inserts the catalogue's clinics and users that are missing, and a small record for each new
// patient. `password` is every user's; it is hashed once with argon2id. Existing rows are left
// alone.
absl::Status Seed(const std::string& owner_url, const model::CatalogueSizes& sizes,
                  const std::string& password = "Praxis-Demo-1");

}  // namespace server
