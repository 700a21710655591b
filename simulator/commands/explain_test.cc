#include "simulator/commands/explain.h"

#include "gtest/gtest.h"

namespace simulator {
namespace {

const std::string kFolder = "simulator/engine/testdata/";

std::vector<std::string> With(const std::vector<std::string>& more) {
  std::vector<std::string> args = {"--scenario",   kFolder + "scenario.yaml",
                                   "--deployment", kFolder + "deployment.yaml",
                                   "--profile",    kFolder + "profile.json"};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

TEST(ExplainTest, PrintsBoundsAndSensitivities) {
  ::testing::internal::CaptureStdout();
  ASSERT_EQ(RunExplain(With({"--users", "10000", "--think_time", "5s", "--duration", "3s",
                             "--replications", "2"})),
            0);
  const std::string text = ::testing::internal::GetCapturedStdout();
  for (const char* word : {"10000 users", "server_cpu", "database_cpu", "knee N*", "bottlenecks",
                           "elasticity", "common random numbers", "warning: "}) {
    EXPECT_NE(text.find(word), std::string::npos) << word << " is not in\n" << text;
  }
}

TEST(ExplainTest, WrongFlagsEndWith2AndUnreadableFilesWith1) {
  EXPECT_EQ(RunExplain({}), 2);
  EXPECT_EQ(RunExplain(With({"--users", "0"})), 2);
  EXPECT_EQ(RunExplain(With({"--duration", "0s"})), 2);
  EXPECT_EQ(RunExplain(With({"--pots", "3"})), 2);
  EXPECT_EQ(RunExplain({"--scenario", "nowhere.yaml", "--deployment", kFolder + "deployment.yaml",
                        "--profile", kFolder + "profile.json"}),
            1);
}

}  // namespace
}  // namespace simulator
