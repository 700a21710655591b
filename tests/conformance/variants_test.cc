#include "tests/conformance/variants.h"

#include "base/paths.h"
#include "gtest/gtest.h"
#include "model/distribution.h"
#include "model/scenario_loader.h"

namespace conformance {
namespace {

TEST(VariantsTest, EveryThinkLawHasTheSameMean) {
  const auto scenario = base::Runfile("scenarios/clinic_day.yaml");
  ASSERT_TRUE(scenario.ok());
  auto folder = base::MakeTemporaryFolder("praxis-variants-");
  ASSERT_TRUE(folder.ok());
  base::FolderRemover remover(*folder);
  for (const char* law : {"exponential", "constant", "lognormal"}) {
    const auto text = WithThinkLaw(*scenario, law);
    ASSERT_TRUE(text.ok()) << text.status();
    ASSERT_TRUE(base::WriteFile(*folder + "/s.yaml", *text).ok());
    const auto loaded = model::LoadScenario(*folder + "/s.yaml");
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    EXPECT_NEAR(model::MeanSeconds(loaded->think_time()), 10, 0.01) << law;
  }
  EXPECT_FALSE(WithThinkLaw(*scenario, "pareto").ok());
}

TEST(VariantsTest, WithoutACacheTheDatabaseDoesWhatAMissAsksOfIt) {
  model::Profile profile;
  model::OperationDemand& demand = *profile.add_operations();
  demand.set_cacheable(true);
  demand.set_hit_rate_observed(0.75);
  demand.mutable_database_cpu_seconds()->set_mean(1);
  demand.mutable_database_round_trips()->set_mean(0.25);
  model::OperationDemand& write = *profile.add_operations();
  write.mutable_redis_commands()->set_mean(2);
  write.mutable_database_round_trips()->set_mean(1);
  const model::Profile lost = WithoutCache(profile);
  EXPECT_DOUBLE_EQ(lost.operations(0).database_cpu_seconds().mean(), 4);
  EXPECT_DOUBLE_EQ(lost.operations(0).database_round_trips().mean(), 1);
  EXPECT_FALSE(lost.operations(0).cacheable());
  EXPECT_EQ(lost.operations(1).redis_commands().mean(), 0);
  EXPECT_EQ(lost.operations(1).database_round_trips().mean(), 1);
}

}  // namespace
}  // namespace conformance
