#pragma once

#include <string>

#include "model/catalogue.h"
#include "server/postgres/database.h"

// TestDatabase: a migrated and seeded database for the tests of one program, on a private
// PostgreSQL that is gone when the program ends. Tests use the application role, as the server
// does; the owner (superuser) is for looking at what really stands in the tables.

namespace server {

class TestDatabase {
 public:
  // Started on first use; ends the program with a message when that fails.
  static TestDatabase& Get();

  const std::string& owner_url() const { return owner_url_; }
  // Options for the server's role; two connections, as in production.
  DatabaseOptions app_options() const;
  const model::Catalogue& catalogue() const { return catalogue_; }

  // First column of the first row, as the owner; "" when there is none.
  std::string Ask(const std::string& sql) const;

 private:
  TestDatabase();

  std::string owner_url_;
  std::string app_url_;
  model::Catalogue catalogue_;
};

}  // namespace server
