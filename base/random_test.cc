#include "base/random.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace base {
namespace {

using Block = std::array<uint32_t, 4>;

// Known answers of Random123 (kat_vectors, philox4x32 10).
TEST(RandomTest, PhiloxMatchesTheKnownAnswers) {
  EXPECT_EQ(Philox4x32({0, 0, 0, 0}, {0, 0}),
            (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(Philox4x32({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomTest, SameNamesSameNumbersAndCopiesContinue) {
  RandomStream a(7, 1, "users", "think");
  RandomStream b(7, 1, "users", "think");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(a.NextU64(), b.NextU64());
  RandomStream copy = a;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(a.NextU64(), copy.NextU64());
}

TEST(RandomTest, EveryNamePartMakesAnotherStream) {
  std::vector<RandomStream> streams = {
      {7, 1, "users", "think"},    {8, 1, "users", "think"}, {7, 2, "users", "think"},
      {7, 1, "user", "sthink"},    {7, 1, "pods", "think"},  {7, 1, "users", "route"},
      {7, 1, "users", "think", 1}, {7, 1, "think", "users"}, {1, 7, "users", "think"},
  };
  std::set<uint64_t> seen;
  for (RandomStream& stream : streams) {
    for (int i = 0; i < 1000; ++i) seen.insert(stream.NextU64());
  }
  EXPECT_EQ(seen.size(), streams.size() * 1000);
}

TEST(RandomTest, WithIndexEqualsConstructingWithThatIndex) {
  RandomStream base(7, 1, "users", "think");
  base.NextU64();
  RandomStream by_index = base.WithIndex(42);
  RandomStream made(7, 1, "users", "think", 42);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(by_index.NextU64(), made.NextU64());
}

struct Moments {
  double mean;
  double variance;
};

template <typename Draw>
Moments Measure(int n, Draw draw) {
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < n; ++i) {
    const double x = draw();
    sum += x;
    squares += x * x;
  }
  return {sum / n, squares / n - (sum / n) * (sum / n)};
}

constexpr int kDraws = 1'000'000;

TEST(RandomTest, UniformHasItsMomentsAndIsOpen) {
  RandomStream stream(1, 0, "test", "uniform");
  double low = 1;
  double high = 0;
  const Moments m = Measure(kDraws, [&] {
    const double x = stream.Uniform01();
    low = std::min(low, x);
    high = std::max(high, x);
    return x;
  });
  EXPECT_NEAR(m.mean, 0.5, 0.0015);
  EXPECT_NEAR(m.variance, 1.0 / 12, 0.0005);
  EXPECT_GT(low, 0.0);
  EXPECT_LT(high, 1.0);
}

TEST(RandomTest, ExponentialAndNormalHaveTheirMoments) {
  RandomStream stream(1, 0, "test", "continuous");
  const Moments exponential = Measure(kDraws, [&] { return stream.Exponential(3.0); });
  EXPECT_NEAR(exponential.mean, 3.0, 0.015);
  EXPECT_NEAR(exponential.variance, 9.0, 0.15);
  const Moments normal = Measure(kDraws, [&] { return stream.Normal(2.0, 0.5); });
  EXPECT_NEAR(normal.mean, 2.0, 0.0025);
  EXPECT_NEAR(normal.variance, 0.25, 0.002);
}

TEST(RandomTest, UniformIntCoversItsRangeEvenly) {
  RandomStream stream(1, 0, "test", "integers");
  std::vector<int> counts(7);
  for (int i = 0; i < 70'000; ++i) ++counts[stream.UniformInt(7)];
  double chi_square = 0;
  for (const int count : counts) chi_square += (count - 10'000.0) * (count - 10'000.0) / 10'000.0;
  EXPECT_LT(chi_square, 22.5);  // 99.9 % of chi-square with 6 degrees of freedom.
  EXPECT_EQ(stream.UniformInt(1), 0u);
  for (int i = 0; i < 100; ++i)
    EXPECT_LT(stream.UniformInt((uint64_t{1} << 63) + 1), (uint64_t{1} << 63) + 1);
}

TEST(RandomTest, NeighbouringStreamsAreUncorrelated) {
  RandomStream a(1, 0, "users", "think", 0);
  RandomStream b(1, 0, "users", "think", 1);
  const Moments product =
      Measure(kDraws, [&] { return (a.Uniform01() - 0.5) * (b.Uniform01() - 0.5); });
  EXPECT_NEAR(product.mean, 0.0, 4.0 / 12 / std::sqrt(kDraws));
}

// Pins the mapping from names to numbers: a change here changes every seeded result.
TEST(RandomTest, MappingFromNamesIsPinned) {
  RandomStream stream(1, 2, "component", "purpose", 3);
  EXPECT_EQ(stream.NextU64(), 7217755002976054863u);
}

}  // namespace
}  // namespace base
