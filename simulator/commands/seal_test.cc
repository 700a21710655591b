#include "simulator/commands/seal.h"

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "model/io.h"
#include "model/result.pb.h"
#include "simulator/commands/backtest.h"
#include "simulator/commands/run.h"
#include "simulator/commands/said.h"

namespace simulator {
namespace {

using absl::StrContains;
using Args = std::vector<std::string>;

const std::string kFolder = "simulator/engine/testdata/";

constexpr char kK6[] =
    R"json({"metrics": {"http_reqs": {"count": 600, "rate": 1000},
            "http_req_duration": {"avg": 10, "med": 9, "p(95)": 25},
            "http_req_failed": {"value": 0}, "vus": {"max": 2000}}})json";

Args With(const Args& more) {
  Args args = {"--scenario",     kFolder + "scenario.yaml",
               "--deployment",   kFolder + "deployment.yaml",
               "--profile",      kFolder + "profile.json",
               "--users",        "2000",
               "--ramp",         "1s",
               "--duration",     "10s",
               "--pods",         "5",
               "--replications", "2"};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

class SealTest : public ::testing::Test {
 protected:
  SealTest()
      : folder_(::testing::TempDir() + "/" +
                ::testing::UnitTest::GetInstance()->current_test_info()->name()),
        log_(folder_ + "/predictions.jsonl"),
        out_(folder_ + "/predicted.json") {}

  std::string folder_;
  std::string log_;
  std::string out_;
};

TEST_F(SealTest, PredictsSealsScoresAndRemembers) {
  const Said sealed = Say(RunSeal, With({"--log", log_, "--out", out_, "--label", "a test"}));
  ASSERT_EQ(sealed.code, 0) << sealed.err;
  EXPECT_TRUE(StrContains(sealed.out, "sealed as p1 in ")) << sealed.out;

  // The prediction itself, somewhat slower, as the measurement.
  auto measured = model::ReadJson<model::Result>(out_);
  ASSERT_TRUE(measured.ok());
  measured->mutable_provenance()->set_engine("loadgen");
  measured->set_measured_seconds(measured->measured_seconds() * 1.02);
  const std::string file = folder_ + "/measured.json";
  ASSERT_TRUE(model::WriteJson(*measured, file).ok());
  const Said scored = Say(RunBacktest, {"--log", log_, "--measured", file});
  ASSERT_EQ(scored.code, 0) << scored.err;
  EXPECT_TRUE(StrContains(scored.out, "prediction p1 (a test)")) << scored.out;
  EXPECT_TRUE(StrContains(scored.out, "0 of 4 figures with a tolerance missed it")) << scored.out;
  EXPECT_EQ(Say(RunBacktest, {"--log", log_, "--id", "p1", "--measured", file, "--measured", file,
                              "--gate", "on"})
                .code,
            0);

  const Said next = Say(RunRun, With({"--log", log_, "--out", out_}));
  ASSERT_EQ(next.code, 0) << next.err;
  EXPECT_TRUE(StrContains(next.out, "last errors, newest last")) << next.out;
  EXPECT_TRUE(StrContains(next.out, "2 scored, the last errors")) << next.out;
  const auto result = model::ReadJson<model::Result>(out_);
  ASSERT_TRUE(result.ok());
  for (const model::Quantity& quantity : result->quantities()) {
    if (quantity.name() != "p95_ms") continue;
    EXPECT_EQ(quantity.past_error_size(), 2);
    EXPECT_EQ(quantity.model_part(), 0);  // the measured latencies were the predicted ones
  }
}

TEST_F(SealTest, ScoresAK6Summary) {
  ASSERT_EQ(Say(RunSeal, With({"--log", log_})).code, 0);
  const std::string file = folder_ + "/k6.json";
  ASSERT_TRUE(model::WriteFile(kK6, file).ok());
  const Said scored = Say(RunBacktest, {"--log", log_, "--k6", file, "--gate", "on"});
  EXPECT_EQ(scored.code, 1);  // the latencies are far from these figures
  EXPECT_TRUE(StrContains(scored.out, "MISS 5 %")) << scored.out;
  EXPECT_TRUE(StrContains(scored.out, "k6 wrote no p(99)")) << scored.out;
}

TEST_F(SealTest, BadInputIsOneLine) {
  ASSERT_EQ(Say(RunSeal, With({"--log", log_})).code, 0);
  const std::string tampered = folder_ + "/tampered.jsonl";
  std::string text = *model::ReadFile(log_);
  text.replace(text.find("\"users\":2000"), 12, "\"users\":2001");
  ASSERT_TRUE(model::WriteFile(text, tampered).ok());
  const std::string empty = folder_ + "/empty.json";
  ASSERT_TRUE(model::WriteFile("{}", empty).ok());
  const std::string profile = kFolder + "profile.json";
  const Args prometheus = {"--log", log_, "--prometheus", "http://127.0.0.1:1"};
  const auto asked = [&prometheus](const Args& more) {
    Args args = prometheus;
    args.insert(args.end(), more.begin(), more.end());
    return args;
  };
  struct Case {
    int (*command)(Args);
    Args args;
    int code;
    std::string expected;
  };
  const Case cases[] = {
      {RunSeal, With({}), 2, "--log is missing"},
      {RunSeal, {"--log", log_}, 2, "--scenario is missing"},
      {RunSeal, With({"--log", log_, "--users", "x"}), 2, "--users"},
      {RunSeal, With({"--log", tampered}), 1, tampered + ":1: "},
      {RunSeal, With({"--log", folder_}), 1, folder_},
      {RunRun, With({"--log", tampered}), 1, tampered + ":1: "},
      {RunRun, With({"--log", folder_ + "/none"}), 1, folder_ + "/none"},
      {RunBacktest, {}, 2, "--log is missing"},
      {RunBacktest, {"--log", log_}, 2, "exactly one source"},
      {RunBacktest, {"--log", log_, "--measured", "a", "--k6", "b"}, 2, "exactly one source"},
      {RunBacktest, {"--log", log_, "--measured"}, 2, "needs a value"},
      {RunBacktest, {"--log", log_, "--measured", "a", "--from", "1"}, 2, "--from"},
      {RunBacktest, {"--log", log_, "--measured", "a", "--gate", "yes"}, 2, "--gate"},
      {RunBacktest, {"--log", log_, "--measured", "nowhere.json"}, 1, "nowhere.json"},
      {RunBacktest, {"--log", log_, "--measured", empty}, 1, empty + ": total.requests"},
      {RunBacktest, {"--log", log_, "--measured", profile}, 1, "expected a Result"},
      {RunBacktest, {"--log", log_, "--k6", profile}, 1, "expected a k6 summary"},
      {RunBacktest, {"--log", log_, "--id", "p9", "--k6", empty}, 1, "'p9'; there are p1"},
      {RunBacktest, {"--log", tampered, "--k6", empty}, 1, tampered + ":1: "},
      {RunBacktest, {"--log", folder_ + "/none", "--k6", empty}, 1, folder_ + "/none"},
      {RunBacktest, prometheus, 2, "--from is missing"},
      {RunBacktest, asked({"--from", "5", "--to", "never"}), 2, "--to"},
      {RunBacktest, asked({"--from", "5", "--to", "5"}), 2, "--to"},
      {RunBacktest, asked({"--from", "5", "--to", "50", "--queries", "none.yaml"}), 1, "none.yaml"},
      {RunBacktest, asked({"--from", "5", "--to", "50"}), 1, "127.0.0.1:1"},
  };
  const std::string before = *model::ReadFile(log_);
  for (const Case& item : cases) {
    const Said said = Say(item.command, item.args);
    EXPECT_EQ(said.code, item.code) << item.expected << "\n" << said.err;
    EXPECT_TRUE(StrContains(said.err, item.expected)) << said.err << "\nexpected " << item.expected;
    const Args lines = absl::StrSplit(said.err, '\n', absl::SkipEmpty());
    EXPECT_EQ(lines.size(), 1u) << said.err;
  }
  EXPECT_EQ(*model::ReadFile(log_), before);  // nothing was appended
}

}  // namespace
}  // namespace simulator
