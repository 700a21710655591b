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

constexpr char kFaultClaims[] = R"(
claims:
  - id: calm
    claim: 300 users below 50 ms
    source: test
    decisions:
      - {deployment: production, profile: hand-written, method: simulation, at: users=300 think_time=10s, expression: p95_ms < 50}
  - id: survives
    claim: the same with the database at a thousandth of its speed
    source: test
    decisions:
      - {deployment: production, profile: hand-written, method: simulation, at: users=300 think_time=10s faults=slow-database, expression: p95_ms < 50}
)";

TEST_F(ValidateTest, FaultsOfAnOperatingPointAreSimulated) {
  const std::string folder = ::testing::TempDir();
  const std::string plan = folder + "/faults/slow-database.yaml";
  ASSERT_TRUE(model::WriteFile(kFaultClaims, folder + "/claims.yaml").ok());
  ASSERT_TRUE(
      model::WriteFile("faults:\n  - {at: 4s, for: 7s, database_slowdown: {factor: 0.001}}\n", plan)
          .ok());
  const std::vector<std::string> args =
      With({"--deployment", "production=" + kFolder + "deployment.yaml", "--think_times", "10s",
            "--out", folder + "/faulty"});
  ASSERT_EQ(RunValidate(args), 0);
  const auto report = model::ReadJson<model::VerdictReport>(folder + "/faulty/verdict.json");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->verdicts(0).outcome(), model::Verdict::HOLDS) << report->verdicts(0).reason();
  EXPECT_EQ(report->verdicts(1).outcome(), model::Verdict::FAILS) << report->verdicts(1).reason();
  // Read strictly, before anything is simulated.
  for (const char* wrong :
       {"faults:\n  - {at: 4s, database_slow: {}}\n", "faults:\n  - {at: 20s, cache_lost: {}}\n"}) {
    ASSERT_TRUE(model::WriteFile(wrong, plan).ok());
    EXPECT_EQ(RunValidate(args), 1) << wrong;
  }
  ASSERT_EQ(remove(plan.c_str()), 0);
  EXPECT_EQ(RunValidate(args), 1);
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
