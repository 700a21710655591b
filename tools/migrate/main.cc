// migrate: brings a database to this build's schema, and on request seeds it and sets the password
// of the role that the server logs in as.
//
//   migrate --database_url postgresql://postgres@db/praxis [--app_password_file F] [--seed_clinics
//   N]

#include <gflags/gflags.h>

#include <fstream>
#include <iostream>
#include <string>

#include "server/schema/schema.h"

DEFINE_string(database_url, "", "superuser's URL of the database to migrate");
DEFINE_string(app_password_file, "",
              "file whose first line becomes the password of praxis_app (empty: left as it is)");
DEFINE_int32(seed_clinics, 0, "clinics to seed (0: none)");
DEFINE_int32(seed_doctors_per_clinic, 5, "seeded doctors in each clinic");
DEFINE_int32(seed_patients_per_clinic, 500, "seeded patients in each clinic");

namespace {

int Fail(const std::string& message) {
  std::cerr << "migrate: " << message << "\n";
  return 1;
}

int SetAppPassword() {
  std::ifstream file(FLAGS_app_password_file);
  std::string password;
  if (!std::getline(file, password) || password.empty()) {
    return Fail("--app_password_file " + FLAGS_app_password_file +
                ": expected a file whose first line is the password");
  }
  auto url = server::AppRoleUrl(FLAGS_database_url, password);
  if (!url.ok()) return Fail(std::string(url.status().message()));
  std::cout << "password of praxis_app set\n";
  return 0;
}

int SeedClinics() {
  model::CatalogueSizes sizes;
  sizes.clinics = static_cast<uint64_t>(FLAGS_seed_clinics);
  sizes.doctors_per_clinic = static_cast<uint64_t>(FLAGS_seed_doctors_per_clinic);
  sizes.patients_per_clinic = static_cast<uint64_t>(FLAGS_seed_patients_per_clinic);
  const absl::Status status = server::Seed(FLAGS_database_url, sizes);
  if (!status.ok()) return Fail(std::string(status.message()));
  std::cout << "seeded " << FLAGS_seed_clinics << " clinics\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  gflags::SetUsageMessage("brings a PostgreSQL database to this build's schema");
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  if (argc > 1) return Fail(std::string("unknown argument ") + argv[1]);
  if (FLAGS_database_url.empty()) return Fail("--database_url is missing");
  const auto applied = server::Migrate(FLAGS_database_url);
  if (!applied.ok()) return Fail(std::string(applied.status().message()));
  std::cout << *applied << " migrations applied\n";
  if (!FLAGS_app_password_file.empty()) {
    if (const int code = SetAppPassword(); code != 0) return code;
  }
  return FLAGS_seed_clinics > 0 ? SeedClinics() : 0;
}
