#include "server/auth/token.h"

#include <gtest/gtest.h>
#include <jwt.h>
#include <openssl/hmac.h>

#include <fstream>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace server {
namespace {

constexpr int64_t kNow = 1'800'000'000;

SigningKey Key() { return {"key-1", std::string(32, 'k')}; }

TokenClaims Claims() {
  TokenClaims claims;
  claims.user_id = "11111111-1111-4111-8111-111111111111";
  claims.role = Role::kDoctor;
  claims.clinic_id = "22222222-2222-4222-8222-222222222222";
  claims.email = "doctor@praxis.example";
  claims.session_id = "33333333-3333-4333-8333-333333333333";
  claims.token_id = "jti";
  claims.issued_at = kNow;
  claims.expires_at = kNow + kAccessTokenSeconds;
  return claims;
}

// A token with any header and claims, correctly signed with the key.
std::string Forge(const std::string& header, const std::string& claims) {
  auto encode = [](const std::string& text) { return absl::WebSafeBase64Escape(text); };
  const std::string body = absl::StrCat(encode(header), ".", encode(claims));
  unsigned char mac[32];
  unsigned int length = 0;
  HMAC(EVP_sha256(), Key().secret.data(), 32, reinterpret_cast<const unsigned char*>(body.data()),
       body.size(), mac, &length);
  return absl::StrCat(body, ".", encode(std::string(reinterpret_cast<char*>(mac), length)));
}

std::string ClaimsJson(const std::string& typ = "access") {
  return absl::StrCat(
      R"({"sub":"u","role":"DOCTOR","clinicId":"c","email":"e","sid":"s","jti":"j",)", R"("typ":")",
      typ, R"(","iat":)", kNow, R"(,"exp":)", kNow + 60, "}");
}

constexpr char kHeader[] = R"({"alg":"HS256","typ":"JWT","kid":"key-1"})";

TEST(TokenTest, RoundTrip) {
  const auto token = SignToken(Key(), Claims());
  ASSERT_TRUE(token.ok()) << token.status();
  const auto claims = VerifyToken(Key(), *token, TokenType::kAccess, kNow);
  ASSERT_TRUE(claims.ok()) << claims.status();
  EXPECT_EQ(claims->user_id, Claims().user_id);
  EXPECT_EQ(claims->role, Role::kDoctor);
  EXPECT_EQ(claims->clinic_id, Claims().clinic_id);
  EXPECT_EQ(claims->session_id, Claims().session_id);
  EXPECT_EQ(claims->expires_at, Claims().expires_at);
}

TEST(TokenTest, AForgedTokenWithTheRightKeyAndClaimsVerifies) {
  // So that the refusals below are refused for what they change.
  EXPECT_TRUE(VerifyToken(Key(), Forge(kHeader, ClaimsJson()), TokenType::kAccess, kNow).ok());
}

struct Refusal {
  const char* name;
  std::string token;
};

class TokenRefusalTest : public ::testing::TestWithParam<Refusal> {};

TEST_P(TokenRefusalTest, IsUnauthenticated) {
  const auto claims = VerifyToken(Key(), GetParam().token, TokenType::kAccess, kNow);
  EXPECT_EQ(claims.status().code(), absl::StatusCode::kUnauthenticated) << claims.status();
}

std::string Unsigned(const std::string& alg) {
  return absl::StrCat(absl::WebSafeBase64Escape(
                          absl::StrCat(R"({"alg":")", alg, R"(","typ":"JWT","kid":"key-1"})")),
                      ".", absl::WebSafeBase64Escape(ClaimsJson()), ".");
}

INSTANTIATE_TEST_SUITE_P(
    All, TokenRefusalTest,
    ::testing::Values(
        Refusal{"empty", ""}, Refusal{"text", "abc"}, Refusal{"dots", "a.b.c"},
        Refusal{"alg_none", Unsigned("none")}, Refusal{"alg_None", Unsigned("None")},
        Refusal{"no_signature", Unsigned("HS256")},
        Refusal{"alg_none_but_signed",
                Forge(R"({"alg":"none","typ":"JWT","kid":"key-1"})", ClaimsJson())},
        Refusal{"alg_hs384_header",
                Forge(R"({"alg":"HS384","typ":"JWT","kid":"key-1"})", ClaimsJson())},
        Refusal{"wrong_kid", Forge(R"({"alg":"HS256","typ":"JWT","kid":"key-2"})", ClaimsJson())},
        Refusal{"no_kid", Forge(R"({"alg":"HS256","typ":"JWT"})", ClaimsJson())},
        Refusal{"refresh_as_access", Forge(kHeader, ClaimsJson("refresh"))},
        Refusal{"no_typ", Forge(kHeader, R"({"sub":"u","role":"DOCTOR","clinicId":"c","sid":"s",)"
                                         R"("jti":"j","iat":1,"exp":1900000000})")},
        Refusal{"no_exp", Forge(kHeader, R"({"sub":"u","role":"DOCTOR","clinicId":"c","sid":"s",)"
                                         R"("jti":"j","typ":"access","iat":1})")},
        Refusal{"unknown_role",
                Forge(kHeader, R"({"sub":"u","role":"ROOT","clinicId":"c","sid":"s","jti":"j",)"
                               R"("typ":"access","iat":1,"exp":1900000000})")},
        Refusal{"no_clinic", Forge(kHeader, R"({"sub":"u","role":"DOCTOR","sid":"s","jti":"j",)"
                                            R"("typ":"access","iat":1,"exp":1900000000})")}),
    [](const auto& info) { return info.param.name; });

TEST(TokenTest, OtherKeysAndChangedTokensAreRefused) {
  const std::string token = *SignToken(Key(), Claims());
  SigningKey other = Key();
  other.secret[0] = 'x';
  EXPECT_FALSE(VerifyToken(other, token, TokenType::kAccess, kNow).ok());
  for (size_t i = token.find('.') + 1; i < token.size(); i += 7) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    if (i + 1 == token.size()) continue;  // the last digit has bits that nobody reads
    EXPECT_FALSE(VerifyToken(Key(), changed, TokenType::kAccess, kNow).ok()) << i;
  }
}

TEST(TokenTest, ExpiryIsExclusive) {
  const std::string token = *SignToken(Key(), Claims());
  EXPECT_TRUE(VerifyToken(Key(), token, TokenType::kAccess, Claims().expires_at - 1).ok());
  EXPECT_FALSE(VerifyToken(Key(), token, TokenType::kAccess, Claims().expires_at).ok());
}

TEST(TokenTest, TypesAreNotMixedUp) {
  TokenClaims claims = Claims();
  claims.type = TokenType::kRefresh;
  const std::string refresh = *SignToken(Key(), claims);
  EXPECT_TRUE(VerifyToken(Key(), refresh, TokenType::kRefresh, kNow).ok());
  EXPECT_FALSE(VerifyToken(Key(), refresh, TokenType::kAccess, kNow).ok());
  const std::string access = *SignToken(Key(), Claims());
  EXPECT_FALSE(VerifyToken(Key(), access, TokenType::kRefresh, kNow).ok());
}

TEST(SigningKeyTest, IsMadeOnceAndReadAgain) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/key-", getpid(), ".json");
  const auto made = LoadOrCreateSigningKey(path);
  ASSERT_TRUE(made.ok()) << made.status();
  const auto again = LoadOrCreateSigningKey(path);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(made->secret, again->secret);
  EXPECT_EQ(made->kid, again->kid);
  EXPECT_EQ(made->secret.size(), 32u);
}

TEST(SigningKeyTest, ErrorsNameTheFileAndWhatIsExpected) {
  EXPECT_TRUE(absl::StrContains(LoadSigningKey("/nowhere/k").status().message(), "/nowhere/k"));
  const std::string path = absl::StrCat(::testing::TempDir(), "/bad-", getpid(), ".json");
  std::ofstream(path) << R"({"kid":"a","key_hex":"12"})";
  const absl::Status status = LoadSigningKey(path).status();
  EXPECT_TRUE(absl::StrContains(status.message(), path));
  EXPECT_TRUE(absl::StrContains(status.message(), "key_hex"));
}

}  // namespace
}  // namespace server
