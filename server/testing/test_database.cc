#include "server/testing/test_database.h"

#include <glog/logging.h>
#include <unistd.h>

#include <cstdlib>
#include <pqxx/pqxx>

#include "absl/strings/str_cat.h"
#include "server/schema/schema.h"

namespace server {
namespace {

model::CatalogueSizes SmallSizes() {
  model::CatalogueSizes sizes;
  sizes.clinics = 2;
  sizes.doctors_per_clinic = 2;
  sizes.patients_per_clinic = 5;
  sizes.receptionists_per_clinic = 1;
  return sizes;
}

std::string StartPostgres() {
  const char* url = std::getenv("PRAXIS_TEST_DATABASE_URL");
  CHECK(url != nullptr);
  const std::string name = absl::StrCat("test_", getpid());
  pqxx::connection connection(absl::StrCat(url, "/postgres"));
  pqxx::nontransaction(connection).exec("CREATE DATABASE " + name);
  return absl::StrCat(url, "/", name);
}

}  // namespace

TestDatabase::TestDatabase() : catalogue_(SmallSizes()) {
  owner_url_ = StartPostgres();
  const auto migrated = Migrate(owner_url_);
  CHECK(migrated.ok()) << migrated.status();
  const absl::Status seeded = Seed(owner_url_, catalogue_.sizes());
  CHECK(seeded.ok()) << seeded;
  const auto app_url = AppRoleUrl(owner_url_, "test-password");
  CHECK(app_url.ok()) << app_url.status();
  app_url_ = *app_url;
}

TestDatabase& TestDatabase::Get() {
  static TestDatabase database;
  return database;
}

DatabaseOptions TestDatabase::app_options() const {
  DatabaseOptions options;
  options.url = app_url_;
  options.application_name = "test";
  return options;
}

std::string TestDatabase::Ask(const std::string& sql) const {
  pqxx::connection connection(owner_url_);
  pqxx::nontransaction transaction(connection);
  const pqxx::result rows = transaction.exec(sql);
  return rows.empty() || rows[0][0].is_null() ? "" : rows[0][0].as<std::string>();
}

}  // namespace server
