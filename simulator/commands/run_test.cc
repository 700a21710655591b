#include "simulator/commands/run.h"

#include <cstdlib>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/io.h"
#include "model/result.pb.h"
#include "simulator/commands/said.h"
#include "simulator/commands/scenario_with.h"

namespace simulator {
namespace {

const std::string kFolder = "simulator/engine/testdata/";

std::vector<std::string> With(std::vector<std::string> more) {
  std::vector<std::string> args = {"--scenario",   kFolder + "scenario.yaml",
                                   "--deployment", kFolder + "deployment.yaml",
                                   "--profile",    kFolder + "profile.json",
                                   "--duration",   "10s",
                                   "--ramp",       "1s",
                                   "--pods",       "5"};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

TEST(RunTest, WrongFlagsEndWith2) {
  EXPECT_EQ(RunRun({"--scenario", kFolder + "scenario.yaml"}), 2);
  EXPECT_EQ(RunRun(With({"--user", "5"})), 2);
  EXPECT_EQ(RunRun(With({"--users", "many"})), 2);
  EXPECT_EQ(RunRun(With({"--users", "0"})), 2);
  EXPECT_EQ(RunRun(With({"--think_time", "-3s"})), 2);
  EXPECT_EQ(RunRun(With({"--model_error", "x"})), 2);
  EXPECT_EQ(RunRun(With({"--catalogue", "20,5"})), 2);
  EXPECT_EQ(RunRun(With({"--slowdown", "5s,2s"})), 2);
  EXPECT_EQ(RunRun(With({"--slowdown", "5s,2s,-1"})), 2);
}

TEST(RunTest, UnreadableFilesEndWith1) {
  EXPECT_EQ(RunRun(With({"--faults", "nowhere.yaml"})), 1);
  EXPECT_EQ(RunRun({"--scenario", "nowhere.yaml", "--deployment", kFolder + "deployment.yaml",
                    "--profile", kFolder + "profile.json"}),
            1);
}

TEST(RunTest, WritesAResultThatReadsBackTheSameTwice) {
  const std::string folder = ::testing::TempDir();
  ASSERT_EQ(RunRun(With({"--out", folder + "/a.json", "--threads", "1"})), 0);
  ASSERT_EQ(RunRun(With({"--out", folder + "/b.json", "--threads", "2"})), 0);
  const auto a = model::ReadFile(folder + "/a.json");
  const auto b = model::ReadFile(folder + "/b.json");
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_TRUE(*a == *b);
  const auto result = model::ReadJson<model::Result>(folder + "/a.json");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->provenance().engine(), "simulator");
  EXPECT_EQ(result->provenance().profile_digest().size(), 64u);
  EXPECT_GT(result->total().requests(), 0u);
}

double QuantityOf(const std::string& path, const std::string& name) {
  const auto result = model::ReadJson<model::Result>(path);
  EXPECT_TRUE(result.ok()) << result.status();
  for (const model::Quantity& quantity : result->quantities()) {
    if (quantity.name() == name) return quantity.value();
  }
  return -1;
}

// Two in three journeys look (2.05 requests), one reads a record (1): 1.7 requests an arrival.
TEST(RunTest, OpenAndPartlyOpenLoads) {
  const std::string open =
      ScenarioWith("open", "model: open\n  stages: [{ramp_to_rate: 10/s, over: 1s}, {hold: 60s}]");
  const std::string partly =
      ScenarioWith("partly",
                   "model: partly_open\n  session: {journeys: {geometric: {mean: 2}}}\n"
                   "  stages: [{ramp_to_rate: 10/s, over: 1s}, {hold: 60s}]");
  const std::string out = ::testing::TempDir() + "/open.json";
  for (const auto& [scenario, rate] : {std::pair(open, "1000/s"), std::pair(partly, "500")}) {
    const Said said =
        Say(RunRun, With({"--scenario", scenario, "--rate", rate, "--think_time", "1s", "--settle",
                          "8s", "--duration", "18s", "--out", out}));
    ASSERT_EQ(said.code, 0) << said.err;
    EXPECT_THAT(said.out, ::testing::HasSubstr("arrivals/s")) << said.out;
    EXPECT_NEAR(QuantityOf(out, "throughput_per_second"), 1700, 60) << scenario;
  }
  // Beyond what 5 pods can do: queues that turn requests away keep it going, and a warning says so.
  const Said much =
      Say(RunRun, With({"--scenario", open, "--rate", "200000", "--ramp", "0s", "--think_time",
                        "1s", "--replications", "1", "--duration", "2s", "--settle", "0.5s"}));
  EXPECT_EQ(much.code, 0) << much.err;
  EXPECT_THAT(much.out, ::testing::HasSubstr("unstable at the largest rate: offered 340000"))
      << much.out;
}

TEST(RunTest, LoadsThatDoNotFitTheModelAreNamed) {
  const std::string open =
      ScenarioWith("open", "model: open\n  stages: [{ramp_to_rate: 10/s, over: 1s}, {hold: 60s}]");
  const auto error = [](const std::vector<std::string>& args, int code) {
    const Said said = Say(RunRun, With(args));
    EXPECT_EQ(said.code, code) << said.err;
    return said.err;
  };
  EXPECT_THAT(error({"--scenario", open, "--think_time", "0s"}, 1),
              ::testing::HasSubstr("open.yaml: users.model: open: --think_time: expected above 0"));
  EXPECT_THAT(error({"--scenario", open, "--users", "100"}, 1),
              ::testing::HasSubstr("open has arrivals, not users: give --rate"));
  EXPECT_THAT(error({"--rate", "100"}, 1), ::testing::HasSubstr("users.model"));
  EXPECT_THAT(error({"--scenario", open, "--rate", "0"}, 2),
              ::testing::HasSubstr("--rate: expected arrivals per second above 0"));
  EXPECT_THAT(error({"--scenario", open, "--rate", "fast"}, 2),
              ::testing::HasSubstr("found 'fast'"));
  const std::string thoughtless =
      ScenarioWith("thoughtless",
                   "model: open\n  stages: [{ramp_to_rate: 10/s, over: 1s}]\n"
                   "  arrivals: journeys");
  auto text = model::ReadFile(thoughtless);
  ASSERT_TRUE(text.ok());
  ASSERT_TRUE(
      model::WriteFile(absl::StrReplaceAll(*text, {{"mean: 10s", "mean: 0s"}}), thoughtless).ok());
  EXPECT_THAT(error({"--scenario", thoughtless}, 1), ::testing::HasSubstr("think_time"));
}

}  // namespace
}  // namespace simulator
