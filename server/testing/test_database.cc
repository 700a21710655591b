#include "server/testing/test_database.h"

#include <glog/logging.h>

#include <memory>
#include <pqxx/pqxx>

#include "devstack/stack.h"
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

devstack::Stack& StartPostgres() {
  devstack::StackOptions options;
  options.with_redis = false;
  auto stack = devstack::Stack::Start(options);
  CHECK(stack.ok()) << stack.status();
  // Ends with the program, whatever the order of destruction.
  static std::unique_ptr<devstack::Stack> kept = std::move(*stack);
  return *kept;
}

}  // namespace

TestDatabase::TestDatabase() : catalogue_(SmallSizes()) {
  owner_url_ = StartPostgres().database_url();
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
