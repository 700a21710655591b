#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.h"
#include "gtest/gtest.h"
#include "simulator/redis/cluster_bus.h"
#include "simulator/redis/slots.h"

namespace simulator::redis {
namespace {

TEST(SlotsTest, EvenRangesAreThoseOfRedisCli) {
  const SlotMap three = EvenRanges(3);
  EXPECT_EQ(three[0], 0);
  EXPECT_EQ(three[5460], 0);
  EXPECT_EQ(three[5461], 1);
  EXPECT_EQ(three[10922], 1);
  EXPECT_EQ(three[10923], 2);
  EXPECT_EQ(three[16383], 2);
  EXPECT_EQ(EvenRanges(1)[16383], 0);
  const SlotMap most = EvenRanges(kSlots);
  for (uint32_t slot = 0; slot < kSlots; ++slot) EXPECT_EQ(most[slot], slot);
}

TEST(SlotsTest, TheHottestKeyMakesTheHottestSlot) {
  // 10 keys of Zipf 1: the first has 1 / H(10) of all.
  const std::vector<double> popularity = ZipfSlots(10, 1);
  EXPECT_NEAR(std::accumulate(popularity.begin(), popularity.end(), 0.0), 1, 1e-12);
  double harmonic = 0;
  for (int k = 1; k <= 10; ++k) harmonic += 1.0 / k;
  const ShardShares shares = Shares(EvenRanges(3), popularity, 3);
  EXPECT_NEAR(shares.hottest_slot, 1 / harmonic, 1e-12);
  EXPECT_EQ(shares.slots, (std::vector<uint32_t>{5461, 5462, 5461}));
  EXPECT_NEAR(std::accumulate(shares.share.begin(), shares.share.end(), 0.0), 1, 1e-12);
  EXPECT_NEAR(shares.uncovered, 0, 1e-12);
}

TEST(SlotsTest, SlotsOfNobodyAreUncovered) {
  SlotMap owners = EvenRanges(2);
  for (uint32_t slot = 0; slot < 8192; ++slot) owners[slot] = kNobody;
  const std::vector<double> even(kSlots, 1.0 / kSlots);
  EXPECT_NEAR(Shares(owners, even, 2).uncovered, 0.5, 1e-12);
}

class ClusterBusTest : public ::testing::Test {
 protected:
  std::vector<double> Promotions(const BusRules& rules, const Loss& loss) {
    std::vector<double> times;
    for (uint32_t i = 0; i < 500; ++i) {
      base::RandomStream random(3, i, "test", "bus");
      times.push_back(PlayFailover(rules, loss, random).promoted);
    }
    std::sort(times.begin(), times.end());
    return times;
  }
};

TEST_F(ClusterBusTest, StaysInsideTheRulesBounds) {
  for (double timeout : {1.0, 2.0, 5.0, 15.0}) {
    const BusRules rules{3, 1, timeout};
    const Loss loss{.masters = {0}};
    const std::vector<double> times = Promotions(rules, loss);
    EXPECT_GE(times.front(), EarliestFailover(rules)) << timeout;
    EXPECT_LE(times.back(), LatestFailover(rules, loss)) << timeout;
    std::printf("node timeout %4.1f s: median %.2f s, 5 %% %.2f s, 95 %% %.2f s\n", timeout,
                times[250], times[25], times[475]);
  }
}

// With many nodes pings at random are rare, so the ping that starts the clock is half a
// NODE_TIMEOUT after the last answer, whose age is anything up to that: on average NODE_TIMEOUT
// / 4. Of 120 suspecting nodes some are early and others late; a majority of the 60 masters is
// about the median.
TEST_F(ClusterBusTest, ALargeClusterSuspectsAQuarterOfTheTimeoutLater) {
  base::RandomStream random(3, 0, "test", "large");
  double sum = 0;
  for (int i = 0; i < 20; ++i) {
    sum += PlayFailover({60, 1, 4}, {.masters = {0}}, random).failed;
  }
  EXPECT_GT(sum / 20, 4 + 4 / 4.0);
  EXPECT_LT(sum / 20, 4 + 4 / 4.0 + 1);
}

TEST_F(ClusterBusTest, EachRankWaitsASecondLonger) {
  const double first = Promotions({3, 2, 2}, {.masters = {0}})[250];
  EXPECT_NEAR(Promotions({3, 2, 2}, {.masters = {0}, .rank = 1})[250], first + 1, 0.15);
}

TEST_F(ClusterBusTest, WithoutAMajorityOrAReplicaNothingFailsOver) {
  EXPECT_TRUE(std::isinf(Promotions({3, 1, 1}, {.masters = {0, 1}}).front()));
  EXPECT_TRUE(std::isinf(Promotions({3, 0, 1}, {.masters = {0}}).front()));
  // Five masters survive the loss of two.
  EXPECT_LT(Promotions({5, 1, 1}, {.masters = {0, 1}}).back(), 5);
}

// When the votes come back the suspicion is old: a message's way and the election are left.
TEST_F(ClusterBusTest, AnOldSuspicionOnlyWaitsForTheVotes) {
  const std::vector<double> times = Promotions({3, 1, 5}, {.masters = {0}, .suspected = true});
  EXPECT_GE(times.front(), 0.5);
  EXPECT_LE(times.back(), 2.5 + 0.1 + 1.0 + 0.3);
}

}  // namespace
}  // namespace simulator::redis
