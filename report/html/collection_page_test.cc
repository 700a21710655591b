#include "report/html/collection_page.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/io.h"

namespace report {
namespace {

using ::testing::HasSubstr;

std::string ResultText(double p95) {
  model::Result result;
  result.mutable_provenance()->set_engine("simulator");
  result.mutable_provenance()->set_valid(true);
  result.mutable_total();
  model::Quantity* quantity = result.add_quantities();
  quantity->set_name("p95_ms");
  quantity->set_value(p95);
  quantity->set_low(0.9 * p95);
  quantity->set_high(1.1 * p95);
  return model::ToJson(result).value();
}

constexpr char kSweep[] =
    R"({"settings":{"users":"1000","pods":"5"},"quantities":{"p95_ms":{"value":4,"low":3,"high":5}}}
{"settings":{"users":"2000","pods":"5"},"quantities":{"p95_ms":{"value":9,"low":8,"high":10}}}
)";

constexpr char kMap[] = R"({"kind":"storm_map","scenario":"s","deployment":"d","profile":"p",
"threshold":{"recovers_below_users":4000,"too_much_above_users":15000},
"trigger_seconds":30,"horizon_seconds":300,"users":[1000,2000],"speeds":[0,0.5],"cells":[
{"users":1000,"speed":0,"state":"recovered","recovery_seconds":12.4},
{"users":2000,"speed":0,"state":"stuck"},
{"users":1000,"speed":0.5,"state":"unharmed"},
{"users":2000,"speed":0.5,"state":"draining"}]})";

TEST(CollectionPageTest, TwoResultsAreComparedOnTheirIntervals) {
  Collection collection;
  ASSERT_TRUE(collection.Add("before", ResultText(100)).ok());
  ASSERT_TRUE(collection.Add("after", ResultText(150)).ok());
  EXPECT_THAT(*collection.Render(), HasSubstr("+50 %, beyond the intervals"));
}

TEST(CollectionPageTest, ChangesInsideTheIntervalsAreCalledSo) {
  Collection collection;
  ASSERT_TRUE(collection.Add("before", ResultText(100)).ok());
  ASSERT_TRUE(collection.Add("after", ResultText(105)).ok());
  EXPECT_THAT(*collection.Render(), HasSubstr("+5 %, within the intervals"));
}

TEST(CollectionPageTest, OneResultIsTheRunsPage) {
  Collection collection;
  ASSERT_TRUE(collection.Add("run", ResultText(100)).ok());
  EXPECT_THAT(*collection.Render(), HasSubstr("The question"));
}

TEST(CollectionPageTest, ASweepIsDrawnOverTheParameterThatVaries) {
  Collection collection;
  ASSERT_TRUE(collection.Add("pods", kSweep).ok());
  const std::string page = *collection.Render();
  EXPECT_THAT(page, HasSubstr(R"("x":[1E3,2E3],"xTitle":"users")"));
  EXPECT_THAT(page, HasSubstr(R"("name":"pods=5","values":[4E0,9E0],"low":[3E0,8E0])"));
}

TEST(CollectionPageTest, AMapSaysWhoIsStuckAndHowLongOthersTake) {
  Collection collection;
  ASSERT_TRUE(collection.Add("storm", kMap).ok());
  const std::string page = *collection.Render();
  EXPECT_THAT(page, HasSubstr(">12 s</td>"));
  EXPECT_THAT(page, HasSubstr(">stuck</td>"));
  EXPECT_THAT(page, HasSubstr("recovers below 4000 users"));
}

TEST(CollectionPageTest, AnythingElseIsRefusedInOneLine) {
  Collection collection;
  EXPECT_THAT(std::string(collection.Add("x", "{}").message()), HasSubstr("x: expected a result"));
  EXPECT_THAT(std::string(collection.Add("x", R"({"kind":"other"})").message()),
              HasSubstr("x: expected `kind` storm_map or hysteresis"));
  EXPECT_THAT(
      std::string(
          collection.Add("x", R"({"settings":{},"quantities":{"a":{"value":1}}})").message()),
      HasSubstr("x: line 1: expected value, low and high of a"));
  EXPECT_FALSE(collection.Render().ok());
}

}  // namespace
}  // namespace report
