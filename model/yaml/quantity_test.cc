#include "model/yaml/quantity.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace model {
namespace {

using ::testing::HasSubstr;

TEST(Quantity, Durations) {
  EXPECT_DOUBLE_EQ(*ParseSeconds("250ms"), 0.25);
  EXPECT_DOUBLE_EQ(*ParseSeconds("60s"), 60);
  EXPECT_DOUBLE_EQ(*ParseSeconds("1m30s"), 90);
  EXPECT_DOUBLE_EQ(*ParseSeconds("2h"), 7200);
  EXPECT_DOUBLE_EQ(*ParseSeconds("1.5s"), 1.5);
  EXPECT_DOUBLE_EQ(*ParseSeconds("0"), 0);
  for (const char* bad : {"", "60", "-5s", "+5s", "5 s", "5d", "inf", "s", "5s x"}) {
    EXPECT_FALSE(ParseSeconds(bad).ok()) << bad;
  }
}

TEST(Quantity, WholeNumbers) {
  EXPECT_EQ(*ParseCount("0"), 0u);
  EXPECT_EQ(*ParseCount("18446744073709551615"), ~uint64_t{0});
  EXPECT_EQ(*ParseInteger("-7"), -7);
  for (const char* bad :
       {"", "-1", "+1", "1.0", "1e3", "0x10", "1_000", " 1", "abc", "18446744073709551616"}) {
    EXPECT_FALSE(ParseCount(bad).ok()) << bad;
  }
  EXPECT_THAT(std::string(ParseCount("012").status().message()), HasSubstr("leading zero"));
}

TEST(Quantity, Numbers) {
  EXPECT_DOUBLE_EQ(*ParseNumber("0.95"), 0.95);
  EXPECT_DOUBLE_EQ(*ParseNumber("-3"), -3);
  EXPECT_DOUBLE_EQ(*ParseNumber("1e6"), 1e6);
  for (const char* bad : {"", "nan", "inf", "-inf", ".5", "1,5", "012", "1e999", "0x1p3"}) {
    EXPECT_FALSE(ParseNumber(bad).ok()) << bad;
  }
}

TEST(Quantity, Sizes) {
  EXPECT_EQ(*ParseBytes("16Gi"), uint64_t{16} << 30);
  EXPECT_EQ(*ParseBytes("1.5Ki"), 1536u);
  EXPECT_EQ(*ParseBytes("500M"), 500'000'000u);
  EXPECT_EQ(*ParseBytes("1024"), 1024u);
  EXPECT_EQ(*ParseMillicores("500m"), 500u);
  EXPECT_EQ(*ParseMillicores("2"), 2000u);
  EXPECT_EQ(*ParseMillicores("0.25"), 250u);
  for (const char* bad : {"", "Gi", "1GB", "-1Gi", "1 Gi", "99999999Ti"}) {
    EXPECT_FALSE(ParseBytes(bad).ok()) << bad;
  }
  for (const char* bad : {"", "m", "0.5m", "0.0001", "2cores"}) {
    EXPECT_FALSE(ParseMillicores(bad).ok()) << bad;
  }
}

TEST(Quantity, Booleans) {
  EXPECT_TRUE(*ParseBool("true"));
  EXPECT_FALSE(*ParseBool("false"));
  EXPECT_FALSE(ParseBool("yes").ok());
}

}  // namespace
}  // namespace model
