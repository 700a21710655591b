#include "server/auth/access_verifier.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace server {
namespace {

constexpr int64_t kWall = 1'800'000'000;

class AccessVerifierTest : public ::testing::Test {
 protected:
  AccessVerifierTest() : clock_(0, kWall * base::kNanosPerSecond) {
    revocations_.Refreshed(0, kWall);
  }

  std::string Header(const std::string& session = "session", int64_t lifetime = 900) {
    TokenClaims claims;
    claims.user_id = "user";
    claims.clinic_id = "clinic";
    claims.session_id = session;
    claims.token_id = "jti";
    claims.issued_at = kWall;
    claims.expires_at = kWall + lifetime;
    return absl::StrCat("Bearer ", *SignToken(key_, claims));
  }
  absl::StatusCode Try(const std::string& header) {
    return verifier_.Verify(header).status().code();
  }
  void Advance(int64_t seconds) {
    clock_.Advance(seconds * base::kNanosPerSecond);
    revocations_.Refreshed(clock_.Now(), clock_.WallNow() / base::kNanosPerSecond);
  }

  SigningKey key_ = {"kid", std::string(32, 's')};
  base::ManualClock clock_;
  Revocations revocations_;
  AccessVerifier verifier_{key_, revocations_, clock_, 3};
};

TEST_F(AccessVerifierTest, RemembersVerifiedTokensOnly) {
  const std::string header = Header();
  ASSERT_EQ(Try(header), absl::StatusCode::kOk);
  ASSERT_EQ(Try(header), absl::StatusCode::kOk);
  EXPECT_EQ(verifier_.remembered(), 1u);
  EXPECT_EQ(Try("Bearer nonsense"), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Try(""), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Try("Basic abc"), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(verifier_.remembered(), 1u);
}

TEST_F(AccessVerifierTest, ARememberedTokenExpires) {
  const std::string header = Header("s", 10);
  EXPECT_EQ(Try(header), absl::StatusCode::kOk);
  Advance(10);
  EXPECT_EQ(Try(header), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(verifier_.remembered(), 0u);
  EXPECT_EQ(Try(header), absl::StatusCode::kUnauthenticated);
}

TEST_F(AccessVerifierTest, ARememberedTokenOfAnEndedSessionIsRefused) {
  const std::string header = Header("ended");
  const std::string other = Header("other");
  EXPECT_EQ(Try(header), absl::StatusCode::kOk);
  revocations_.Add("ended", kWall + 900);
  EXPECT_EQ(Try(header), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Try(other), absl::StatusCode::kOk);
}

TEST_F(AccessVerifierTest, FailsClosedWhenEndedSessionsAreNotKnown) {
  const std::string header = Header();
  EXPECT_EQ(Try(header), absl::StatusCode::kOk);
  clock_.Advance(Revocations::kMostStaleness + 1);
  EXPECT_EQ(Try(header), absl::StatusCode::kUnavailable);
}

TEST_F(AccessVerifierTest, ForgetsTheLeastRecentlyUsed) {
  const std::string first = Header("1");
  EXPECT_EQ(Try(first), absl::StatusCode::kOk);
  for (int i = 2; i < 10; ++i) {
    EXPECT_EQ(Try(Header(absl::StrCat(i))), absl::StatusCode::kOk);
    EXPECT_EQ(Try(first), absl::StatusCode::kOk);
  }
  EXPECT_EQ(verifier_.remembered(), 3u);
}

TEST(RevocationsTest, ForgetsWhenTheTokensHaveExpired) {
  Revocations revocations;
  revocations.Add("a", 100);
  revocations.Add("b", 5000);
  revocations.Refreshed(100 * base::kNanosPerSecond, 200);
  EXPECT_EQ(revocations.size(), 1u);
  EXPECT_EQ(revocations.Check("b", 100 * base::kNanosPerSecond).code(),
            absl::StatusCode::kUnauthenticated);
  EXPECT_TRUE(revocations.Check("c", 100 * base::kNanosPerSecond).ok());
}

TEST(RevocationsTest, KnowsNothingBeforeTheFirstFetch) {
  EXPECT_EQ(Revocations().Check("a", 0).code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace server
