#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/paths.h"
#include "model/catalogue.h"
#include "server/auth/token.h"
#include "tools/demo/child_server.h"

// A real server of two small clinics with everything a test needs to speak to it as anybody.

namespace tests {

class ClinicServer {
 public:
  // `flags` besides the port, the data folder and the sizes of the seed; without URLs among them
  // the server has a private PostgreSQL and Redis Cluster. About 3 s.
  static absl::StatusOr<std::unique_ptr<ClinicServer>> Start(std::vector<std::string> flags = {});

  uint16_t port() const { return server_->handle().port; }
  const simulator::ServerHandle& handle() const { return server_->handle(); }
  const std::string& folder() const { return folder_->path(); }
  const model::Catalogue& catalogue() const { return catalogue_; }
  const server::SigningKey& key() const { return key_; }
  std::string Log() const;

  // Valid claims of an access token with a session of its own, to be bent or signed as they are.
  server::TokenClaims Claims(server::Role role, const std::string& user_id,
                             const std::string& clinic_id) const;
  std::string Token(server::Role role, const std::string& user_id,
                    const std::string& clinic_id) const;
  // Of a seeded user.
  std::string TokenOf(const model::Entity& user) const;

  absl::Status Stop() { return server_->Stop(); }

  static constexpr char kPassword[] = "Praxis-Demo-1";

 private:
  ClinicServer();
  std::unique_ptr<base::FolderRemover> folder_;
  std::unique_ptr<demo::ChildServer> server_;
  model::Catalogue catalogue_;
  server::SigningKey key_;
};

}  // namespace tests
