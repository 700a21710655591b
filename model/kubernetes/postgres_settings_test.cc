#include "model/kubernetes/postgres_settings.h"

#include <gtest/gtest.h>

namespace model::kubernetes {
namespace {

TEST(PostgresConf, ReadsAsPostgresDoes) {
  const Settings settings = ParsePostgresConf(
      "# comment\nmax_connections = 500 # why\nShared_Buffers 4GB\n"
      "listen_addresses = '*'\nbroken\n synchronous_commit=off\nempty =\nopen = 'x\n");
  EXPECT_EQ(settings.at("max_connections"), "500");
  EXPECT_EQ(settings.at("shared_buffers"), "4GB");
  EXPECT_EQ(settings.at("listen_addresses"), "*");
  EXPECT_EQ(settings.at("synchronous_commit"), "off");
  EXPECT_EQ(settings.count("broken"), 0u);
}

TEST(PostgresMemory, Units) {
  EXPECT_EQ(PostgresMemory("4GB", 8192), 4ull << 30);
  EXPECT_EQ(PostgresMemory("16384", 8192), 128ull << 20);
  EXPECT_EQ(PostgresMemory("16 MB", 1024), 16ull << 20);
  EXPECT_EQ(PostgresMemory("many", 1024), std::nullopt);
  EXPECT_EQ(PostgresMemory("4Gi", 1024), std::nullopt);
}

TEST(PostgresOn, EveryLevelButOff) {
  EXPECT_TRUE(PostgresOn("remote_apply"));
  EXPECT_TRUE(PostgresOn("on"));
  EXPECT_FALSE(PostgresOn("OFF"));
  EXPECT_FALSE(PostgresOn("no"));
}

}  // namespace
}  // namespace model::kubernetes
