#include "tests/conformance/crossing.h"

#include <cmath>

#include "gtest/gtest.h"

namespace conformance {
namespace {

// p95 doubles with every 100 users: 50 ms at 1,000 users.
double Curve(uint64_t users) { return 50 * std::exp2((static_cast<double>(users) - 1000) / 100); }

TEST(CrossingTest, APredictedOneIsFoundByHalving) {
  int runs = 0;
  const auto found = FindCrossing(100, 3000, 50, [&](uint64_t users) -> absl::StatusOr<double> {
    ++runs;
    return Curve(users);
  });
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_NEAR(static_cast<double>(*found), 1000, 1);
  EXPECT_LE(runs, 12);
  EXPECT_FALSE(FindCrossing(100, 300, 50, [](uint64_t users) { return Curve(users); }).ok());
}

TEST(CrossingTest, AMeasuredOneIsSearchedFromThePredictedLoadUpOrDown) {
  for (double predicted : {800.0, 990.0, 1250.0}) {
    const auto found = SearchCrossing(predicted, 50, [](uint64_t users) { return Curve(users); });
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_TRUE(found->reached);
    EXPECT_NEAR(found->users, 1000, 1) << predicted;
    EXPECT_LE(found->tried.size(), 9u);
  }
}

TEST(CrossingTest, OneThatIsNotReachedIsALowerBound) {
  const auto found = SearchCrossing(100, 50, [](uint64_t users) { return Curve(users); });
  ASSERT_TRUE(found.ok());
  EXPECT_FALSE(found->reached);
  EXPECT_EQ(found->tried.size(), 9u);
  EXPECT_EQ(found->users, found->tried.back().load);
  EXPECT_GT(found->users, 150);
}

TEST(CrossingTest, ARunThatFailsEndsTheSearch) {
  const auto found = SearchCrossing(
      100, 50, [](uint64_t) -> absl::StatusOr<double> { return absl::CancelledError("stop"); });
  EXPECT_TRUE(absl::IsCancelled(found.status()));
}

}  // namespace
}  // namespace conformance
