#include "simulator/commands/run.h"

#include <cstdlib>

#include "gtest/gtest.h"
#include "model/io.h"
#include "model/result.pb.h"

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

}  // namespace
}  // namespace simulator
