#include "report/expression.h"

#include <map>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ExpressionTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::vector<TermOutcome>> Run(std::string_view text) {
    return Evaluate(
        text,
        [this](const std::string& name) -> absl::StatusOr<Interval> {
          auto it = values_.find(name);
          if (it == values_.end()) return absl::NotFoundError(name);
          return it->second;
        },
        [this](const std::string& rule) -> absl::StatusOr<bool> {
          auto it = rules_.find(rule);
          if (it == rules_.end()) return absl::NotFoundError(rule);
          return it->second;
        });
  }
  Truth TruthOf(std::string_view text) { return Combine(Run(text).value()); }

  std::map<std::string, Interval> values_ = {{"p95_ms", {150, 140, 160}},
                                             {"fact.needed", Interval::Point(600)},
                                             {"fact.usable", Interval::Point(490)}};
  std::map<std::string, bool> rules_ = {{"redis-no-replicas", true}, {"single-database", false}};
};

TEST_F(ExpressionTest, AnIntervalIsCertainOnlyWhenItLiesWhollyOnOneSide) {
  EXPECT_EQ(TruthOf("p95_ms < 200"), Truth::kTrue);
  EXPECT_EQ(TruthOf("p95_ms < 140"), Truth::kFalse);
  EXPECT_EQ(TruthOf("p95_ms < 155"), Truth::kStraddles);
  EXPECT_EQ(TruthOf("p95_ms > 139"), Truth::kTrue);
}

TEST_F(ExpressionTest, EqualityAtTheLimit) {
  EXPECT_EQ(TruthOf("200 <= 200"), Truth::kTrue);
  EXPECT_EQ(TruthOf("200 < 200"), Truth::kFalse);
}

TEST_F(ExpressionTest, Arithmetic) {
  EXPECT_EQ(TruthOf("4 / 404 >= 0.40"), Truth::kFalse);
  EXPECT_EQ(TruthOf("2 * (3 + 4) - 1 >= 13"), Truth::kTrue);
  EXPECT_EQ(TruthOf("fact.needed <= fact.usable"), Truth::kFalse);
}

TEST_F(ExpressionTest, OneFalseTermDecidesAndOneUnknownDoesNot) {
  EXPECT_EQ(TruthOf("p95_ms < 200 and nothing < 1"), Truth::kUnknown);
  EXPECT_EQ(TruthOf("p95_ms < 100 and nothing < 1"), Truth::kFalse);
  EXPECT_EQ(Run("nothing < 1")->front().missing, "nothing");
}

TEST_F(ExpressionTest, AbsentNamesWhatWasFound) {
  auto terms = Run("absent(single-database, redis-no-replicas)");
  EXPECT_EQ(terms->front().truth, Truth::kFalse);
  EXPECT_THAT(terms->front().found, ElementsAre("redis-no-replicas"));
  EXPECT_EQ(TruthOf("absent(single-database)"), Truth::kTrue);
  EXPECT_EQ(TruthOf("absent(single-database, never-run)"), Truth::kUnknown);
}

TEST_F(ExpressionTest, ErrorsNameTheColumn) {
  EXPECT_THAT(Run("p95_ms 200").status().message(), HasSubstr("column 8: expected one of <"));
  EXPECT_THAT(Run("p95_ms < ").status().message(), HasSubstr("expected a number"));
  EXPECT_THAT(Run("1 < 2 or 3 < 4").status().message(), HasSubstr("`and` or the end"));
}

}  // namespace
}  // namespace report
