#include "simulator/planning/sensitivity.h"

#include <map>

#include "gtest/gtest.h"
#include "simulator/engine/test_inputs.h"

namespace simulator {
namespace {

TEST(SensitivityTest, TheBottleneckCountsAndTheRestDoesNot) {
  TestInputs inputs = TestInputs::Bare(80, 2.0, 0.020, 0.010);
  inputs.options.duration_seconds = 300;
  inputs.options.fixed_pods = 1;
  const auto list = SensitivityToInputs({inputs.scenario, inputs.deployment, inputs.profile, ""},
                                        inputs.options, 1, true);
  ASSERT_TRUE(list.ok()) << list.status();
  std::map<std::string, Sensitivity> by_input;
  for (const Sensitivity& one : *list) by_input[one.input] = one;
  ASSERT_EQ(by_input.size(), 4u);  // no Redis, flush or network in these inputs
  EXPECT_NEAR(by_input["server CPU per request"].limit_elasticity, -1, 1e-6);
  EXPECT_NEAR(by_input["database CPU per request"].limit_elasticity, 0, 1e-9);
  const double server = by_input["server CPU per request"].p95_elasticity;
  EXPECT_TRUE(by_input["server CPU per request"].simulated);
  EXPECT_GT(server, 1);  // 80 % busy: more than in proportion
  EXPECT_GT(server, by_input["database CPU per request"].p95_elasticity);
  EXPECT_GT(by_input["users"].p95_elasticity, 0.3);
  EXPECT_LT(by_input["think time"].p95_elasticity, -0.3);
}

TEST(SensitivityTest, LimitsAloneNeedNoSimulation) {
  TestInputs inputs = TestInputs::FromFiles();
  const auto list = SensitivityToInputs({inputs.scenario, inputs.deployment, inputs.profile, ""},
                                        inputs.options, 5, false);
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_GT(list->size(), 4u);
  for (const Sensitivity& one : *list) EXPECT_FALSE(one.simulated);
}

}  // namespace
}  // namespace simulator
