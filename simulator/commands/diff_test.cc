#include "simulator/commands/diff.h"

#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "model/io.h"
#include "simulator/commands/scenario_with.h"

namespace simulator {
namespace {

const std::string kFolder = "simulator/engine/testdata/";
const std::string kBefore = kFolder + "deployment.yaml";

// The test deployment with some of its text replaced, in a file of its own.
std::string Changed(const std::string& from, const std::string& to) {
  const auto text = model::ReadFile(kBefore);
  EXPECT_TRUE(text.ok());
  EXPECT_NE(text->find(from), std::string::npos);
  const std::string path = ::testing::TempDir() + "/changed.yaml";
  EXPECT_TRUE(model::WriteFile(absl::StrReplaceAll(*text, {{from, to}}), path).ok());
  return path;
}

std::string DiffOf(std::vector<std::string> args, int code) {
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(RunDiff(std::move(args)), code);
  return ::testing::internal::GetCapturedStdout();
}

TEST(DiffTest, NothingChanges) {
  const std::string text = DiffOf({kBefore, kBefore}, 0);
  EXPECT_NE(text.find("0 new errors, 0 findings appear, 0 disappear, 0 figures change"),
            std::string::npos)
      << text;
}

TEST(DiffTest, ANewErrorEndsWith1AndItsFixWith0) {
  const std::string after = Changed("target_name: api", "target_name: nowhere");
  const std::string text = DiffOf({kBefore, after}, 1);
  EXPECT_NE(text.find("1 new error"), std::string::npos) << text;
  EXPECT_NE(text.find("| error | hpa-target-missing |"), std::string::npos);
  const std::string back = DiffOf({after, kBefore}, 0);
  EXPECT_NE(back.find("0 new errors"), std::string::npos) << back;
  EXPECT_GT(back.find("hpa-target-missing"), back.find("Findings that disappear")) << back;
}

TEST(DiffTest, PredictionsSideBySide) {
  const std::string after = Changed("cores_millicores: 16000", "cores_millicores: 8000");
  const std::string text =
      DiffOf({kBefore, after, "--scenario", kFolder + "scenario.yaml", "--profile",
              kFolder + "profile.json", "--users", "5000", "--ramp", "1s", "--duration", "5s"},
             0);
  for (const char* word : {"Predicted: 5000 users", "| p95_ms |", "bottlenecks after",
                           "| database_cores, cores | 16 | 8 | -50.0 % |"}) {
    EXPECT_NE(text.find(word), std::string::npos) << word << " is not in\n" << text;
  }
}

// 5 to 100 pods of 2 cores and 16 or 8 cores of the database at 0.5 an hour, 6 Redis nodes at 0.1.
TEST(DiffTest, CostByTheUsersPrices) {
  const std::string prices = ::testing::TempDir() + "/prices.yaml";
  ASSERT_TRUE(
      model::WriteFile("core_hour: 0.5\nredis_node_hour: 0.1\ncurrency: EUR\n", prices).ok());
  const std::string after = Changed("cores_millicores: 16000", "cores_millicores: 8000");
  const std::string text = DiffOf({kBefore, after, "--prices", prices}, 0);
  EXPECT_NE(text.find("| cost_at_least_pods, EUR/h | 13.6 | 9.6 | -29.4 % |"), std::string::npos)
      << text;
  EXPECT_NE(text.find("| cost_at_most_pods, EUR/h | 108.6 | 104.6 | -3.7 % |"), std::string::npos)
      << text;
  EXPECT_EQ(RunDiff({kBefore, after, "--prices", "nowhere.yaml"}), 2);
}

// A claim about an autoscaler, another that needs a simulation of both sides.
TEST(DiffTest, VerdictsThatChange) {
  const std::string claims = ::testing::TempDir() + "/claims.yaml";
  ASSERT_TRUE(model::WriteFile(R"(claims:
  - id: scales
    claim: the autoscaler works
    source: a test
    decisions:
      - deployment: production
        method: inspection
        expression: absent(hpa-target-missing)
  - id: database
    claim: the database is not busy
    source: a test
    decisions:
      - deployment: production
        profile: hand-written
        method: simulation
        at: users=5000 think_time=10s
        expression: database_cpu_cores < 1000
  - id: latency
    claim: answers are quick
    source: a test
    decisions:
      - deployment: production
        profile: hand-written
        method: simulation
        at: users=5000 think_time=10s
        expression: p95_ms < 50
)",
                               claims)
                  .ok());
  const std::string after = Changed("target_name: api", "target_name: nowhere");
  const std::string text = DiffOf({kBefore, after, "--claims", claims}, 1);
  EXPECT_NE(text.find("### Verdicts that change: 1,"), std::string::npos) << text;
  EXPECT_NE(text.find("| scales | holds | fails |"), std::string::npos) << text;
  // With scenario and profile both sides are simulated, and figures of verdicts change.
  const std::string simulated = DiffOf(
      {kBefore, after, "--claims", claims, "--scenario", kFolder + "scenario.yaml", "--profile",
       kFolder + "profile.json", "--users", "5000", "--ramp", "1s", "--duration", "5s"},
      1);
  EXPECT_NE(simulated.find("| database | holds, "), std::string::npos) << simulated;
  // A pod of a twentieth of the CPU answers late.
  const std::string slower =
      DiffOf({kBefore, Changed("limit_millicores: 2000", "limit_millicores: 100"), "--claims",
              claims, "--scenario", kFolder + "scenario.yaml", "--profile",
              kFolder + "profile.json", "--users", "5000", "--ramp", "1s", "--duration", "5s"},
             0);
  EXPECT_NE(slower.find("| latency | holds, "), std::string::npos) << slower;
  EXPECT_EQ(RunDiff({kBefore, kBefore, "--claims", claims, "--judge_as", "staging"}), 2);
  EXPECT_EQ(RunDiff({kBefore, kBefore, "--judge_as", "staging"}), 2);
}

// The flags of `run`, open loads among them.
TEST(DiffTest, PredictionsOfAnOpenLoad) {
  const std::string scenario =
      ScenarioWith("open", "model: open\n  stages: [{ramp_to_rate: 10/s, over: 1s}]");
  const std::string after = Changed("cores_millicores: 16000", "cores_millicores: 8000");
  const std::vector<std::string> args = {
      kBefore,  after, "--scenario", scenario, "--profile", kFolder + "profile.json",
      "--ramp", "1s",  "--duration", "5s",     "--rate",    "500/s"};
  const std::string text = DiffOf(args, 0);
  EXPECT_NE(text.find("Predicted: open model, 500 arrivals/s"), std::string::npos) << text;
  std::vector<std::string> wrong = args;
  wrong.insert(wrong.end(), {"--users", "100"});
  EXPECT_EQ(RunDiff(wrong), 2);
}

TEST(DiffTest, BadInputEndsWith2) {
  EXPECT_EQ(RunDiff({}), 2);
  EXPECT_EQ(RunDiff({kBefore}), 2);
  EXPECT_EQ(RunDiff({kBefore, "nowhere.yaml"}), 2);
  EXPECT_EQ(RunDiff({kBefore, kBefore, "--profile", kFolder + "profile.json"}), 2);
  EXPECT_EQ(RunDiff({kBefore, kBefore, "--users", "0"}), 2);
}

}  // namespace
}  // namespace simulator
