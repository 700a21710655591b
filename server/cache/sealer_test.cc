#include "server/cache/sealer.h"

#include <gtest/gtest.h>

namespace server {
namespace {

const std::string kSecret(32, 's');

TEST(SealerTest, OpensWhatItSealed) {
  Sealer sealer(kSecret);
  for (const std::string& plain : {std::string(), std::string("x"), std::string(100000, 'p')}) {
    EXPECT_EQ(sealer.Open("here", sealer.Seal("here", plain)), plain);
  }
}

TEST(SealerTest, AnotherProcessWithTheSecretOpensIt) {
  EXPECT_EQ(Sealer(kSecret).Open("here", Sealer(kSecret).Seal("here", "value")), "value");
}

TEST(SealerTest, HidesTheValueAndNeverRepeats) {
  Sealer sealer(kSecret);
  const std::string sealed = sealer.Seal("here", "penicillin");
  EXPECT_EQ(sealed.find("penicillin"), std::string::npos);
  EXPECT_NE(sealed, sealer.Seal("here", "penicillin"));
}

TEST(SealerTest, RefusesAnotherPlaceKeyOrByte) {
  Sealer sealer(kSecret);
  std::string sealed = sealer.Seal("clinic-a", "value");
  EXPECT_FALSE(sealer.Open("clinic-b", sealed).has_value());
  EXPECT_FALSE(Sealer(std::string(32, 't')).Open("clinic-a", sealed).has_value());
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(sealer.Open("clinic-a", changed).has_value()) << i;
  }
  EXPECT_FALSE(sealer.Open("clinic-a", sealed.substr(0, 10)).has_value());
}

}  // namespace
}  // namespace server
