#include "simulator/commands/map.h"

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "model/io.h"

namespace simulator {
namespace {

const std::string kFolder = "simulator/engine/testdata/storm_";

std::vector<std::string> With(const std::vector<std::string>& more) {
  std::vector<std::string> args = {"--scenario",   kFolder + "scenario.yaml",
                                   "--deployment", kFolder + "deployment.yaml",
                                   "--profile",    kFolder + "profile.json"};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

TEST(MapTest, WrongFlagsEndWith2AndFilesWith1) {
  EXPECT_EQ(RunMap(With({"--users", "5000"})), 2);
  EXPECT_EQ(RunMap(With({"--users", "5000..4000"})), 2);
  EXPECT_EQ(RunMap(With({"--speeds", "0..2"})), 2);
  EXPECT_EQ(RunMap(With({"--loads", "1"})), 2);
  EXPECT_EQ(RunMap(With({"--horizon", "10s"})), 2);
  EXPECT_EQ(RunMap({"--scenario", "x", "--deployment", "y"}), 2);
  EXPECT_EQ(RunMap(With({"--overload", "nowhere.yaml"})), 1);
  const std::string file = ::testing::TempDir() + "/overload.yaml";
  ASSERT_TRUE(model::WriteFile("queue_order: lifo\ncodel_target_seconds: 70s\n", file).ok());
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(RunMap(With({"--overload", file})), 1);
  EXPECT_TRUE(absl::StrContains(::testing::internal::GetCapturedStderr(),
                                "overload.yaml:2: `workloads.api.overload.codel_target_seconds`: "
                                "expected 0 to 60 seconds"));
}

TEST(MapTest, ThreadsDoNotChangeTheMap) {
  const std::string folder = ::testing::TempDir();
  const std::vector<std::string> small = {"--users",   "3000..12000", "--loads",    "4",
                                          "--speeds",  "0..0.8",      "--triggers", "3",
                                          "--horizon", "120s",        "--boundary", "off"};
  std::string texts[2];
  for (int i : {0, 1}) {
    std::vector<std::string> args = With(small);
    const std::string out = folder + "/map" + std::to_string(i) + ".json";
    args.insert(args.end(), {"--threads", std::to_string(i + 1), "--out", out});
    ::testing::internal::CaptureStdout();
    ASSERT_EQ(RunMap(args), 0);
    const std::string shown = ::testing::internal::GetCapturedStdout();
    EXPECT_TRUE(absl::StrContains(shown, "recovers below 4000 users")) << shown;
    EXPECT_TRUE(absl::StrContains(shown, "X")) << shown;
    texts[i] = *model::ReadFile(out);
  }
  EXPECT_EQ(texts[0], texts[1]);
  EXPECT_TRUE(absl::StrContains(texts[0], "\"state\":\"stuck\""));
}

TEST(MapTest, HysteresisAsCsv) {
  const std::string out = ::testing::TempDir() + "/sweep.csv";
  ASSERT_EQ(RunMap(With({"--hysteresis", "on", "--users", "2000..6000", "--loads", "3", "--hold",
                         "120s", "--out", out})),
            0);
  const std::string csv = *model::ReadFile(out);
  EXPECT_TRUE(absl::StartsWith(csv, "users,branch,")) << csv;
  EXPECT_TRUE(absl::StrContains(csv, "\n4000,down,")) << csv;
}

}  // namespace
}  // namespace simulator
