#include "gtest/gtest.h"
#include "simulator/availability/class_file.h"
#include "simulator/availability/failure_classes.h"
#include "simulator/availability/frontier.h"
#include "simulator/availability/renewal.h"

namespace simulator::availability {
namespace {

TEST(RenewalTest, OneComponent) {
  // MTBF 30 days, MTTR 1 h: 1 / 721 down.
  const double rate = 365.25 / 30;
  EXPECT_NEAR(Down(rate, 3600), 1.0 / 721, 1e-12);
  EXPECT_NEAR(LongestRepair(rate, 1.0 / 721), 3600, 1e-6);
  EXPECT_NEAR(HighestRate(3600, 1.0 / 721), rate, 1e-9);
  // 99.99 %, one failure a year: 8766 h / 9999.
  EXPECT_NEAR(LongestRepair(1, 1e-4), 8766.0 / 9999 * 3600, 1e-6);
}

TEST(RenewalTest, AtLeastSoManyOf) {
  EXPECT_NEAR(AtLeast(2, 3, 0.9), 0.972, 1e-12);
  EXPECT_NEAR(AtLeast(1, 2, 0.99), 0.9999, 1e-12);
  EXPECT_NEAR(AtLeast(5, 5, 0.9), 0.59049, 1e-12);
  EXPECT_EQ(AtLeast(0, 5, 0.9), 1);
  // 1 of 2: both down for q^2 = 1e-4 of the time, q = 0.01.
  const double repair = LongestRepairOfMany(1, 2, 1, 1e-4);
  EXPECT_NEAR(Down(1, repair), 0.01, 1e-9);
}

model::Deployment Small() {
  model::Deployment deployment;
  model::Workload& api = *deployment.add_workloads();
  api.set_name("api");
  api.set_role("api");
  api.set_replicas(4);
  api.mutable_readiness_probe()->set_period_seconds(5);
  api.mutable_readiness_probe()->set_failure_threshold(3);
  deployment.mutable_nodes()->set_count(10);
  deployment.mutable_nodes()->set_zones(2);
  deployment.mutable_database()->set_max_connections(100);
  model::RedisCluster& redis = *deployment.add_redis();
  redis.set_name("state");
  redis.set_role("state");
  redis.set_masters(3);
  redis.set_replicas_per_master(1);
  redis.set_node_timeout_seconds(5);
  return deployment;
}

TEST(FailureClassesTest, ImpactsByInspection) {
  const std::vector<FailureClass> classes = ClassesOf(Small(), {});
  ASSERT_EQ(classes.size(), 7u);
  EXPECT_EQ(classes[0].name, "pod");
  EXPECT_EQ(classes[0].components, 4u);
  EXPECT_DOUBLE_EQ(classes[0].impact, 0.25);
  EXPECT_EQ(classes[0].needed, 3u);
  EXPECT_DOUBLE_EQ(classes[0].rule_seconds, 15);
  // The database on one of the ten nodes stops everything, the other nine take a tenth each.
  EXPECT_NEAR(classes[1].impact, (1 + 9 * 0.1) / 10, 1e-12);
  EXPECT_NEAR(classes[2].impact, (1 + 0.5) / 2, 1e-12);
  EXPECT_DOUBLE_EQ(classes[3].impact, 1);
  EXPECT_EQ(classes[3].rule_seconds, 0);
  EXPECT_DOUBLE_EQ(classes[4].rule_seconds, 7);
  EXPECT_FALSE(classes[6].applies());  // no TLS
}

TEST(FailureClassesTest, AFailoverManagerTakesTheDatabaseOffTheNodes) {
  model::Deployment deployment = Small();
  deployment.mutable_database()->set_standbys(1);
  EXPECT_NEAR(ClassesOf(deployment, {true, 0})[1].impact, 0.1, 1e-12);
  EXPECT_NEAR(ClassesOf(deployment, {false, 0})[1].impact, 0.19, 1e-12);
}

// By hand: 99.99 % over six classes is 1e-4 / 6 each, 8.766 minutes a year.
TEST(FrontierTest, SplitsTheBudget) {
  const Frontier frontier = MakeFrontier(0.9999, ClassesOf(Small(), {}), {}, {1, 12});
  const ClassFrontier& database = frontier.classes[3];
  EXPECT_NEAR(database.share, 1e-4 / 6, 1e-15);
  EXPECT_NEAR(OutageMinutes(database.failure, database.share), 8.766, 1e-9);
  EXPECT_NEAR(database.points[0].recovery_seconds, 8.766 * 60, 0.1);
  EXPECT_NEAR(database.points[1].recovery_seconds, 8.766 * 60 / 12, 0.01);
  // A pod's failure hits a quarter, but there are four: the same, half of it for the overlap.
  const ClassFrontier& pod = frontier.classes[0];
  EXPECT_NEAR(pod.points[0].recovery_seconds, 8.766 * 60 / 2, 0.1);
  EXPECT_GT(pod.points[0].repair_seconds, 3600);
  EXPECT_FALSE(frontier.all_sourced);
  EXPECT_TRUE(frontier.classes[6].points.empty());
}

TEST(FrontierTest, StatedFiguresUseTheirShare) {
  const auto stated = ParseClasses(
      "classes:\n"
      "  - {name: database, share: 0.5, failures_per_year: 2, recovery: 30m, assumption: true}\n",
      "c.yaml");
  ASSERT_TRUE(stated.ok()) << stated.status();
  const Frontier frontier = MakeFrontier(0.9999, ClassesOf(Small(), {}), *stated, {1});
  EXPECT_NEAR(frontier.classes[3].share, 5e-5, 1e-15);
  EXPECT_NEAR(frontier.classes[0].share, 1e-5, 1e-15);
  EXPECT_NEAR(frontier.classes[3].used, 3600 / kYearSeconds, 2e-8);
}

TEST(ClassFileTest, MistakesNameTheirLine) {
  const auto error = [](const std::string& line) {
    return std::string(ParseClasses("classes:\n" + line, "c.yaml").status().message());
  };
  EXPECT_EQ(error("  - {name: disk}\n").substr(0, 39), "c.yaml:2: classes[0].name: expected one");
  EXPECT_NE(error("  - {name: pod, failures_per_year: 2}\n").find("recovery"), std::string::npos);
  EXPECT_NE(error("  - {name: pod, failures_per_year: 2, recovery: 1m}\n").find("source"),
            std::string::npos);
  EXPECT_NE(error("  - {name: pod, share: 0.7}\n  - {name: node, share: 0.7}\n").find("c.yaml:3"),
            std::string::npos);
  EXPECT_NE(error("  - {name: pod, probability: 1}\n"), "");
}

}  // namespace
}  // namespace simulator::availability
