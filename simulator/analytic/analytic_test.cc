#include <cmath>

#include "gtest/gtest.h"
#include "simulator/analytic/birth_death.h"
#include "simulator/analytic/closed_networks.h"
#include "simulator/analytic/jackson.h"
#include "simulator/analytic/open_stations.h"
#include "simulator/analytic/usl.h"

namespace simulator::analytic {
namespace {

#define EXPECT_RELATIVE(got, expected, precision) \
  EXPECT_NEAR(got, expected, std::abs(expected) * (precision))

TEST(BirthDeathTest, ErlangFormulas) {
  EXPECT_RELATIVE(ErlangB(500, 480), 0.014325780722426129, 1e-12);
  EXPECT_RELATIVE(ErlangC(500, 480), 0.2665125199623638, 1e-12);
  EXPECT_RELATIVE(ErlangC(1, 0.9), 0.9, 1e-12);
}

TEST(BirthDeathTest, HugeChainsNeitherOverflowNorUnderflow) {
  // 1e6 users, 60 s think, 0.1 s service.
  const auto enough = SolveRepairman(1'000'000, 60, 0.1, 1700);
  ASSERT_TRUE(enough.ok());
  EXPECT_RELATIVE(enough->x, 16638.7, 1e-5);
  EXPECT_RELATIVE(enough->r, 0.100758, 1e-5);
  const auto saturated = SolveRepairman(1'000'000, 60, 0.1, 1600);
  ASSERT_TRUE(saturated.ok());
  EXPECT_RELATIVE(saturated->x, 16000.0, 1e-6);
  EXPECT_RELATIVE(saturated->r, 2.5, 1e-4);
}

TEST(OpenStationsTest, SpecialCasesAgree) {
  const auto markov = MMc(4, 5, 1);
  const auto general = MG1(4, 0.2, 2 * 0.04);
  ASSERT_TRUE(markov.ok() && general.ok());
  EXPECT_RELATIVE(general->wq, markov->wq, 1e-12);
  const auto wide = MMcK(4, 5, 1, 2000);
  ASSERT_TRUE(wide.ok());
  EXPECT_RELATIVE(wide->station.w, markov->w, 1e-10);
  const auto patient = ErlangA(4, 5, 1, 0);
  ASSERT_TRUE(patient.ok());
  EXPECT_RELATIVE(patient->station.lq, markov->lq, 1e-10);
  const auto no_room = MMcK(480, 1, 500, 500);
  ASSERT_TRUE(no_room.ok());
  EXPECT_RELATIVE(no_room->p_block, ErlangB(500, 480), 1e-10);
}

TEST(OpenStationsTest, QuantilesInvertTheTail) {
  // M/M/1 responses are exponential with rate mu - lambda.
  EXPECT_RELATIVE(*MMcResponseQuantile(450, 500, 1, 0.95), std::log(20.0) / 50, 1e-12);
  // c mu - lambda = mu: the tail's two poles coincide.
  const double t = *MMcResponseQuantile(1, 1, 2, 0.9);
  const double wait = ErlangC(2, 1);
  EXPECT_NEAR(std::exp(-t) * (1 + wait * t), 0.1, 1e-12);
  EXPECT_EQ(*MMcWaitQuantile(1, 1, 20, 0.95), 0);  // hardly anybody waits
}

TEST(OpenStationsTest, NoSteadyStateIsAnError) {
  EXPECT_FALSE(MMc(5, 5, 1).ok());
  EXPECT_FALSE(MG1(10, 0.1, 0.02).ok());
  EXPECT_FALSE(ErlangA(10, 1, 5, 0).ok());
  EXPECT_FALSE(MMcK(1, 1, 5, 4).ok());
}

TEST(ClosedNetworksTest, OneStationIsTheRepairman) {
  for (const int64_t servers : {1, 3, 50}) {
    const auto repairman = SolveRepairman(60, 5, 0.4, servers);
    const auto network = SolveClosedNetwork(60, 5, {{0.4, servers}});
    ASSERT_TRUE(repairman.ok() && network.ok());
    EXPECT_RELATIVE(network->x, repairman->x, 1e-11);
    EXPECT_RELATIVE(network->r, repairman->r, 1e-10);
  }
}

TEST(ClosedNetworksTest, UsersAreConserved) {
  const auto network = SolveClosedNetwork(500, 2, {{0.01, 1}, {0.5, 64}, {0.004, 1}});
  ASSERT_TRUE(network.ok());
  double users = 2 * network->x;
  for (double q : network->q) users += q;
  EXPECT_RELATIVE(users, 500.0, 1e-10);
}

TEST(JacksonTest, ShardsSplitTheFlow) {
  const auto sharded = SolveJackson(300, {{2, 250, 1, 3}});
  const auto single = MMc(200, 250, 1);
  ASSERT_TRUE(sharded.ok() && single.ok());
  EXPECT_RELATIVE(sharded->w[0], single->w, 1e-12);
  EXPECT_RELATIVE(sharded->total_w, 2 * single->w, 1e-12);
}

TEST(UslTest, PeakIsWhereThroughputIsHighest) {
  const Usl usl{1000, 0.02, 0.0001};
  const double peak = usl.Peak();
  EXPECT_GT(usl.Throughput(peak), usl.Throughput(peak - 1));
  EXPECT_GT(usl.Throughput(peak), usl.Throughput(peak + 1));
}

}  // namespace
}  // namespace simulator::analytic
