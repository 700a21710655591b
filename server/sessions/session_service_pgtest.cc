#include "server/sessions/session_service.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/auth/password.h"
#include "server/sessions/revocation_feed.h"
#include "server/testing/run_task.h"
#include "server/testing/test_database.h"

namespace server {
namespace {

using std::chrono_literals::operator""s;  // NOLINT(misc-unused-using-decls): it is used

// A worker's share of it all, as often as one wants.
struct Worker {
  explicit Worker(boost::asio::io_context& loop, const SigningKey& key)
      : database(loop, TestDatabase::Get().app_options()),
        pool(loop, 1),
        sessions(key, *HashPassword("decoy"), database, pool, revocations, base::RealClock::Get()),
        feed(loop, database, revocations, base::RealClock::Get()) {
    database.Start();
    EXPECT_TRUE(RunTask(loop, database.Ready(In(10s))).ok());
  }
  Database database;
  BlockingPool pool;
  Revocations revocations;
  SessionService sessions;
  RevocationFeed feed;
};

class SessionServiceTest : public ::testing::Test {
 protected:
  absl::StatusOr<SignedIn> Login(const std::string& email, const std::string& password) {
    return RunTask(loop_, worker_.sessions.Login(email, password, In(10s), &cost_));
  }
  absl::StatusOr<SignedIn> Refresh(const std::string& token) {
    return RunTask(loop_, worker_.sessions.Refresh(token, In(10s), &cost_));
  }
  absl::Status Check(Worker& worker, const std::string& session) {
    EXPECT_TRUE(RunTask(loop_, worker.feed.Fetch()).ok());
    return worker.revocations.Check(session, base::RealClock::Get().Now());
  }
  static std::string Email() {
    return TestDatabase::Get().catalogue().Get(model::EntityKind::kDoctor, 0).email;
  }

  boost::asio::io_context loop_{1};
  SigningKey key_ = {"kid", std::string(32, 's')};
  RequestCost cost_;
  Worker worker_{loop_, key_};
  Worker other_{loop_, key_};
};

TEST_F(SessionServiceTest, LoginGivesTokensOfTheUser) {
  const auto signed_in = Login(Email(), "Praxis-Demo-1");
  ASSERT_TRUE(signed_in.ok()) << signed_in.status();
  const auto doctor = TestDatabase::Get().catalogue().Get(model::EntityKind::kDoctor, 0);
  EXPECT_EQ(signed_in->user_id, doctor.id);
  EXPECT_EQ(signed_in->role, "DOCTOR");
  EXPECT_EQ(signed_in->clinic_id, doctor.clinic_id);
  const int64_t now = base::RealClock::Get().WallNow() / base::kNanosPerSecond;
  const auto access = VerifyToken(key_, signed_in->access_token, TokenType::kAccess, now);
  ASSERT_TRUE(access.ok());
  EXPECT_EQ(access->session_id, signed_in->session_id);
  EXPECT_GT(cost_.blocking_cpu_ns, 1'000'000);
  EXPECT_EQ(TestDatabase::Get().Ask(absl::StrCat(
                "SELECT user_id FROM sessions WHERE session_id = '", signed_in->session_id, "'")),
            doctor.id);
}

TEST_F(SessionServiceTest, LoginFailsAlikeForWrongPasswordAndUnknownEmail) {
  const absl::Status wrong = Login(Email(), "wrong").status();
  const int64_t work = cost_.blocking_cpu_ns;
  const absl::Status unknown = Login("nobody@praxis.example", "Praxis-Demo-1").status();
  EXPECT_EQ(wrong.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(unknown, wrong);
  // The decoy is checked with the same parameters.
  EXPECT_GT(cost_.blocking_cpu_ns - work, work / 3);
}

TEST_F(SessionServiceTest, RefreshRotates) {
  const auto first = Login(Email(), "Praxis-Demo-1");
  ASSERT_TRUE(first.ok());
  const auto second = Refresh(first->refresh_token);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->session_id, first->session_id);
  EXPECT_NE(second->refresh_token, first->refresh_token);
  EXPECT_TRUE(Refresh(second->refresh_token).ok());
}

TEST_F(SessionServiceTest, AnAccessTokenDoesNotRefresh) {
  const auto signed_in = Login(Email(), "Praxis-Demo-1");
  ASSERT_TRUE(signed_in.ok());
  EXPECT_EQ(Refresh(signed_in->access_token).status().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(SessionServiceTest, AReusedRefreshTokenEndsTheSessionEverywhere) {
  const auto first = Login(Email(), "Praxis-Demo-1");
  const auto second = Refresh(first->refresh_token);
  ASSERT_TRUE(second.ok());
  EXPECT_TRUE(Check(other_, first->session_id).ok());
  const absl::Status reused = Refresh(first->refresh_token).status();
  EXPECT_EQ(reused.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_TRUE(absl::StrContains(reused.message(), "reused"));
  EXPECT_EQ(Refresh(second->refresh_token).status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Check(worker_, first->session_id).code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Check(other_, first->session_id).code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(SessionServiceTest, LogoutEndsTheSessionEverywhere) {
  const auto signed_in = Login(Email(), "Praxis-Demo-1");
  ASSERT_TRUE(signed_in.ok());
  EXPECT_TRUE(Check(other_, signed_in->session_id).ok());
  const int64_t expires = base::RealClock::Get().WallNow() / base::kNanosPerSecond + 900;
  EXPECT_TRUE(
      RunTask(loop_, worker_.sessions.Logout(signed_in->session_id, expires, In(10s), &cost_))
          .ok());
  EXPECT_EQ(worker_.revocations.Check(signed_in->session_id, 0).code(),
            absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Check(other_, signed_in->session_id).code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Refresh(signed_in->refresh_token).status().code(), absl::StatusCode::kUnauthenticated);
  // A worker that starts later learns of it too.
  Worker late(loop_, key_);
  EXPECT_EQ(Check(late, signed_in->session_id).code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(SessionServiceTest, AMintedSessionWithoutARowCanBeEnded) {
  const std::string session = "0a1b2c3d-0000-4000-8000-0123456789ab";
  const int64_t expires = base::RealClock::Get().WallNow() / base::kNanosPerSecond + 86400;
  EXPECT_TRUE(RunTask(loop_, worker_.sessions.Logout(session, expires, In(10s), &cost_)).ok());
  EXPECT_EQ(Check(other_, session).code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(TestDatabase::Get().Ask("SELECT extract(epoch FROM forget_at)::bigint FROM "
                                    "revoked_sessions WHERE session_id = '" +
                                    session + "'"),
            absl::StrCat(expires));
}

TEST_F(SessionServiceTest, TheApplicationRoleSeesNoRevocationsOfItsOwn) {
  EXPECT_EQ(TestDatabase::Get().Ask(
                "SELECT has_table_privilege('praxis_app', 'revoked_sessions', 'SELECT')"),
            "f");
}

}  // namespace
}  // namespace server
