// Every operation as every role on things of the own clinic, of another patient, of another clinic
// and of nobody: the status is the one the permissions say, no answer ever holds anything of
// another clinic (or, for a patient, of another patient), and every attempt on PHI is in the audit
// log.

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/routes/route_table.h"
#include "tests/e2e/leak_matrix.h"

namespace tests {
namespace {

using model::Entity;
using model::EntityKind;
using server::Role;

class TenancyLeakTest : public LeakMatrix {};

TEST_F(TenancyLeakTest, EveryOperationAsEveryRoleOnEverything) {
  for (uint64_t clinic = 0; clinic < 2; ++clinic) {
    for (const Actor& actor : Actors(clinic)) {
      for (const Target& target : Targets(clinic)) ProbeTarget(actor, clinic, target);
    }
  }
  RecordProperty("requests", requests());
}

// Only a super admin may name a clinic; from anybody else the header is no key, whatever the role
// may do otherwise.
TEST_F(TenancyLeakTest, NamingAnotherClinicOpensNothing) {
  const Target theirs = Targets(0)[2];
  for (Actor actor : Actors(0)) {
    if (actor.role == Role::kSuperAdmin) continue;
    for (const std::string& named : {ClinicId(1), std::string(kNobody), std::string("x")}) {
      actor.named_clinic = named;
      auto refused = [&](const char* operation, const char* method, const std::string& path,
                         const boost::json::value& body) {
        Expect(actor, operation, method, path, body, 403);
      };
      refused("appointments.availability", "GET",
              absl::StrCat("/api/v1/appointments/doctor/", theirs.doctor_id,
                           "/availability?date=2031-01-01"),
              nullptr);
      refused("appointments.get", "GET", "/api/v1/appointments/" + theirs.appointment_id, nullptr);
      refused("appointments.list", "GET", "/api/v1/appointments", nullptr);
      refused("appointments.mine", "GET", "/api/v1/appointments/my-appointments", nullptr);
      refused("appointments.cancel", "DELETE", "/api/v1/appointments/" + theirs.appointment_id,
              nullptr);
      refused("appointments.create", "POST", "/api/v1/appointments",
              Visit(theirs.doctor_id, theirs.patient_id));
      refused("ehr.comprehensive", "GET", "/api/v1/ehr/comprehensive/" + theirs.patient_id,
              nullptr);
      refused("ehr.add_vitals", "POST", "/api/v1/ehr/vitals",
              {{"userId", theirs.patient_id}, {"type", "HEIGHT"}, {"value", "180"}});
      refused("auth.logout", "POST", "/api/v1/auth/logout", nullptr);
    }
    // Its own clinic's name changes nothing.
    actor.named_clinic = actor.token_clinic;
    Expect(actor, "appointments.availability", "GET",
           absl::StrCat("/api/v1/appointments/doctor/", theirs.doctor_id,
                        "/availability?date=2031-01-01"),
           nullptr, 404);
  }
}

TEST_F(TenancyLeakTest, AClinicInTheBodyIsRefused) {
  for (const Actor& actor : Actors(0)) {
    for (const char* field : {"clinicId", "clinic_id", "role", "userRole"}) {
      boost::json::object visit =
          Visit(User(EntityKind::kDoctor, 1, 0).id, User(EntityKind::kPatient, 1, 0).id);
      visit[field] = ClinicId(1);
      Expect(actor, "appointments.create", "POST", "/api/v1/appointments", visit,
             May(actor.role, "appointments.create") ? 400 : 403);
      const boost::json::object vital = {{"userId", User(EntityKind::kPatient, 1, 0).id},
                                         {"type", "HEIGHT"},
                                         {"value", "180"},
                                         {field, ClinicId(1)}};
      Expect(actor, "ehr.add_vitals", "POST", "/api/v1/ehr/vitals", vital,
             May(actor.role, "ehr.add_vitals") ? 400 : 403);
    }
  }
}

TEST_F(TenancyLeakTest, PublicOperationsTellNothing) {
  const Actor nobody = {"nobody", Role::kPatient, kNobody, kNobody, "", ""};
  Expect(nobody, "health", "GET", "/health", nullptr, 200);
  Expect(nobody, "health.live", "GET", "/health/live", nullptr, 200);
  Expect(nobody, "health.ready", "GET", "/health/ready", nullptr, 200);
  Expect(nobody, "metrics", "GET", "/metrics", nullptr, 200);
  const std::string email = User(EntityKind::kDoctor, 1, 0).email;
  Expect(nobody, "auth.login", "POST", "/api/v1/auth/login",
         {{"email", email}, {"password", "wrong"}}, 401);
  Expect(nobody, "auth.refresh", "POST", "/api/v1/auth/refresh", {{"refreshToken", "x.y.z"}}, 401);
  // No token at all, on everything else.
  for (const auto& [operation, roles] : Permissions()) {
    const server::Route& route =
        server::Routes()[static_cast<size_t>(server::RouteIndex(operation))];
    const std::string path = absl::StrReplaceAll(
        std::string(route.path), {{":doctorId", kNobody}, {":userId", kNobody}, {":id", kNobody}});
    Expect(nobody, operation, std::string(server::MethodName(route.method)), path, nullptr, 401);
  }
  // A new operation must come into this matrix.
  for (const server::Route& route : server::Routes()) {
    EXPECT_TRUE(operations().contains(std::string(route.operation))) << route.operation;
  }
}

// Last: looks at all of the above.
TEST_F(TenancyLeakTest, EveryAttemptOnPhiIsRecorded) { ExpectAttemptsRecorded(100); }

}  // namespace
}  // namespace tests
