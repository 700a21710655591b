#include "simulator/engine/nodes.h"

#include "gtest/gtest.h"

namespace simulator {
namespace {

ClusterModel Three() {
  ClusterModel model;
  model.nodes = 3;
  model.node_millicores = 2000;
  model.node_memory_bytes = 1000;
  model.zones = 3;
  model.shapes = {{"api", 0, 500, 100, {}}, {"database", 1, 1500, 100, {}}};
  return model;
}

TEST(NodePoolTest, SpreadsOverZonesAndFillsUpToTheRequests) {
  const ClusterModel model = Three();
  NodePool pool(model);
  EXPECT_EQ(pool.Place(1), 0u);  // leaves 500 there
  EXPECT_EQ(pool.Place(0), 1u);  // 0 is more allocated
  EXPECT_EQ(pool.Place(0), 2u);
  EXPECT_EQ(pool.Place(0), 0u);
  for (int i = 0; i < 6; ++i) EXPECT_NE(pool.Place(0), kNoNode) << i;
  EXPECT_EQ(pool.Place(0), kNoNode);
  EXPECT_EQ(pool.WhyNot(0), "0/3 nodes are available: 3 insufficient cpu");
  pool.Remove(1, 0);
  EXPECT_EQ(pool.Place(0), 1u);
}

TEST(NodePoolTest, RequiredAntiAffinityAllowsOnePerHost) {
  ClusterModel model = Three();
  model.shapes[0].spread = {{SpreadRule::kHost, 1, true, true}};
  NodePool pool(model);
  for (int i = 0; i < 3; ++i) EXPECT_NE(pool.Place(0), kNoNode);
  EXPECT_EQ(pool.Place(0), kNoNode);
  EXPECT_EQ(pool.WhyNot(0), "0/3 nodes are available: 3 spread constraint");
  EXPECT_EQ(pool.NodesFor(0, 2, 5), 2u);
  EXPECT_EQ(pool.NodesFor(0, 2, 1), 1u);
}

// Zone 1 is lost: with max_skew 1 and DoNotSchedule the other two fill evenly, 0 and 2 in turn.
TEST(NodePoolTest, SkewCountsOverZonesThatAreUp) {
  ClusterModel model = Three();
  model.shapes[0].spread = {{SpreadRule::kZone, 1, true, false}};
  NodePool pool(model);
  pool.SetUp(1, false);
  EXPECT_EQ(pool.Place(0), 0u);
  EXPECT_EQ(pool.Place(0), 2u);
  pool.SetCordoned(2, true);
  EXPECT_EQ(pool.Place(0), 0u);
  EXPECT_EQ(pool.Place(0), kNoNode);  // 2 in zone 0 against 1 in zone 2
  EXPECT_EQ(pool.WhyNot(0),
            "0/3 nodes are available: 1 not ready, 1 cordoned, 1 spread constraint");
}

TEST(NodePoolTest, NewNodesForThePendingPods) {
  const ClusterModel model = Three();
  NodePool pool(model);
  for (int i = 0; i < 12; ++i) EXPECT_NE(pool.Place(0), kNoNode);
  EXPECT_EQ(pool.NodesFor(0, 5, 10), 2u);  // four on a node
  EXPECT_EQ(pool.NodesFor(0, 0, 10), 0u);
}

TEST(NodePoolTest, TheFirstPodOnANodePullsTheImage) {
  const ClusterModel model = Three();
  NodePool pool(model);
  EXPECT_TRUE(pool.PullsImage(0, 0));
  EXPECT_FALSE(pool.PullsImage(0, 0));
  EXPECT_TRUE(pool.PullsImage(1, 0));
}

}  // namespace
}  // namespace simulator
