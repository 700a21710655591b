#include "tests/support/clinic_server.h"

#include <sys/stat.h>

#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

namespace tests {
namespace {

constexpr model::CatalogueSizes kSizes = {.clinics = 2, .patients_per_clinic = 10};

// Sessions need not exist; each token has another one, so that a sign-out ends one token only.
std::string FreshSession() {
  static std::atomic<uint64_t> last{static_cast<uint64_t>(absl::ToUnixNanos(absl::Now()))};
  const uint64_t number = ++last;
  return absl::StrFormat("5e551000-0000-4000-8%03x-%012x", number >> 48 & 0xfff,
                         number & 0xffffffffffff);
}

}  // namespace

ClinicServer::ClinicServer() : catalogue_(kSizes) {}

absl::StatusOr<std::unique_ptr<ClinicServer>> ClinicServer::Start(std::vector<std::string> flags) {
  auto result = std::unique_ptr<ClinicServer>(new ClinicServer());
  absl::StatusOr<std::string> folder = base::MakeTemporaryFolder("praxis-e2e-");
  if (!folder.ok()) return folder.status();
  result->folder_ = std::make_unique<base::FolderRemover>(*folder);
  // Started by root, PostgreSQL runs as another user and must be able to pass through.
  chmod(folder->c_str(), 0711);
  absl::StatusOr<std::string> binary = base::Runfile("server/server");
  if (!binary.ok()) return binary.status();
  demo::ChildServerOptions options;
  options.binary = *binary;
  options.data_dir = *folder + "/server";
  options.log_file = *folder + "/server.log";
  options.flags = std::move(flags);
  options.flags.push_back(absl::StrCat("--seed_clinics=", kSizes.clinics));
  options.flags.push_back(absl::StrCat("--seed_patients_per_clinic=", kSizes.patients_per_clinic));
  absl::StatusOr<demo::ChildServer> server = demo::ChildServer::Start(options);
  if (!server.ok()) {
    return absl::Status(server.status().code(),
                        absl::StrCat(server.status().message(), "\n", result->Log()));
  }
  result->server_ = std::make_unique<demo::ChildServer>(*std::move(server));
  absl::StatusOr<server::SigningKey> key =
      server::LoadSigningKey(result->handle().signing_key_file);
  if (!key.ok()) return key.status();
  result->key_ = *std::move(key);
  return result;
}

std::string ClinicServer::Log() const {
  return base::ReadFile(folder_->path() + "/server.log").value_or("");
}

server::TokenClaims ClinicServer::Claims(server::Role role, const std::string& user_id,
                                         const std::string& clinic_id) const {
  server::TokenClaims claims;
  claims.user_id = user_id;
  claims.role = role;
  claims.clinic_id = clinic_id;
  claims.email = "somebody@clinic.example";
  claims.session_id = FreshSession();
  claims.token_id = "test";
  claims.issued_at = absl::ToUnixSeconds(absl::Now());
  claims.expires_at = claims.issued_at + 900;
  return claims;
}

std::string ClinicServer::Token(server::Role role, const std::string& user_id,
                                const std::string& clinic_id) const {
  return server::SignToken(key_, Claims(role, user_id, clinic_id)).value();
}

std::string ClinicServer::TokenOf(const model::Entity& user) const {
  return Token(*server::ParseRole(user.role), user.id, user.clinic_id);
}

}  // namespace tests
