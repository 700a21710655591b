#include <gflags/gflags.h>

#include <cstdio>
#include <iostream>
#include <string>

#include "base/clock.h"
#include "base/paths.h"
#include "model/catalogue.h"
#include "server/auth/mint.h"
#include "server/auth/token.h"

DEFINE_string(signing_key_file, "", "the server's key of tokens (server.json names it)");
DEFINE_uint64(patients, 0, "tokens for the first N patients");
DEFINE_uint64(doctors, 0, "tokens for the first N doctors");
DEFINE_uint64(receptionists, 0, "tokens for the first N receptionists");
DEFINE_uint64(clinic_admins, 0, "tokens for the first N clinic administrators");
DEFINE_string(role, "", "with --count: PATIENT, DOCTOR, RECEPTIONIST or CLINIC_ADMIN");
DEFINE_uint64(count, 0, "with --role: how many");
DEFINE_int32(lifetime_seconds, 24 * 3600, "tokens are valid for this long");
DEFINE_uint64(seed_clinics, 20, "the server's flag of this name");
DEFINE_uint64(seed_doctors_per_clinic, 5, "the server's flag of this name");
DEFINE_uint64(seed_patients_per_clinic, 500, "the server's flag of this name");
DEFINE_uint64(seed_receptionists_per_clinic, 2, "the server's flag of this name");

namespace {

int Fail(const std::string& message) {
  std::fprintf(stderr, "mint: %s\n", message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  gflags::SetUsageMessage(
      "access tokens for seeded users, one a line: ROLE index userId clinicId token\n"
      "  mint --signing_key_file F --patients N --doctors M --receptionists K > tokens.txt");
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  if (argc > 1) return Fail(std::string("unexpected argument '") + argv[1] + "'");
  if (FLAGS_signing_key_file.empty()) return Fail("--signing_key_file is required");
  if (FLAGS_lifetime_seconds <= 0) return Fail("--lifetime_seconds must be positive");
  server::MintRequest request;
  request.patients = FLAGS_patients;
  request.doctors = FLAGS_doctors;
  request.receptionists = FLAGS_receptionists;
  request.clinic_admins = FLAGS_clinic_admins;
  request.now = base::RealClock::Get().WallNow() / base::kNanosPerSecond;
  request.lifetime_seconds = FLAGS_lifetime_seconds;
  if (FLAGS_role == "PATIENT") {
    request.patients = FLAGS_count;
  } else if (FLAGS_role == "DOCTOR") {
    request.doctors = FLAGS_count;
  } else if (FLAGS_role == "RECEPTIONIST") {
    request.receptionists = FLAGS_count;
  } else if (FLAGS_role == "CLINIC_ADMIN") {
    request.clinic_admins = FLAGS_count;
  } else if (!FLAGS_role.empty()) {
    return Fail("--role=" + FLAGS_role +
                ": expected PATIENT, DOCTOR, RECEPTIONIST or CLINIC_ADMIN");
  }
  if (request.patients + request.doctors + request.receptionists + request.clinic_admins == 0) {
    return Fail("nothing to do: give --patients, --doctors, --receptionists or --clinic_admins");
  }
  model::CatalogueSizes sizes;
  sizes.clinics = FLAGS_seed_clinics;
  sizes.doctors_per_clinic = FLAGS_seed_doctors_per_clinic;
  sizes.patients_per_clinic = FLAGS_seed_patients_per_clinic;
  sizes.receptionists_per_clinic = FLAGS_seed_receptionists_per_clinic;
  if (absl::Status status = model::Catalogue::Validate(sizes); !status.ok()) {
    return Fail(std::string(status.message()));
  }
  const auto key = server::LoadSigningKey(base::ResolvePath(FLAGS_signing_key_file));
  if (!key.ok()) return Fail(std::string(key.status().message()));
  std::ios::sync_with_stdio(false);
  const absl::Status status = server::MintTokens(*key, model::Catalogue(sizes), request, std::cout);
  return status.ok() ? 0 : Fail(std::string(status.message()));
}
