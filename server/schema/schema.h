#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Schema: brings a database to this build's schema and fills it with the demonstration's entities.
//
// Blocking (libpqxx); for start-up and tools, never on an event loop. All functions take the
// owner's URL: a superuser, because roles and row-level security policies are made here. The server
// itself runs as `praxis_app`, which owns nothing and cannot bypass a policy.
//
// Both are safe to repeat and to run at the same time from several processes (advisory lock).

namespace server {

struct Migration {
  int number;
  std::string name;
  std::string sql;
};
// Built into the program, in order.
const std::vector<Migration>& Migrations();

// Applies what is missing. FAILED_PRECONDITION when an applied migration differs from this build's
// (checksum) or the database is newer. Returns how many were applied.
absl::StatusOr<int> Migrate(const std::string& owner_url);

// Gives praxis_app a password and returns the URL to log in with it: the owner's host, port and
// database. An empty `password` makes a random one.
absl::StatusOr<std::string> AppRoleUrl(const std::string& owner_url, std::string password = "");

struct SeedOptions {
  int clinics = 20;
  int doctors_per_clinic = 5;
  int patients_per_clinic = 500;
  int receptionists_per_clinic = 2;
  uint64_t seed = 1;
  std::string password = "Praxis-Demo-1";  // of every seeded user; hashed once with argon2id
};
// Inserts what is missing. Entities come from model/catalogue.h.
absl::Status Seed(const std::string& owner_url, const SeedOptions& options);

}  // namespace server
