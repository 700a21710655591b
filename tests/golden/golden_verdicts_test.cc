// Rows that inspection or arithmetic decides have known answers; and for each of them one change of
// the deployment flips the answer. A judge that always says "fails" passes the first half only.

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "base/paths.h"
#include "model/kubernetes/deployment_loader.h"
#include "model/verdict.pb.h"
#include "report/claims.h"
#include "report/evidence.h"
#include "report/judge.h"
#include "simulator/check/check.h"

namespace tests {
namespace {

using model::Deployment;
using model::Verdict;
using Mutation = std::function<void(Deployment*)>;

constexpr char kDocumented[] = "claims/deployments/as-documented.yaml";
constexpr char kShipped[] = "claims/deployments/as-shipped.yaml";

// The verdict of one claim for the deployment in `file` after `mutation`.
Verdict Decide(const std::string& claim, const std::string& file, const Mutation& mutation) {
  auto loaded = model::kubernetes::Load({base::Runfile(file).value()});
  EXPECT_TRUE(loaded.ok()) << loaded.status();
  if (!loaded.ok()) return Verdict();
  mutation(&loaded->deployment);
  model::CheckReport check = simulator::Check(*loaded);
  report::Evidence evidence;
  const std::string name = check.deployment();
  evidence.AddCheck(std::move(check), "check.json");
  auto claims = report::LoadClaims(base::Runfile("claims/claims.yaml").value());
  EXPECT_TRUE(claims.ok()) << claims.status();
  auto report = report::Judge(*claims, evidence);
  EXPECT_TRUE(report.ok()) << report.status();
  for (const Verdict& verdict : report->verdicts()) {
    if (verdict.claim_id() == claim && verdict.deployment() == name) return verdict;
  }
  ADD_FAILURE() << "claim " << claim << " has no decision for " << name;
  return Verdict();
}

void Leave(Deployment*) {}

model::Autoscaler* ApiAutoscaler(Deployment* deployment) {
  for (model::Autoscaler& autoscaler : *deployment->mutable_autoscalers()) {
    if (autoscaler.max_replicas() >= 50) return &autoscaler;
  }
  ADD_FAILURE() << "no autoscaler of the API";
  return deployment->add_autoscalers();
}

void ExpectFlips(const std::string& claim, const std::string& file, const Mutation& mutation) {
  const Verdict before = Decide(claim, file, Leave);
  EXPECT_EQ(before.outcome(), Verdict::FAILS) << claim << ": " << before.reason();
  const Verdict after = Decide(claim, file, mutation);
  EXPECT_EQ(after.outcome(), Verdict::HOLDS) << claim << ": " << after.reason();
}

TEST(GoldenVerdictsTest, ScaleDownTakes98Minutes) {
  const Verdict verdict = Decide("scale-down", kDocumented, Leave);
  EXPECT_EQ(verdict.outcome(), Verdict::FAILS);
  // 97 steps of 2 pods a minute and one of 1, after the 300 s window: about 98 minutes.
  EXPECT_NEAR(verdict.value(), 98 * 60, 6 * 60) << verdict.reason();
  ExpectFlips("scale-down", kDocumented, [](Deployment* deployment) {
    model::ScalingRules* down = ApiAutoscaler(deployment)->mutable_scale_down();
    down->set_stabilization_window_seconds(60);
    down->clear_policies();
    model::ScalingPolicy* all = down->add_policies();
    all->set_type("Percent");
    all->set_value(100);
    all->set_period_seconds(15);
  });
}

TEST(GoldenVerdictsTest, FiveHundredConnectionsDoNotSuffice) {
  const Verdict verdict = Decide("pg-connections", kDocumented, Leave);
  EXPECT_EQ(verdict.outcome(), Verdict::FAILS) << verdict.reason();
  EXPECT_EQ(verdict.limit(), 490) << verdict.reason();
  EXPECT_GE(verdict.value(), 600) << verdict.reason();
  ExpectFlips("pg-connections", kDocumented, [](Deployment* deployment) {
    deployment->mutable_database()->set_max_connections(2000);
  });
}

TEST(GoldenVerdictsTest, AsShippedOnlyHasTheDefaultOf100Connections) {
  const Verdict verdict = Decide("pg-connections", kShipped, Leave);
  EXPECT_EQ(verdict.outcome(), Verdict::FAILS) << verdict.reason();
  EXPECT_EQ(verdict.limit(), 97) << verdict.reason();
}

TEST(GoldenVerdictsTest, RedisWithoutReplicasCannotFailOver) {
  ExpectFlips("redis-ha", kDocumented, [](Deployment* deployment) {
    for (model::RedisCluster& redis : *deployment->mutable_redis()) {
      redis.set_replicas_per_master(1);
      redis.set_cluster_created(true);
    }
  });
}

TEST(GoldenVerdictsTest, OneDatabaseIsASinglePointOfFailure) {
  ExpectFlips("spof", kDocumented, [](Deployment* deployment) {
    deployment->mutable_database()->set_standbys(1);
    for (model::RedisCluster& redis : *deployment->mutable_redis()) {
      redis.set_replicas_per_master(1);
    }
  });
}

TEST(GoldenVerdictsTest, TheRequestRateMetricIsExportedByNobody) {
  ExpectFlips("hpa", kShipped, [](Deployment* deployment) {
    model::MetricsPipeline* metrics = deployment->mutable_metrics();
    metrics->set_custom_metrics_adapter(true);
    for (const model::Autoscaler& autoscaler : deployment->autoscalers()) {
      for (const model::MetricTarget& metric : autoscaler.metrics()) {
        metrics->add_exported_metrics(metric.name());
      }
    }
  });
}

TEST(GoldenVerdictsTest, AVpaBesideAnHpaOnTheSameResource) {
  ExpectFlips("vpa", kDocumented, [](Deployment* deployment) {
    for (auto& autoscaler : *deployment->mutable_vertical_autoscalers()) {
      autoscaler.set_update_mode("Off");
    }
  });
}

TEST(GoldenVerdictsTest, ABudgetOfOneOfOneBlocksDrains) {
  ExpectFlips("pdb", kDocumented, [](Deployment* deployment) {
    deployment->clear_disruption_budgets();
    model::DisruptionBudget* api = deployment->add_disruption_budgets();
    api->set_name("healthcare-api-pdb");
    api->set_min_available("80%");
    api->add_workloads("healthcare-api");
  });
}

TEST(GoldenVerdictsTest, ScalingRedisMovesNoSlots) {
  ExpectFlips("redis-scale", kDocumented, [](Deployment* deployment) {
    for (model::RedisCluster& redis : *deployment->mutable_redis()) redis.set_rebalancer(true);
  });
}

TEST(GoldenVerdictsTest, DroppingElkSavedNothingNearFortyPercent) {
  const Verdict verdict = Decide("no-elk", kDocumented, Leave);
  EXPECT_EQ(verdict.outcome(), Verdict::FAILS);
  EXPECT_NEAR(verdict.value(), 0.0099, 0.0001);
}

TEST(GoldenVerdictsTest, FiftyToTwoHundredPodsIsFourfold) {
  const Verdict verdict = Decide("10x", kDocumented, Leave);
  EXPECT_EQ(verdict.outcome(), Verdict::FAILS);
  EXPECT_EQ(verdict.value(), 4);
}

TEST(GoldenVerdictsTest, AsShippedStopsAt100Pods) {
  ExpectFlips("row-1m", kShipped,
              [](Deployment* deployment) { ApiAutoscaler(deployment)->set_max_replicas(400); });
}

}  // namespace
}  // namespace tests
