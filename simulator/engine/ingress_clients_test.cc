#include "simulator/engine/ingress_clients.h"

#include "gtest/gtest.h"

namespace simulator {
namespace {

TEST(IngressClientsTest, ConnectsOnceAndAgainWhenIdleTooLongOrBroken) {
  IngressClients clients(75 * kSecond, 1, base::RandomStream(1, 0, "t", "t"));
  EXPECT_TRUE(clients.Connects(3, 0));
  clients.Idle(3, kSecond, false);
  EXPECT_FALSE(clients.Connects(3, 76 * kSecond));
  clients.Idle(3, 77 * kSecond, false);
  EXPECT_TRUE(clients.Connects(3, 153 * kSecond));  // 76 s idle
  clients.Idle(3, 154 * kSecond, true);
  EXPECT_TRUE(clients.Connects(3, 155 * kSecond));
  EXPECT_EQ(clients.handshakes(), 3u);
}

TEST(IngressClientsTest, ALostReplicaTakesItsConnections) {
  IngressClients clients(75 * kSecond, 2, base::RandomStream(1, 0, "t", "t"));
  uint32_t on_first = 0;
  for (uint32_t user = 0; user < 1000; ++user) {
    EXPECT_TRUE(clients.Connects(user, 0));
    on_first += clients.OnReplica(user, 0);
  }
  EXPECT_NEAR(on_first, 500, 60);
  clients.Lose(0);
  uint32_t again = 0;
  for (uint32_t user = 0; user < 1000; ++user) again += clients.Connects(user, kSecond);
  EXPECT_EQ(again, on_first);
  for (uint32_t user = 0; user < 1000; ++user) EXPECT_TRUE(clients.OnReplica(user, 1));
}

}  // namespace
}  // namespace simulator
