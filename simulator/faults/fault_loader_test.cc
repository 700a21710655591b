#include "simulator/faults/fault_loader.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace simulator {
namespace {

using ::testing::HasSubstr;

std::string ErrorOf(const std::string& entry) {
  return std::string(ParseFaultPlan("faults:\n  - " + entry + "\n", "f.yaml").status().message());
}

TEST(FaultLoaderTest, ReadsFaultsInTheOrderOfTheirTime) {
  const auto plan = ParseFaultPlan(
      "faults:\n"
      "  - {at: 10m, for: 30s, slowdown: {factor: 0.5}}\n"
      "  - {at: 300s, for: 1m, slowdown: {factor: 0}}\n",
      "f.yaml");
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_EQ(plan->faults.size(), 2u);
  EXPECT_EQ(plan->faults[0].at, 300 * kSecond);
  EXPECT_EQ(plan->faults[0].duration, 60 * kSecond);
  EXPECT_EQ(plan->faults[0].line, 3u);
  EXPECT_EQ(plan->faults[1].Get("factor"), 0.5);
}

TEST(FaultLoaderTest, MistakesAreNamedWithTheirLine) {
  EXPECT_THAT(ErrorOf("{at: 5s, slow: {}}"), HasSubstr("f.yaml:2: faults[0]"));
  EXPECT_THAT(ErrorOf("{at: 5s}"), HasSubstr("expected exactly one fault, found none"));
  EXPECT_THAT(ErrorOf("{at: 5, for: 1s, slowdown: {factor: 1}}"), HasSubstr("faults[0].at"));
  EXPECT_THAT(ErrorOf("{at: 5s, slowdown: {factor: 0.5}}"), HasSubstr("for is missing"));
  EXPECT_THAT(ErrorOf("{at: 5s, for: 1s, slowdown: {}}"), HasSubstr("factor is missing"));
  EXPECT_THAT(ErrorOf("{at: 5s, for: 1s, slowdown: {factor: 11}}"),
              HasSubstr("expected 0 to 10, found 11"));
  EXPECT_THAT(ErrorOf("{for: 1s, slowdown: {factor: 0.5}}"), HasSubstr("expected at"));
  EXPECT_THAT(ErrorOf("{every: 5m, repair: 1s, slowdown: {factor: 0.5}}"),
              HasSubstr("slowdown has no every"));
}

TEST(FaultLoaderTest, OverlappingSlowdownsHaveNoMeaning) {
  const auto plan = ParseFaultPlan(
      "faults:\n"
      "  - {at: 10s, for: 30s, slowdown: {factor: 0.5}}\n"
      "  - {at: 39s, for: 1m, slowdown: {factor: 0.5}}\n",
      "f.yaml");
  EXPECT_THAT(std::string(plan.status().message()),
              HasSubstr("f.yaml:3: slowdown: begins at 39 s, before the slowdown of line 2"));
}

TEST(FaultLoaderTest, TheRulesStandInTheOrderOfTheirKinds) {
  for (size_t i = 0; i < FaultRules().size(); ++i) {
    EXPECT_EQ(static_cast<size_t>(FaultRules()[i].kind), i);
  }
}

// A kind without a handler is refused, not ignored.
TEST(FaultLoaderTest, WhatIsNotModelledIsRefused) {
  for (const FaultRule& rule : FaultRules()) {
    if (rule.modelled) continue;
    EXPECT_THAT(ErrorOf("{at: 5s, " + std::string(rule.name) + ": {}}"),
                HasSubstr(std::string(rule.name) + ": not modelled yet"));
  }
}

}  // namespace
}  // namespace simulator
