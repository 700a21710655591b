#include "tests/conformance/limited_host.h"

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace conformance {
namespace {

TEST(LimitedHostTest, LimitsMustLeaveRoomForRedisAndTheLoadGenerator) {
  HostLimits limits;
  limits.server_cores = 0.1;
  limits.pods = 4;
  EXPECT_TRUE(CheckLimits(limits, 2).ok());
  limits.server_cores = 0.2;
  const absl::Status status = CheckLimits(limits, 2);
  EXPECT_TRUE(absl::StrContains(status.message(),
                                "4 pods x 0.2 cores and PostgreSQL's 1 leave 0.20 of 2 cores"))
      << status;
  EXPECT_TRUE(CheckLimits(limits, 4).ok());
  limits.pods = 5;
  EXPECT_FALSE(CheckLimits(limits, 64).ok());
  limits = {};
  limits.cache = "gone";
  EXPECT_TRUE(absl::StrContains(CheckLimits(limits, 64).message(), "on, off or lost"));
}

TEST(LimitedHostTest, TheSimulatorIsToldOfPodsAndConnections) {
  HostLimits limits;
  limits.pods = 3;
  limits.connection_limit = 2;
  const std::string yaml = DeploymentYaml(limits);
  EXPECT_TRUE(absl::StrContains(yaml, "replicas: 3\n"));
  EXPECT_TRUE(absl::StrContains(yaml, "limit_millicores: 300\n"));
  EXPECT_TRUE(absl::StrContains(yaml, "max_connections: 5\n"));
}

}  // namespace
}  // namespace conformance
