#include "server/auth/mint.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace server {
namespace {

TEST(MintTest, TokensNameTheSeededUsersAndVerify) {
  const SigningKey key = {"kid", std::string(32, 's')};
  const model::Catalogue catalogue({.clinics = 2, .doctors_per_clinic = 1});
  std::ostringstream out;
  const MintRequest request = {
      .patients = 3, .doctors = 2, .receptionists = 1, .now = 1000, .lifetime_seconds = 60};
  ASSERT_TRUE(MintTokens(key, catalogue, request, out).ok());
  std::istringstream lines(out.str());
  std::string role;
  std::string user;
  std::string clinic;
  std::string token;
  uint64_t index = 0;
  int count = 0;
  while (lines >> role >> index >> user >> clinic >> token) {
    ++count;
    const auto claims = VerifyToken(key, token, TokenType::kAccess, 1059);
    ASSERT_TRUE(claims.ok()) << claims.status();
    EXPECT_EQ(RoleName(claims->role), role);
    EXPECT_EQ(claims->user_id, user);
    EXPECT_EQ(claims->clinic_id, clinic);
    const auto entity = catalogue.Get(*model::EntityFromRole(role), index);
    EXPECT_EQ(entity.id, user);
    EXPECT_EQ(entity.clinic_id, clinic);
  }
  EXPECT_EQ(count, 6);
}

TEST(MintTest, MoreUsersThanSeededIsAnError) {
  const model::Catalogue catalogue({.clinics = 1, .doctors_per_clinic = 2});
  std::ostringstream out;
  const absl::Status status = MintTokens({"kid", std::string(32, 's')}, catalogue,
                                         {.doctors = 3, .now = 1, .lifetime_seconds = 1}, out);
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace server
