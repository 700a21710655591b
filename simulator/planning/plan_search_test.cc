#include "simulator/planning/plan_search.h"

#include "gtest/gtest.h"
#include "simulator/engine/test_inputs.h"

namespace simulator {
namespace {

class PlanSearchTest : public ::testing::Test {
 protected:
  // The files' system with `users` that think 1 s, every choice but the pods and what a test adds
  // given: one core a pod, 2 connections, 8 cores of the database.
  void Prepare(uint64_t users, const std::string& slo) {
    const TestInputs inputs = TestInputs::FromFiles();
    experiment_ = {inputs.scenario, inputs.deployment, inputs.profile, ""};
    request_.experiment = &experiment_;
    request_.options.users = users;
    request_.options.think_time_seconds = 1;
    request_.options.replications = 2;
    request_.objectives = *ParseServiceLevel(slo);
    request_.choices.cpu_millicores = {1000};
    request_.choices.connections = {2};
    request_.choices.database_millicores = {8000};
  }
  Plan Find() {
    EXPECT_TRUE(UseShortRun(experiment_, 2, &request_.options).ok());
    auto plan = FindPlan(request_, nullptr);
    EXPECT_TRUE(plan.ok()) << plan.status();
    return plan.ok() ? *std::move(plan) : Plan();
  }
  static PlanTrial BestOf(const Plan& plan) {
    EXPECT_GE(plan.best, 0);
    return plan.best >= 0 ? plan.trials[static_cast<size_t>(plan.best)] : PlanTrial();
  }
  static uint32_t Replications(const Plan& plan) {
    uint32_t sum = 0;
    for (const PlanTrial& trial : plan.trials) sum += trial.result.provenance().replications();
    return sum;
  }

  Experiment experiment_;
  PlanRequest request_;
};

// The work that a grid of more than a thousand configurations costs: almost all of them are never
// simulated, and a simulation ends after its first two replications when they decide.
TEST_F(PlanSearchTest, AThousandConfigurationsCostAFewSimulations) {
  Prepare(20000, "p95<100ms,errors<0.1%");
  request_.choices.cpu_millicores = {500, 1000, 2000, 4000};
  request_.choices.connections = {1, 2, 3, 4, 6, 8};
  request_.choices.database_millicores = {1000, 2000, 3000, 4000, 6000, 8000, 12000};
  const Plan plan = Find();
  EXPECT_GE(plan.configurations, 1000u);
  EXPECT_TRUE(BestOf(plan).met);
  EXPECT_FALSE(plan.exhausted);
  EXPECT_LE(plan.trials.size(), 8u);
  EXPECT_LE(Replications(plan), 3 * plan.trials.size());
}

// More replications exactly where the first ones leave the service level open.
TEST_F(PlanSearchTest, ASimulationEndsWhenTheServiceLevelIsDecided) {
  Prepare(1000, "p95<1s");
  ASSERT_TRUE(UseShortRun(experiment_, 1, &request_.options).ok());
  const auto api = ApiWorkload(request_);
  ASSERT_TRUE(api.ok());
  const Configuration one{1, 1000, 1, 2, 8000, 0, 0, 1};
  const auto clear = Try(request_, *api, one, true);
  ASSERT_TRUE(clear.ok()) << clear.status();
  EXPECT_TRUE(clear->met);
  EXPECT_EQ(clear->result.provenance().replications(), 2u);
  // A limit at the value itself cannot be decided: as many as are allowed.
  const double value = QuantityOf(clear->result, "p95_ms");
  // No calibration error: only replications make the interval.
  for (model::OperationDemand& operation : *experiment_.profile.mutable_operations()) {
    for (model::Demand* demand :
         {operation.mutable_server_cpu_seconds(), operation.mutable_database_cpu_seconds()}) {
      demand->set_standard_error(0);
    }
  }
  request_.objectives = {{"", "p95_ms", false, value}};
  request_.most_replications = 8;
  const auto open = Try(request_, *api, one, true);
  ASSERT_TRUE(open.ok()) << open.status();
  EXPECT_FALSE(open->met);
  EXPECT_EQ(open->result.provenance().replications(), 8u);
}

// 40,000 requests/s need 3 pods with 2 connections each; PostgreSQL has room for 4.
TEST_F(PlanSearchTest, PgBouncerWhereTheConnectionsDoNotFit) {
  Prepare(40000, "p95<50ms,errors<0.1%");
  experiment_.deployment.mutable_database()->set_max_connections(7);
  experiment_.deployment.mutable_database()->set_superuser_reserved_connections(3);
  experiment_.profile.mutable_database()->set_pooler_query_seconds(15e-6);
  const Plan plan = Find();
  const PlanTrial best = BestOf(plan);
  EXPECT_GT(best.configuration.pooler_pool, 0u) << best.configuration.Words();
  EXPECT_GT(best.configuration.pods * 2, 4u);
  EXPECT_GE(plan.by_connections, 1u);
  // The pooler's core is paid for.
  EXPECT_DOUBLE_EQ(best.cost_per_hour, best.configuration.pods + 8 +
                                           best.configuration.pooler_processes +
                                           6);  // Redis: 3 masters with a replica each

  const auto chosen = Try(request_, "api", best.configuration, false);
  ASSERT_TRUE(chosen.ok()) << chosen.status();
  EXPECT_TRUE(chosen->met) << chosen->words;
  EXPECT_EQ(QuantityOf(chosen->result, "error_rate"), 0);
  EXPECT_NEAR(QuantityOf(chosen->result, "throughput_per_second"), 40000, 400);
  EXPECT_LE(QuantityOf(chosen->result, "database_connections_max"), 4);
  // Without it the pods that get no connection answer 503.
  Configuration without = best.configuration;
  without.pooler_pool = 0;
  const auto broken = Try(request_, "api", without, false);
  ASSERT_TRUE(broken.ok()) << broken.status();
  EXPECT_FALSE(broken->met);
  EXPECT_GT(QuantityOf(broken->result, "error_rate"), 0.1);
}

TEST_F(PlanSearchTest, NoPgBouncerWhereTheConnectionsFit) {
  Prepare(20000, "p95<50ms,errors<0.1%");
  experiment_.deployment.mutable_database()->set_pooler("transaction");  // of the base: not needed
  const Plan plan = Find();
  EXPECT_EQ(BestOf(plan).configuration.pooler_pool, 0u);
  const PlanTrial best = BestOf(plan);
  for (const model::ResourceUse& use : best.result.resources()) {
    EXPECT_NE(use.name(), "pooler_cpu");
  }
}

// With one connection a worker the pods fit: cheaper than 2 connections behind PgBouncer by its
// core.
TEST_F(PlanSearchTest, FewerConnectionsAreCheaperThanAPooler) {
  Prepare(40000, "p95<50ms,errors<0.1%");
  experiment_.deployment.mutable_database()->set_max_connections(7);
  experiment_.deployment.mutable_database()->set_superuser_reserved_connections(3);
  request_.choices.connections = {1, 2};
  const PlanTrial best = BestOf(Find());
  EXPECT_EQ(best.configuration.pooler_pool, 0u) << best.configuration.Words();
  EXPECT_EQ(best.configuration.connections, 1u);
  EXPECT_LE(best.configuration.pods, 4u);
}

TEST_F(PlanSearchTest, OpenAndPartlyOpenLoads) {
  Prepare(0, "p95<50ms,errors<0.1%");
  model::Users& users = *experiment_.scenario.mutable_users();
  users.set_model(model::Users::OPEN);
  users.mutable_stages()->Clear();
  request_.options.rate_per_second = 10000;
  const double per_journey = 10000 * 1.7;  // two in three journeys have 2.05 requests, else 1
  const Plan open = Find();
  EXPECT_TRUE(BestOf(open).met);
  EXPECT_NEAR(QuantityOf(BestOf(open).result, "throughput_per_second"), per_journey, 300);
  users.set_model(model::Users::PARTLY_OPEN);
  users.mutable_session()->set_mean(2);
  request_.options.rate_per_second = 5000;
  const Plan partly = Find();
  EXPECT_NEAR(QuantityOf(BestOf(partly).result, "throughput_per_second"), per_journey, 300);
  EXPECT_EQ(BestOf(partly).configuration.pods, BestOf(open).configuration.pods);
  // A zone less may be too little for arrivals that do not wait.
  Configuration one = BestOf(open).configuration;
  one.pods = 1;
  const auto trial = Try(request_, "api", one, true);
  ASSERT_TRUE(trial.ok()) << trial.status();
  EXPECT_TRUE(trial->unstable);
  EXPECT_FALSE(trial->met);
  EXPECT_NE(trial->words.find("server_cpu does at most"), std::string::npos) << trial->words;
}

}  // namespace
}  // namespace simulator
