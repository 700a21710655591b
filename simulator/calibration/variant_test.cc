#include "simulator/calibration/variant.h"

#include "absl/strings/str_cat.h"
#include "base/paths.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace simulator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kScenario[] = R"(name: x
journeys:
  - name: looks
    weight: 60   # most
    steps: [{json: {value: "72"}}]
  - {name: books, weight: 2.5, steps: []}
)";

class VariantTest : public ::testing::Test {
 protected:
  VariantTest() { EXPECT_TRUE(base::WriteFile(path_, kScenario).ok()); }
  const std::string path_ = ::testing::TempDir() + "/scenario.yaml";
  const std::string variant_ = ::testing::TempDir() + "/variant.yaml";
};

TEST_F(VariantTest, NamesInFileOrder) {
  EXPECT_THAT(JourneyNames(path_).value(), ElementsAre("looks", "books"));
}

// A tree written again would turn the text "72" into the number 72, and the server refuses that.
TEST_F(VariantTest, ChangesNothingButTheWeight) {
  ASSERT_TRUE(WriteVariant(path_, "looks", 6, variant_).ok());
  std::string expected = kScenario;
  expected.replace(expected.find("60"), 2, "360");
  EXPECT_EQ(base::ReadFile(variant_).value(), expected);
  ASSERT_TRUE(WriteVariant(path_, "books", 2, variant_).ok());
  EXPECT_THAT(base::ReadFile(variant_).value(), HasSubstr("weight: 5,"));
}

TEST_F(VariantTest, AnUnknownJourneyIsNamed) {
  EXPECT_THAT(WriteVariant(path_, "sleeps", 2, variant_).message(), HasSubstr("`sleeps`"));
}

// What the emphasised journeys write makes the scenario as written dearer when it comes after them.
TEST(CalibrationRunsTest, TheScenarioAsWrittenComesFirst) {
  std::string order;
  for (const CalibrationRun& run : CalibrationRuns({0.1, 0.4}, {"looks", "books"})) {
    absl::StrAppend(&order, run.level, run.journey.empty() ? "" : " " + run.journey, ", ");
  }
  EXPECT_EQ(order, "0.1, 0.4, 0.1 looks, 0.1 books, 0.4 looks, 0.4 books, ");
}

}  // namespace
}  // namespace simulator
