// Tenancy as the database enforces it, seen by the role that the server uses.

#include <gtest/gtest.h>

#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/postgres/database.h"
#include "server/schema/schema.h"
#include "server/testing/run_task.h"
#include "server/testing/test_database.h"

namespace server {
namespace {

using Result = absl::StatusOr<SegmentResult>;

constexpr Statement kCountPatients{"t_patients", "SELECT count(*) FROM patients"};
constexpr Statement kCountClinics{"t_clinics",
                                  "SELECT count(*), min(clinic_id::text) FROM clinics"};
constexpr Statement kBook{"t_book",
                          "INSERT INTO appointments (clinic_id, doctor_id, patient_id, slot_start, "
                          "type) VALUES ($1, $2, $3, '2031-01-01 09:00', 'IN_PERSON')"};
constexpr Statement kMove{"t_move", "UPDATE appointments SET clinic_id = $1"};
constexpr Statement kHash{"t_hash", "SELECT password_hash FROM users"};
constexpr Statement kDeleteAudit{"t_delete_audit", "DELETE FROM audit_log"};
constexpr Statement kForgeAudit{
    "t_forge_audit",
    "INSERT INTO audit_log (writer, sequence, actor_role, action, resource, request_id, outcome) "
    "VALUES (gen_random_uuid(), 1, '', '', '', '', '')"};
constexpr Statement kLogin{"t_login", "SELECT * FROM login_lookup($1)"};
constexpr Statement kCreateSession{"t_create", "SELECT session_create($1, $2, $3, 3600)"};
constexpr Statement kRotate{"t_rotate",
                            "SELECT outcome, email FROM session_rotate($1, $2, $3, 3600)"};
constexpr Statement kRevoke{"t_revoke", "SELECT session_revoke($1)"};
constexpr Statement kSessions{"t_sessions", "SELECT count(*) FROM sessions"};

class RowSecurityTest : public ::testing::Test {
 protected:
  RowSecurityTest() : database_(loop_, stack_.app_options()) {
    database_.Start();
    EXPECT_TRUE(RunTask(loop_, database_.Ready(In(std::chrono::seconds(5)))).ok());
  }

  Result Run(Segment segment, const Statement& statement,
             std::vector<Segment::Parameter> parameters = {}) {
    segment.Add(statement, std::move(parameters));
    return RunTask(loop_, database_.Run(std::move(segment), In(std::chrono::seconds(5)), nullptr));
  }
  std::string Rotate(const char* session, const char* old_jti, const char* new_jti) {
    const Result result = Run(Segment::WithoutClinic(true), kRotate, {session, old_jti, new_jti});
    return result.ok() ? std::string(result->at(0).Text(0, 0)) : result.status().ToString();
  }

  TestDatabase& stack_ = TestDatabase::Get();
  const model::Catalogue& catalogue_ = stack_.catalogue();
  const std::string clinic_a_ = catalogue_.clinic(0).id;
  const std::string clinic_b_ = catalogue_.clinic(1).id;
  boost::asio::io_context loop_{1};
  Database database_;
};

TEST_F(RowSecurityTest, TheServersRoleCannotStepAroundPolicies) {
  EXPECT_EQ(stack_.Ask("SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles "
                       "WHERE rolname = 'praxis_app'"),
            "f");
  EXPECT_EQ(stack_.Ask("SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = "
                       "'public'::regnamespace AND pg_get_userbyid(relowner) = 'praxis_app'"),
            "0");
}

TEST_F(RowSecurityTest, EveryTableOfAClinicIsForced) {
  EXPECT_EQ(stack_.Ask("SELECT string_agg(c.relname, ',') FROM pg_class c JOIN pg_attribute a ON "
                       "a.attrelid = c.oid AND a.attname = 'clinic_id' WHERE c.relkind = 'r' AND "
                       "c.relnamespace = 'public'::regnamespace AND NOT (c.relrowsecurity AND "
                       "c.relforcerowsecurity)"),
            "");
}

TEST_F(RowSecurityTest, WithoutAClinicThereAreNoRows) {
  EXPECT_EQ(Run(Segment::Read(""), kCountPatients)->at(0).Integer(0, 0), 0);
  ASSERT_EQ(Run(Segment::Read(clinic_a_), kCountPatients)->at(0).Integer(0, 0), 5);
  // The setting of an earlier transaction leaves '' behind, not NULL.
  EXPECT_EQ(Run(Segment::Read(""), kCountPatients)->at(0).Integer(0, 0), 0);
}

TEST_F(RowSecurityTest, AClinicSeesItselfOnly) {
  const Result result = Run(Segment::Read(clinic_b_), kCountClinics);
  EXPECT_EQ(result->at(0).Integer(0, 0), 1);
  EXPECT_EQ(result->at(0).Text(0, 1), clinic_b_);
}

TEST_F(RowSecurityTest, WritingIntoAnotherClinicIsRefused) {
  const std::string doctor = catalogue_.doctor(1).id;  // of clinic b
  const std::string patient = catalogue_.patient(1).id;
  const Result stranger = Run(Segment::Write(clinic_a_), kBook, {clinic_b_, doctor, patient});
  EXPECT_EQ(stranger.status().code(), absl::StatusCode::kPermissionDenied) << stranger.status();
  // Own clinic, another clinic's doctor: the two-column key.
  const Result mixed =
      Run(Segment::Write(clinic_a_), kBook, {clinic_a_, doctor, catalogue_.patient(0).id});
  EXPECT_EQ(mixed.status().code(), absl::StatusCode::kFailedPrecondition) << mixed.status();
  const Result moved = Run(Segment::Write(clinic_a_), kMove, {clinic_b_});
  EXPECT_EQ(moved.status().code(), absl::StatusCode::kPermissionDenied) << moved.status();
}

TEST_F(RowSecurityTest, PasswordHashesAndAuditRowsAreOutOfReach) {
  for (const Statement* statement : {&kHash, &kDeleteAudit, &kForgeAudit}) {
    EXPECT_EQ(Run(Segment::Write(clinic_a_), *statement).status().code(),
              absl::StatusCode::kPermissionDenied)
        << statement->sql;
  }
}

TEST_F(RowSecurityTest, LoginFindsAUserBeforeTheClinicIsKnown) {
  const model::Entity patient = catalogue_.patient(3);
  const Result result = Run(Segment::WithoutClinic(false), kLogin, {patient.email});
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->at(0).size(), 1);
  EXPECT_EQ(result->at(0).Text(0, 0), patient.id);
  EXPECT_EQ(result->at(0).Text(0, 1), patient.clinic_id);
  EXPECT_EQ(result->at(0).Text(0, 2), "PATIENT");
  EXPECT_EQ(result->at(0).Text(0, 4).substr(0, 10), "$argon2id$");
  EXPECT_EQ(Run(Segment::WithoutClinic(false), kLogin, {"nobody@x"})->at(0).size(), 0);
}

TEST_F(RowSecurityTest, ARefreshTokenIsGoodOnce) {
  constexpr char kSession[] = "11111111-1111-4111-8111-111111111111";
  ASSERT_TRUE(Run(Segment::WithoutClinic(true), kCreateSession,
                  {kSession, catalogue_.patient(0).id, "first"})
                  .ok());
  EXPECT_EQ(Rotate(kSession, "first", "second"), "rotated");
  EXPECT_EQ(Rotate(kSession, "first", "third"), "reused");
  // Somebody has a stolen token: the session is over for both.
  EXPECT_EQ(Rotate(kSession, "second", "third"), "revoked");
  EXPECT_EQ(Rotate("22222222-2222-4222-8222-222222222222", "x", "y"), "unknown");
  EXPECT_EQ(Run(Segment::Read(clinic_a_), kSessions).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_FALSE(Run(Segment::WithoutClinic(true), kRevoke, {kSession})->at(0).Boolean(0, 0));
}

TEST(SchemaTest, MigratingAndSeedingAgainChangesNothing) {
  TestDatabase& stack = TestDatabase::Get();
  const std::string count = "SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM vitals)";
  const std::string before = stack.Ask(count);
  EXPECT_EQ(*Migrate(stack.owner_url()), 0);
  EXPECT_TRUE(Seed(stack.owner_url(), stack.catalogue().sizes()).ok());
  EXPECT_EQ(stack.Ask(count), before);
}

TEST(SchemaTest, AChangedMigrationIsRefused) {
  TestDatabase& stack = TestDatabase::Get();
  pqxx::connection owner(stack.owner_url());
  pqxx::nontransaction(owner).exec("INSERT INTO schema_migrations VALUES ('9999_future', 'x')");
  const absl::StatusOr<int> newer = Migrate(stack.owner_url());
  pqxx::nontransaction(owner).exec("DELETE FROM schema_migrations WHERE name = '9999_future'");
  EXPECT_EQ(newer.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(std::string(newer.status().message()).find("9999_future"), std::string::npos);
}

}  // namespace
}  // namespace server
