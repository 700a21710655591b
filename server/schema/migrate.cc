#include <openssl/sha.h>
#include <sodium.h>

#include <map>
#include <pqxx/pqxx>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/schema/embedded_migrations.h"
#include "server/schema/pqxx_status.h"
#include "server/schema/schema.h"

namespace server {
namespace {

std::string Checksum(std::string_view text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

// One migrating process at a time; the lock goes with the transaction.
void LockSchema(pqxx::work& transaction) {
  transaction.exec("SELECT pg_advisory_xact_lock(hashtext('praxis schema'))");
}

std::map<std::string, std::string> Applied(pqxx::work& transaction) {
  transaction.exec(
      "CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, checksum text NOT "
      "NULL, "
      "applied_at timestamptz NOT NULL DEFAULT now())");
  std::map<std::string, std::string> applied;
  for (const auto& row : transaction.exec("SELECT name, checksum FROM schema_migrations")) {
    applied[row[0].as<std::string>()] = row[1].as<std::string>();
  }
  return applied;
}

absl::Status CheckKnown(const std::map<std::string, std::string>& applied) {
  std::map<std::string, std::string> known;
  for (const EmbeddedMigration& migration : EmbeddedMigrations()) {
    known[std::string(migration.name)] = Checksum(migration.sql);
  }
  for (const auto& [name, checksum] : applied) {
    const auto found = known.find(name);
    if (found == known.end()) {
      return absl::FailedPreconditionError(absl::StrCat(
          "schema: migration ", name, " is applied but not in this build: the database is newer"));
    }
    if (found->second != checksum) {
      return absl::FailedPreconditionError(absl::StrCat(
          "schema: migration ", name, " was changed after it was applied: expected checksum ",
          checksum.substr(0, 12), ", this build has ", found->second.substr(0, 12)));
    }
  }
  return absl::OkStatus();
}

std::string RandomPassword() {
  unsigned char bytes[24];
  randombytes_buf(bytes, sizeof(bytes));
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes), sizeof(bytes)));
}

// The owner's host, port and database for praxis_app. Key=value form: unlike a URL it needs no care
// for the slashes of a socket's folder.
std::string AppRoleTarget(pqxx::connection& owner, const std::string& password) {
  const auto quoted = [](const char* value) {
    std::string text = "'";
    for (const char* c = value == nullptr ? "" : value; *c != '\0'; ++c) {
      if (*c == '\'' || *c == '\\') text += '\\';
      text += *c;
    }
    return text + "'";
  };
  return absl::StrCat("host=", quoted(owner.hostname()), " port=", quoted(owner.port()),
                      " dbname=", quoted(owner.dbname()),
                      " user='praxis_app' password=", quoted(password.c_str()));
}

bool CanLogIn(const std::string& target) {
  try {
    pqxx::connection connection(target);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

void SetAppPassword(pqxx::transaction_base& transaction, const std::string& password) {
  transaction.exec(absl::StrCat("ALTER ROLE praxis_app PASSWORD ", transaction.quote(password)));
}

}  // namespace

absl::StatusOr<int> Migrate(const std::string& owner_url) {
  try {
    pqxx::connection connection(owner_url);
    pqxx::work transaction(connection);
    transaction.exec("SET LOCAL client_min_messages = warning");
    LockSchema(transaction);
    const std::map<std::string, std::string> applied = Applied(transaction);
    if (absl::Status status = CheckKnown(applied); !status.ok()) return status;
    int count = 0;
    for (const EmbeddedMigration& migration : EmbeddedMigrations()) {
      if (applied.contains(std::string(migration.name))) continue;
      transaction.exec(std::string(migration.sql));
      transaction.exec(absl::StrCat("INSERT INTO schema_migrations (name, checksum) VALUES (",
                                    transaction.quote(std::string(migration.name)), ", ",
                                    transaction.quote(Checksum(migration.sql)), ")"));
      ++count;
    }
    transaction.commit();
    return count;
  } catch (const std::exception& error) {
    return PqxxStatus("migrate", error);
  }
}

absl::StatusOr<std::string> AppRoleUrl(const std::string& owner_url, std::string password) {
  if (sodium_init() < 0) return absl::InternalError("libsodium: no source of randomness");
  if (password.empty()) password = RandomPassword();
  try {
    pqxx::connection connection(owner_url);
    pqxx::work transaction(connection);
    LockSchema(transaction);
    SetAppPassword(transaction, password);
    transaction.commit();
    return AppRoleTarget(connection, password);
  } catch (const std::exception& error) {
    return PqxxStatus("password of praxis_app", error);
  }
}

absl::StatusOr<std::string> SharedAppRoleUrl(const std::string& owner_url,
                                             const std::string& password) {
  try {
    pqxx::connection connection(owner_url);
    pqxx::work transaction(connection);
    LockSchema(transaction);
    std::string target = AppRoleTarget(connection, password);
    if (CanLogIn(target)) return target;
    const auto others =
        transaction.exec1("SELECT count(*) FROM pg_stat_activity WHERE usename = 'praxis_app'")[0];
    if (others.as<int>() > 0) {
      return absl::FailedPreconditionError("praxis_app is in use with another password");
    }
    SetAppPassword(transaction, password);
    transaction.commit();
    return target;
  } catch (const std::exception& error) {
    return PqxxStatus("password of praxis_app", error);
  }
}

}  // namespace server
