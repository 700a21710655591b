#include "simulator/commands/availability.h"

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "model/io.h"

namespace simulator {
namespace {

TEST(AvailabilityTest, PrintsAFrontierAndNoSumOfAssumptions) {
  const std::string file = ::testing::TempDir() + "/classes.yaml";
  ASSERT_TRUE(model::WriteFile("classes:\n  - {name: database, failures_per_year: 2, recovery: "
                               "30m, assumption: true}\n",
                               file)
                  .ok());
  const std::string out = ::testing::TempDir() + "/frontier.json";
  ::testing::internal::CaptureStdout();
  ASSERT_EQ(RunAvailability(
                {"--deployment", "k8s/rendered/production.yaml", "--classes", file, "--out", out}),
            0);
  const std::string text = ::testing::internal::GetCapturedStdout();
  for (const char* word :
       {"52.6 minutes", "pod: ", "node: ", "zone: ", "database: ", "redis: ", "bad_deployment: ",
        "certificate: ", "an assumption", "OUTSIDE", "not added up"}) {
    EXPECT_TRUE(absl::StrContains(text, word)) << word << " is not in\n" << text;
  }
  EXPECT_TRUE(absl::StrContains(*model::ReadFile(out), "\"kind\":\"availability_frontier\""));
}

TEST(AvailabilityTest, MistakesEndWith2OrWith1) {
  EXPECT_EQ(RunAvailability({}), 2);
  EXPECT_EQ(RunAvailability({"--deployment", "x", "--target", "100"}), 2);
  EXPECT_EQ(RunAvailability({"--deployment", "nowhere.yaml"}), 1);
}

}  // namespace
}  // namespace simulator
