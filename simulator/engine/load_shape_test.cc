#include "simulator/engine/load_shape.h"

#include "gtest/gtest.h"

namespace simulator {
namespace {

const std::vector<LoadLevel> kDay = {{50, 10}, {200, 20}, {200, 60}, {20, 30}};

TEST(LoadShapeTest, TheScenariosOwnLevelsAreKeptAndScaled) {
  const LoadShape own = ShapeLoad(kDay, 0, -1, -1);
  EXPECT_EQ(own.levels.size(), 4u);
  EXPECT_EQ(own.most, 200);
  EXPECT_EQ(own.peak, 200);
  const LoadShape scaled = ShapeLoad(kDay, 1000, -1, -1);
  EXPECT_EQ(scaled.levels[0].value / scaled.most * scaled.peak, 250);
}

TEST(LoadShapeTest, ARampOrAHoldReplacesThem) {
  const LoadShape both = ShapeLoad(kDay, 1000, 5, 7);
  ASSERT_EQ(both.levels.size(), 2u);
  EXPECT_EQ(both.levels[0].value, 1000);
  EXPECT_EQ(both.levels[0].seconds, 5);
  EXPECT_EQ(both.levels[1].seconds, 7);
  EXPECT_EQ(both.most, 1000);
  // What is not given is the scenario's: 30 s to the largest level, 90 s after it.
  EXPECT_EQ(ShapeLoad(kDay, 0, -1, 7).levels[0].seconds, 30);
  EXPECT_EQ(ShapeLoad(kDay, 0, 5, -1).levels[1].seconds, 90);
  // A scenario that is there at once has no ramp, however long it holds.
  EXPECT_EQ(ShapeLoad({{200, 0}, {200, 60}}, 0, -1, 7).levels[0].seconds, 0);
}

TEST(LoadShapeTest, WithoutLevelsThereIsOnlyWhatIsAskedFor) {
  const LoadShape shape = ShapeLoad({}, 100, -1, 60);
  EXPECT_EQ(shape.peak, 100);
  EXPECT_EQ(shape.levels[0].seconds, 0);
  EXPECT_EQ(shape.levels[1].seconds, 60);
  EXPECT_EQ(ShapeLoad({}, 0, -1, -1).peak, 0);
}

}  // namespace
}  // namespace simulator
