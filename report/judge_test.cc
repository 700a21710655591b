#include "report/judge.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace report {
namespace {

using model::Verdict;
using ::testing::HasSubstr;

class JudgeTest : public ::testing::Test {
 protected:
  JudgeTest() {
    check_.set_deployment("production");
    AddFact("scale_down_seconds", 5880);
    AddFact("cores_limit_max", 400);
    check_.add_rules_run("single-database");
    check_.add_rules_run("redis-no-replicas");
    check_.add_findings()->set_rule("single-database");
  }

  void AddFact(const std::string& name, double value) {
    model::Fact* fact = check_.add_facts();
    fact->set_name(name);
    fact->set_value(value);
  }

  static model::Result Predicted(double users, double think, double p95_low, double p95_high) {
    model::Result result;
    result.mutable_provenance()->set_engine("simulator");
    result.mutable_provenance()->set_deployment_name("production");
    result.mutable_provenance()->set_valid(true);
    result.mutable_provenance()->add_warnings("extrapolated 40 x");
    result.set_users(static_cast<uint64_t>(users));
    result.set_think_time_mean_seconds(think);
    model::Quantity* p95 = result.add_quantities();
    p95->set_name("p95_ms");
    p95->set_value((p95_low + p95_high) / 2);
    p95->set_low(p95_low);
    p95->set_high(p95_high);
    for (auto [name, use] : {std::pair{"database_cpu", 0.9}, {"server_cpu", 0.7}}) {
      model::ResourceUse* resource = result.add_resources();
      resource->set_name(name);
      resource->set_utilisation(use);
    }
    return result;
  }

  Verdict Decide(model::Decision decision) {
    model::ClaimList claims;
    model::Claim* claim = claims.add_claims();
    claim->set_id("row");
    claim->set_line(7);
    decision.set_deployment("production");
    *claim->add_decisions() = decision;
    evidence_.AddCheck(check_, "check-production.json");
    auto report = Judge(claims, evidence_);
    EXPECT_TRUE(report.ok()) << report.status();
    return report->verdicts(0);
  }

  static model::Decision By(const std::string& method, const std::string& expression) {
    model::Decision decision;
    decision.set_method(method);
    decision.set_expression(expression);
    if (method == "simulation") decision.set_at("users=1000000 think_time=10s");
    return decision;
  }

  model::CheckReport check_;
  Evidence evidence_;
};

TEST_F(JudgeTest, ArithmeticFailsWithValueLimitAndMargin) {
  Verdict verdict = Decide(By("arithmetic", "fact.scale_down_seconds <= 360"));
  EXPECT_EQ(verdict.outcome(), Verdict::FAILS);
  EXPECT_EQ(verdict.value(), 5880);
  EXPECT_EQ(verdict.limit(), 360);
  EXPECT_NEAR(verdict.margin(), (360 - 5880) / 360.0, 1e-12);
  EXPECT_THAT(verdict.reason(), HasSubstr("5880 <= 360: no"));
  EXPECT_EQ(verdict.evidence(0), "check-production.json");
}

TEST_F(JudgeTest, InspectionNamesTheFinding) {
  Verdict verdict = Decide(By("inspection", "absent(redis-no-replicas, single-database)"));
  EXPECT_EQ(verdict.outcome(), Verdict::FAILS);
  EXPECT_THAT(verdict.reason(), HasSubstr("single-database"));
}

TEST_F(JudgeTest, ARuleThatWasNotRunDecidesNothing) {
  Verdict verdict = Decide(By("inspection", "absent(some-later-rule)"));
  EXPECT_EQ(verdict.outcome(), Verdict::UNDECIDED);
  EXPECT_THAT(verdict.reason(), HasSubstr("some-later-rule was not run"));
}

TEST_F(JudgeTest, WholeIntervalBelowTheLimitHolds) {
  evidence_.AddResult(Predicted(1e6, 10, 140, 160), "predicted.json");
  Verdict verdict = Decide(By("simulation", "p95_ms < 200"));
  EXPECT_EQ(verdict.outcome(), Verdict::HOLDS);
  EXPECT_EQ(verdict.bottleneck(), "database_cpu 90 %");
  EXPECT_EQ(verdict.second_bottleneck(), "server_cpu 70 %");
  EXPECT_EQ(verdict.warnings(0), "extrapolated 40 x");
}

TEST_F(JudgeTest, AnIntervalThatHoldsTheLimitIsHoldsIf) {
  evidence_.AddResult(Predicted(1e6, 10, 140, 260), "predicted.json");
  Verdict verdict = Decide(By("simulation", "p95_ms < 200"));
  EXPECT_EQ(verdict.outcome(), Verdict::HOLDS_IF);
  EXPECT_THAT(verdict.condition(), HasSubstr("p95_ms < 200 inside [140, 260]"));
}

TEST_F(JudgeTest, AMissingSimulationIsUndecidedAndSaysWhy) {
  evidence_.SetMissingSimulationReason("not simulated in a quick run");
  evidence_.AddResult(Predicted(5e5, 10, 10, 20), "predicted.json");
  Verdict verdict = Decide(By("simulation", "p95_ms < 200"));
  EXPECT_EQ(verdict.outcome(), Verdict::UNDECIDED);
  EXPECT_EQ(verdict.reason(), "not simulated in a quick run");
}

TEST_F(JudgeTest, AnInvalidResultDecidesNothing) {
  model::Result invalid = Predicted(1e6, 10, 10, 20);
  invalid.mutable_provenance()->set_valid(false);
  invalid.mutable_provenance()->add_invalid_reasons("conservation of users violated");
  evidence_.AddResult(invalid, "predicted.json");
  Verdict verdict = Decide(By("simulation", "p95_ms < 200"));
  EXPECT_EQ(verdict.outcome(), Verdict::UNDECIDED);
  EXPECT_THAT(verdict.reason(), HasSubstr("conservation of users"));
}

TEST_F(JudgeTest, FrontierOverThinkTimes) {
  evidence_.AddResult(Predicted(1e6, 10, 140, 160), "a.json");
  evidence_.AddResult(Predicted(1e6, 5, 900, 999), "b.json");
  Verdict verdict = Decide(By("simulation", "p95_ms < 200"));
  EXPECT_EQ(
      verdict.frontier(),
      "think time 5 s fails, 10 s holds; the answer changes between 5 s (fails) and 10 s (holds)");
}

TEST_F(JudgeTest, AnArithmeticFrontierNeedsNoSimulation) {
  model::Decision decision = By("arithmetic", "users / think_time <= fact.cores_limit_max * 100");
  decision.set_at("users=1000000 think_time=10s");
  const Verdict verdict = Decide(decision);
  EXPECT_EQ(verdict.outcome(), Verdict::FAILS);
  EXPECT_THAT(verdict.frontier(), HasSubstr("between 20 s (fails) and 60 s (holds)"));
}

TEST_F(JudgeTest, WhatTheEvidenceCannotShowMakesAConditionOfHolds) {
  model::Decision decision = By("arithmetic", "fact.cores_limit_max <= 500");
  decision.set_provided("nodes are there");
  Verdict verdict = Decide(decision);
  EXPECT_EQ(verdict.outcome(), Verdict::HOLDS_IF);
  EXPECT_EQ(verdict.condition(), "nodes are there");
  decision.set_expression("fact.cores_limit_max <= 300");
  EXPECT_EQ(Decide(decision).outcome(), Verdict::FAILS);
}

TEST_F(JudgeTest, ADecisionMayStayUndecidedForOneDeployment) {
  model::Decision decision;
  decision.set_undecided_because("nobody asked");
  decision.set_decided_later_by("asking");
  const Verdict verdict = Decide(decision);
  EXPECT_EQ(verdict.outcome(), Verdict::UNDECIDED);
  EXPECT_EQ(verdict.deployment(), "production");
  EXPECT_EQ(verdict.reason(), "nobody asked. Would decide it: asking");
}

TEST_F(JudgeTest, AQuestionOutsideTheValidatedRangeSaysSo) {
  model::Result inside = Predicted(1e6, 10, 140, 160);
  inside.mutable_provenance()->set_extrapolation(1.05);
  evidence_.AddResult(inside, "predicted.json");
  EXPECT_EQ(Decide(By("simulation", "p95_ms < 200")).validity(), "");
  model::Result outside = inside;
  outside.mutable_provenance()->set_extrapolation(18.4);
  evidence_.AddResult(outside, "predicted.json");
  EXPECT_EQ(Decide(By("simulation", "p95_ms < 200")).validity(),
            "outside the validated range: 18.4 x the highest calibrated load");
}

TEST_F(JudgeTest, ProfileFreeGivesTheConditionAsANumber) {
  model::Decision decision = By("profile_free", "");
  model::Need* need = decision.add_needs();
  need->set_text("server CPU per request at most");
  need->set_expression("fact.cores_limit_max * 0.7 / 100000 * 1000");
  need->set_unit("ms");
  Verdict verdict = Decide(decision);
  EXPECT_EQ(verdict.outcome(), Verdict::HOLDS_IF);
  EXPECT_THAT(verdict.condition(), HasSubstr("at most 2.8 ms"));
}

TEST_F(JudgeTest, AFrontierIsAConditionForEachClassOfFailures) {
  AddFact("outage_minutes_database", 8.766);
  AddFact("outage_minutes_redis", 3);
  const Verdict verdict = Decide(By("frontier", "outage_minutes_"));
  EXPECT_EQ(verdict.outcome(), Verdict::HOLDS_IF);
  EXPECT_THAT(verdict.condition(), HasSubstr("stay within database 8.766"));
  EXPECT_THAT(verdict.condition(), HasSubstr("redis 3"));
  EXPECT_THAT(verdict.frontier(), HasSubstr("12 of 0.25 min"));
  EXPECT_EQ(Decide(By("frontier", "nothing_like_it_")).outcome(), Verdict::UNDECIDED);
}

TEST_F(JudgeTest, AnUnknownMethodNamesTheClaimAndItsLine) {
  model::ClaimList claims;
  model::Claim* claim = claims.add_claims();
  claim->set_id("row");
  claim->set_line(7);
  claim->add_decisions()->set_method("guess");
  EXPECT_THAT(Judge(claims, evidence_).status().message(), HasSubstr("claim row (line 7)"));
}

TEST_F(JudgeTest, AClaimWithoutDecisionsKeepsItsReason) {
  model::ClaimList claims;
  model::Claim* claim = claims.add_claims();
  claim->set_undecided_because("no rubric");
  claim->set_decided_later_by("the checklist");
  auto report = Judge(claims, evidence_);
  EXPECT_EQ(report->undecided(), 1);
  EXPECT_EQ(report->verdicts(0).reason(), "no rubric. Would decide it: the checklist");
}

TEST_F(JudgeTest, ARunWithFaultsIsAnotherRun) {
  evidence_.AddResult(Predicted(1e6, 10, 140, 160), "calm.json");
  model::Decision decision = By("simulation", "p95_ms < 200");
  decision.set_at("users=1000000 think_time=10s faults=redis-master-loss");
  EXPECT_EQ(Decide(decision).outcome(), Verdict::UNDECIDED);
  model::Result hit = Predicted(1e6, 10, 400, 500);
  hit.mutable_provenance()->set_fault_plan("redis-master-loss");
  evidence_.AddResult(hit, "hit.json");
  const Verdict verdict = Decide(decision);
  EXPECT_EQ(verdict.outcome(), Verdict::FAILS);
  EXPECT_EQ(verdict.evidence(0), "hit.json");
  EXPECT_THAT(verdict.reason(), HasSubstr("with the faults redis-master-loss: p95_ms = 450"));
  EXPECT_EQ(Decide(By("simulation", "p95_ms < 200")).outcome(), Verdict::HOLDS);
}

TEST(OperatingPointTest, MistakesAreNamed) {
  for (const char* at : {"users=many", "faults=../x", "faults=", "user=5", "users=1 users=2"}) {
    EXPECT_FALSE(ParseOperatingPoint(at).ok()) << at;
  }
  EXPECT_THAT(std::string(ParseOperatingPoint("users=1 faults=A").status().message()),
              HasSubstr("`faults=A` not understood; expected users=NUMBER think_time=NUMBERs "
                        "faults=NAME"));
}

}  // namespace
}  // namespace report
