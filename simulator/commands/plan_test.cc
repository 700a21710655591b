#include "simulator/commands/plan.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/io.h"
#include "model/profile.pb.h"
#include "model/result.pb.h"
#include "simulator/commands/said.h"
#include "simulator/commands/scenario_with.h"

namespace simulator {
namespace {

const std::string kFolder = "simulator/engine/testdata/";

std::vector<std::string> With(const std::vector<std::string>& more) {
  std::vector<std::string> args = {
      "--scenario", kFolder + "scenario.yaml", "--deployment", kFolder + "deployment.yaml",
      "--profile",  kFolder + "profile.json",  "--duration",   "2s"};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

std::string PlanOf(const std::vector<std::string>& more, int code) {
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(RunPlan(With(more)), code);
  return ::testing::internal::GetCapturedStdout();
}

TEST(PlanTest, FindsAPlanAndItsCheaperMiss) {
  const std::string prices = ::testing::TempDir() + "/prices.yaml";
  ASSERT_TRUE(model::WriteFile("core_hour: 0.04\ngib_hour: 0.005\ncurrency: EUR\n", prices).ok());
  const std::string text = PlanOf({"--users", "20000", "--think_time", "1s", "--slo",
                                   "p95<50ms,errors<0.1%", "--prices", prices},
                                  0);
  for (const char* word : {"configurations", "\nplan  ", "met    ", "next cheaper", "connections",
                           "bottlenecks", "saturated are", "by mean value analysis",
                           "PgBouncer        no", "EUR", "without a node", "without a zone"}) {
    EXPECT_NE(text.find(word), std::string::npos) << word << " is not in\n" << text;
  }
}

// Redis commands so slow that one master cannot: the fewest masters that can are chosen.
TEST(PlanTest, ChoosesRedisMasters) {
  auto profile = model::ReadJson<model::Profile>(kFolder + "profile.json");
  ASSERT_TRUE(profile.ok()) << profile.status();
  profile->mutable_redis()->set_command_seconds(200e-6);
  const std::string path = ::testing::TempDir() + "/slow_redis.json";
  ASSERT_TRUE(model::WriteJson(*profile, path).ok());
  const std::string text = PlanOf({"--users", "20000", "--think_time", "2s", "--slo", "p95<100ms",
                                   "--profile", path, "--redis_masters", "1,2,3,6,9,12", "--cpu",
                                   "2", "--connections", "2", "--database_cores", "16,32"},
                                  0);
  EXPECT_NE(text.find(" Redis masters"), std::string::npos) << text;
  EXPECT_EQ(text.find("1 Redis master\n"), std::string::npos) << text;
}

TEST(PlanTest, SaysWhenNothingIsGoodEnough) {
  const std::string text = PlanOf({"--users", "100000", "--think_time", "1s", "--slo", "p95<0.1ms",
                                   "--max_simulations", "2", "--cpu", "1", "--connections", "2"},
                                  1);
  EXPECT_EQ(text.find("\nplan "), std::string::npos) << text;
}

TEST(PlanTest, SaysWhyNothingIsGoodEnough) {
  const std::vector<std::string> small = {"--users", "1000", "--think_time",  "1s",
                                          "--cpu",   "1",    "--connections", "2"};
  const auto plan = [&](std::vector<std::string> more) {
    more.insert(more.begin(), small.begin(), small.end());
    return Say(RunPlan, With(more));
  };
  const Said fast = plan({"--slo", "p95<0.1ms"});
  EXPECT_EQ(fast.code, 1);
  EXPECT_THAT(fast.err, ::testing::HasSubstr("a request that never waits takes")) << fast.err;
  // Not ruled out, nor well below the limit: a simulation decides.
  const Said near = plan({"--slo", "p99<1.5ms", "--max_simulations", "3"});
  EXPECT_THAT(near.out, ::testing::HasSubstr("p99_ms")) << near.out << near.err;
  EXPECT_THAT(plan({"--slo", "errors<0%"}).err, ::testing::HasSubstr("nothing is below 0"));
  const Said many = plan({"--users", "16000000", "--slo", "p95<1s", "--max_pods", "2"});
  EXPECT_EQ(many.code, 1);
  EXPECT_THAT(many.err, ::testing::HasSubstr("the bounds' best miss: 2 pods")) << many.err;
}

TEST(PlanTest, OpenLoads) {
  const std::string scenario =
      ScenarioWith("open", "model: open\n  stages: [{ramp_to_rate: 10/s, over: 1s}]");
  const std::string out = ::testing::TempDir() + "/plan.json";
  const std::vector<std::string> args =
      With({"--scenario", scenario, "--slo", "p95<50ms,errors<0.1%", "--think_time", "1s", "--cpu",
            "1", "--connections", "2", "--database_cores", "4,8"});
  const auto plan = [&](std::vector<std::string> more) {
    more.insert(more.begin(), args.begin(), args.end());
    return Say(RunPlan, more);
  };
  const Said said = plan({"--rate", "8000/s", "--out", out});
  ASSERT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.out, ::testing::HasSubstr("\nplan "));
  EXPECT_THAT(said.out, ::testing::HasSubstr("can be done"));
  const auto result = model::ReadJson<model::Result>(out);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->arrival_rate_per_second(), 8000);
  for (const model::Quantity& quantity : result->quantities()) {
    if (quantity.name() == "throughput_per_second") {
      EXPECT_NEAR(quantity.value(), 8000 * 1.7, 300);
    }
  }
  const Said users = plan({"--users", "100"});
  EXPECT_EQ(users.code, 1);
  EXPECT_THAT(users.err, ::testing::HasSubstr("open has arrivals, not users: give --rate"));
  const Said rate = plan({"--rate", "-1"});
  EXPECT_EQ(rate.code, 2);
  EXPECT_THAT(rate.err, ::testing::HasSubstr("--rate: expected arrivals per second above 0"));
  EXPECT_EQ(plan({"--think_time", "0s"}).code, 1);
}

TEST(PlanTest, WrongFlagsEndWith2AndUnreadableFilesWith1) {
  const std::vector<std::string> good = {"--users", "100", "--slo", "p95<1s"};
  const auto with = [&good](const std::string& name, const std::string& value) {
    std::vector<std::string> args = good;
    args.push_back(name);
    args.push_back(value);
    return RunPlan(With(args));
  };
  EXPECT_EQ(RunPlan(With({"--users", "100"})), 2);  // no --slo
  EXPECT_EQ(with("--slo", "p95"), 2);
  EXPECT_EQ(with("--slo", "p93<1s"), 2);
  EXPECT_EQ(with("--slo", "p95<1"), 2);
  EXPECT_EQ(with("--cpu", "big"), 2);
  EXPECT_EQ(with("--connections", "1.5"), 2);
  EXPECT_EQ(with("--redis_masters", "0"), 2);
  EXPECT_EQ(with("--prices", "nowhere.yaml"), 1);
  const std::string prices = ::testing::TempDir() + "/bad.yaml";
  ASSERT_TRUE(model::WriteFile("gib_hour: 0.005\n", prices).ok());
  EXPECT_EQ(with("--prices", prices), 1);
}

}  // namespace
}  // namespace simulator
