#include "simulator/commands/plan.h"

#include "gtest/gtest.h"
#include "model/io.h"
#include "model/profile.pb.h"

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
                           "bottlenecks", "EUR", "without a node", "without a zone"}) {
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

TEST(PlanTest, WrongFlagsEndWith2AndUnreadableFilesWith1) {
  const std::vector<std::string> good = {"--users", "100", "--slo", "p95<1s"};
  const auto with = [&good](const std::string& name, const std::string& value) {
    std::vector<std::string> args = good;
    args.push_back(name);
    args.push_back(value);
    return RunPlan(With(args));
  };
  EXPECT_EQ(RunPlan(With({"--users", "100"})), 2);
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
