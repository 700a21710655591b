#include "simulator/backtest/backtest.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/paths.h"
#include "gtest/gtest.h"
#include "model/io.h"

namespace simulator {
namespace {

using absl::StrContains;

class BacktestTest : public ::testing::Test {
 protected:
  BacktestTest() {
    folder_ = ::testing::TempDir() + "/" +
              ::testing::UnitTest::GetInstance()->current_test_info()->name();
    for (const char* name : {"scenario", "deployment", "profile"}) {
      EXPECT_TRUE(model::WriteFile(name, Path(name)).ok());
    }
  }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  std::string Log() const { return Path("predictions.jsonl"); }
  std::string Text() const { return *model::ReadFile(Log()); }

  static model::Result Prediction(double p95) {
    model::Result result;
    result.set_users(100);
    result.set_think_time_mean_seconds(2);
    result.mutable_provenance()->set_version("1.2.3");
    for (const auto& [name, value] :
         {std::pair{"p95_ms", p95}, {"mean_ms", 10.0}, {"throughput_per_second", 50.0}}) {
      model::Quantity* quantity = result.add_quantities();
      quantity->set_name(name);
      quantity->set_value(value);
      quantity->set_low(value * 0.8);
      quantity->set_high(value * 1.2);
    }
    return result;
  }
  absl::StatusOr<Sealed> SealOne(double p95, const std::string& label = "") const {
    SealInputs inputs;
    inputs.label = label;
    inputs.scenario_path = Path("scenario");
    inputs.deployment_path = Path("deployment");
    inputs.profile_path = Path("profile");
    inputs.program_path = base::ThisProgram();
    inputs.settings = {{"users", "100"}};
    return Seal(Prediction(p95), inputs, Log());
  }
  static MeasuredFigures Measured(double p95) {
    MeasuredFigures measured;
    measured.source = "test";
    measured.started_at = "2100-01-01T00:00:00Z";
    measured.values = {{"p95_ms", p95}, {"mean_ms", 10.4}, {"other", 1}};
    return measured;
  }
  void Score(const std::string& id, double p95) const {
    const auto log = ReadPredictionLog(Log());
    ASSERT_TRUE(log.ok()) << log.status();
    const auto prediction = FindPrediction(*log, id);
    ASSERT_TRUE(prediction.ok()) << prediction.status();
    const auto backtest = ScorePrediction(*prediction, Measured(p95));
    ASSERT_TRUE(backtest.ok()) << backtest.status();
    ASSERT_TRUE(RecordScore(*backtest, Log()).ok());
  }

  std::string folder_;
};

TEST_F(BacktestTest, SealsAndScores) {
  const auto first = SealOne(20, "at rest");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->id, "p1");
  ASSERT_EQ(SealOne(22)->id, "p2");
  const auto log = ReadPredictionLog(Log());
  ASSERT_TRUE(log.ok()) << log.status();
  ASSERT_EQ(log->records.size(), 2u);
  EXPECT_EQ(log->records[0].body.at("sha256").as_object().at("profile").as_string(),
            model::Sha256Hex("profile"));
  EXPECT_EQ(log->records[0].body.at("sha256").as_object().at("result").as_string(),
            model::Sha256Hex(*model::ToJson(Prediction(20))));

  const auto found = FindPrediction(*log, "p1");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->label, "at rest");
  EXPECT_EQ(found->users, 100u);
  const auto backtest = ScorePrediction(*found, Measured(25));
  ASSERT_TRUE(backtest.ok()) << backtest.status();
  ASSERT_EQ(backtest->scores.size(), 2u);  // throughput was not measured, `other` not predicted
  const QuantityScore& p95 = backtest->scores[0];
  EXPECT_DOUBLE_EQ(p95.error, -0.2);
  EXPECT_FALSE(p95.within_tolerance);
  EXPECT_FALSE(p95.in_interval);  // 16 .. 24
  const QuantityScore& mean = backtest->scores[1];
  EXPECT_NEAR(mean.error, -0.4 / 10.4, 1e-12);
  EXPECT_TRUE(mean.within_tolerance);
  EXPECT_TRUE(mean.in_interval);
  EXPECT_EQ(backtest->blind, Backtest::kBlind);
  EXPECT_EQ(backtest->Missed(), 1u);
  EXPECT_EQ(backtest->Toleranced(), 2u);
  EXPECT_TRUE(StrContains(BacktestTable(*backtest), "MISS 10 %")) << BacktestTable(*backtest);
  EXPECT_FALSE(FindPrediction(*log, "p7").ok());
}

TEST_F(BacktestTest, PastErrorsStandBesideANewPrediction) {
  ASSERT_TRUE(SealOne(20).ok());
  Score("p1", 25);
  Score("p1", 16);
  const auto past = PastErrorsIn(*ReadPredictionLog(Log()));
  ASSERT_TRUE(past.ok()) << past.status();
  EXPECT_EQ(past->scores, 2u);
  EXPECT_EQ(past->errors.at("p95_ms"), (std::vector<double>{-0.2, 0.25}));
  EXPECT_DOUBLE_EQ(past->latency_model_error, 0.25);  // |25 - 20| / 20
  model::Result next = Prediction(30);
  NotePastErrors(*past, &next);
  EXPECT_EQ(next.quantities(0).past_error_size(), 2);
  EXPECT_EQ(next.quantities(2).past_error_size(), 0);
  EXPECT_TRUE(StrContains(next.provenance().warnings(0), "p95_ms -20.0 % +25.0 %"))
      << next.provenance().warnings(0);
}

TEST_F(BacktestTest, ARunThatBeganEarlierIsNotBlind) {
  ASSERT_TRUE(SealOne(20).ok());
  MeasuredFigures early = Measured(20);
  early.started_at = "2001-01-01T00:00:00Z";
  early.users = 120;
  const auto backtest = ScorePrediction(*FindPrediction(*ReadPredictionLog(Log()), ""), early);
  ASSERT_TRUE(backtest.ok());
  EXPECT_EQ(backtest->blind, Backtest::kAfter);
  ASSERT_EQ(backtest->warnings.size(), 2u);
  EXPECT_TRUE(StrContains(backtest->warnings[1], "another load"));
}

TEST_F(BacktestTest, EveryKindOfTamperingIsRefusedWithItsLine) {
  for (double p95 : {20, 21, 22}) ASSERT_TRUE(SealOne(p95).ok());
  const std::string good = Text();
  const size_t second = good.find('\n') + 1;
  const size_t third = good.find('\n', second) + 1;
  const std::string one = good.substr(0, second);
  const std::string two = good.substr(second, third - second);
  const std::string three = good.substr(third);
  const auto changed = [](std::string line, const std::string& from, const std::string& to) {
    return line.replace(line.find(from), from.size(), to);
  };
  struct Case {
    std::string text;
    int line;
  };
  const Case cases[] = {
      {changed(one, "\"users\":100", "\"users\":101") + two + three, 1},
      {one + changed(two, "\"value\":1E1", "\"value\":1E2") + three, 2},
      {one + two + changed(three, "1.2.3", "1.2.4"), 3},
      {one + three, 2},
      {two + one + three, 1},
      {two + three, 1},
      {one + one + two + three, 2},
      {one + two + three.substr(0, three.size() - 20), 3},
      {one + "\n" + two + three, 2},
      {one + two + three + "{}\n", 4},
      {one + two + three + "not JSON\n", 4},
      {std::string(5000, '\0') + "\n", 1},
  };
  for (const Case& item : cases) {
    ASSERT_TRUE(model::WriteFile(item.text, Log()).ok());
    const auto log = ReadPredictionLog(Log());
    ASSERT_FALSE(log.ok()) << item.text;
    EXPECT_TRUE(StrContains(log.status().message(), absl::StrCat(Log(), ":", item.line, ": ")))
        << log.status() << "\nexpected line " << item.line;
    EXPECT_FALSE(SealOne(23).ok());  // nothing is appended to such a log
    EXPECT_EQ(Text(), item.text);
  }
  ASSERT_TRUE(model::WriteFile(good, Log()).ok());
  EXPECT_TRUE(ReadPredictionLog(Log()).ok());
}

TEST_F(BacktestTest, ProcessesAppendOneAfterTheOther) {
  constexpr int kProcesses = 4;
  for (int i = 0; i < kProcesses; ++i) {
    if (fork() == 0) {
      bool good = true;
      for (int n = 0; n < 5; ++n) good = good && SealOne(10 + n).ok();
      _exit(good ? 0 : 1);
    }
  }
  for (int i = 0; i < kProcesses; ++i) {
    int status = 1;
    ASSERT_GT(wait(&status), 0);
    EXPECT_EQ(status, 0);
  }
  const auto log = ReadPredictionLog(Log());
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(log->records.size(), 20u);
  EXPECT_EQ(PredictionsIn(*log)->back().id, "p20");
}

}  // namespace
}  // namespace simulator
