#include "simulator/commands/validate.h"

#include "gtest/gtest.h"
#include "model/io.h"
#include "model/verdict.pb.h"

namespace simulator {
namespace {

const std::string kFolder = "simulator/engine/testdata/";

constexpr char kClaims[] = R"(
claims:
  - id: small
    claim: 3,000 users below 200 ms
    source: test
    decisions:
      - deployment: production
        profile: hand-written
        method: simulation
        at: users=3000 think_time=10s
        expression: p95_ms < 200 and error_rate < 0.001
      - deployment: production
        profile: another
        method: simulation
        at: users=3000 think_time=10s
        expression: p95_ms < 200
      - deployment: production
        method: arithmetic
        expression: fact.max_pods >= 1000
)";

std::vector<std::string> With(const std::vector<std::string>& more) {
  std::vector<std::string> args = {"--claims",   ::testing::TempDir() + "/claims.yaml",
                                   "--scenario", kFolder + "scenario.yaml",
                                   "--profile",  kFolder + "profile.json",
                                   "--duration", "10s",
                                   "--ramp",     "1s"};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

class ValidateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(model::WriteFile(kClaims, ::testing::TempDir() + "/claims.yaml").ok());
  }
};

TEST_F(ValidateTest, JudgesAllRowsAndSaysWhatWasScreened) {
  const std::string out = ::testing::TempDir() + "/out";
  ASSERT_EQ(RunValidate(With({"--deployment", "production=" + kFolder + "deployment.yaml",
                              "--think_times", "0.001s,1s,500s", "--out", out})),
            0);
  const auto report = model::ReadJson<model::VerdictReport>(out + "/verdict.json");
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->verdicts_size(), 3);
  const model::Verdict& small = report->verdicts(0);
  EXPECT_EQ(small.outcome(), model::Verdict::HOLDS) << small.reason();
  EXPECT_NE(small.frontier().find("0.001 s saturated by the bounds, not simulated"),
            std::string::npos)
      << small.frontier();
  EXPECT_NE(small.frontier().find("500 s idle by the bounds"), std::string::npos);
  EXPECT_EQ(report->verdicts(1).outcome(), model::Verdict::UNDECIDED);
  EXPECT_EQ(report->verdicts(2).outcome(), model::Verdict::FAILS);
  EXPECT_EQ(report->undecided(), 1u);
  EXPECT_TRUE(model::ReadFile(out + "/predicted-production-3000-10s.json").ok());
  EXPECT_FALSE(model::ReadFile(out + "/predicted-production-3000-500s.json").ok());
  EXPECT_TRUE(model::ReadFile(out + "/index.html").ok());
}

TEST_F(ValidateTest, WrongFlagsEndWith2AndUnreadableFilesWith1) {
  const std::string good = "production=" + kFolder + "deployment.yaml";
  EXPECT_EQ(RunValidate(With({})), 2);
  EXPECT_EQ(RunValidate(With({"--deployment", "production"})), 2);
  EXPECT_EQ(RunValidate(With({"--deployment", good, "--deployment", good})), 2);
  EXPECT_EQ(RunValidate(With({"--deployment", good, "--think_times", "soon"})), 2);
  EXPECT_EQ(RunValidate(With({"--deployment", good, "--think_times", "0s"})), 2);
  EXPECT_EQ(RunValidate(With({"--deployment", good, "--screening", "maybe"})), 2);
  EXPECT_EQ(RunValidate(With({"--deployment", "production=nowhere.yaml"})), 1);
}

}  // namespace
}  // namespace simulator
