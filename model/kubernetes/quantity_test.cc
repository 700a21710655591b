#include "model/kubernetes/quantity.h"

#include <gtest/gtest.h>

#include <limits>

namespace model::kubernetes {
namespace {

TEST(Quantity, InMilliUnits) {
  const std::pair<const char*, int64_t> cases[] = {{"500m", 500},
                                                   {"2", 2000},
                                                   {"1Gi", (1ll << 30) * 1000},
                                                   {"1e3", 1'000'000},
                                                   {"1E3", 1'000'000},
                                                   {"1E", 9223372036854775807ll},
                                                   {"0.1", 100},
                                                   {"1.5", 1500},
                                                   {".5", 500},
                                                   {"100n", 1},
                                                   {"1500u", 2},
                                                   {"1.0001m", 2},
                                                   {"0", 0},
                                                   {"-1", -1000},
                                                   {"1k", 1'000'000},
                                                   {"12e-1", 1200},
                                                   {"1.5Gi", 3ll * (1ll << 29) * 1000}};
  for (const auto& [text, milli] : cases) {
    const auto parsed = ParseQuantityMilli(text);
    ASSERT_TRUE(parsed.ok()) << text << " " << parsed.status();
    EXPECT_EQ(*parsed, milli) << text;
  }
}

TEST(Quantity, InUnitsRoundsUp) {
  EXPECT_EQ(ParseQuantityUnits("1500m").value(), 2);
  EXPECT_EQ(ParseQuantityUnits("2Gi").value(), 2ll << 30);
}

TEST(Quantity, Saturates) {
  EXPECT_EQ(ParseQuantityMilli("1000E").value(), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(ParseQuantityMilli("999999999999999999999999Ei").value(),
            std::numeric_limits<int64_t>::max());
}

TEST(Quantity, RefusesWhatIsNone) {
  for (const char* text : {"", "1GB", "abc", "1.2.3", "--1", "1 Gi", "Gi", "1e", "1e99", "0x10",
                           "10000000000000000000000000000000000000000", "1i", "."}) {
    EXPECT_FALSE(ParseQuantityMilli(text).ok()) << text;
  }
}

}  // namespace
}  // namespace model::kubernetes
