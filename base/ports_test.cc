#include "base/ports.h"

#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "base/listener.h"
#include "gtest/gtest.h"

namespace base {
namespace {

TEST(PortsTest, FreePortsAreDistinctAndBindable) {
  auto claims = ClaimFreePorts(6, {10000});
  ASSERT_TRUE(claims.ok()) << claims.status();
  std::set<int> ports;
  for (const PortClaim& claim : *claims) {
    ports.insert(claim.port());
    ListenerOptions options;
    options.port = claim.port();
    const auto listener = CreateListener(options);
    ASSERT_TRUE(listener.ok()) << listener.status();
    EXPECT_EQ(*ListenerPort(listener->get()), claim.port());
    EXPECT_LE(claim.port() + 10000, 65535);
  }
  EXPECT_EQ(ports.size(), 6u);
}

TEST(PortsTest, SecondServerOfOursIsNamed) {
  auto claims = ClaimFreePorts(1);
  ASSERT_TRUE(claims.ok());
  const int port = claims->front().port();
  const auto second = ClaimPort("127.0.0.1", port);
  ASSERT_TRUE(absl::IsAlreadyExists(second.status()));
  EXPECT_NE(second.status().message().find(std::to_string(port)), std::string::npos);
  EXPECT_NE(second.status().message().find(std::to_string(getpid())), std::string::npos);
  claims->clear();
  EXPECT_TRUE(ClaimPort("127.0.0.1", port).ok());
}

TEST(PortsTest, ForeignListenerIsNoticedEvenWithReusePort) {
  ListenerOptions options;
  options.reuse_port = true;
  const auto foreign = CreateListener(options);
  ASSERT_TRUE(foreign.ok());
  const int port = *ListenerPort(foreign->get());
  const auto claim = ClaimPort("127.0.0.1", port);
  EXPECT_TRUE(absl::IsAlreadyExists(claim.status())) << claim.status();
}

TEST(PortsTest, ClaimLivesAsLongAsAForkedHolder) {
  auto claims = ClaimFreePorts(1);
  ASSERT_TRUE(claims.ok());
  const int port = claims->front().port();
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    char byte;
    close(ends[1]);
    [[maybe_unused]] const ssize_t n = read(ends[0], &byte, 1);
    _exit(0);
  }
  claims->clear();
  EXPECT_FALSE(ClaimPort("127.0.0.1", port).ok());
  close(ends[1]);
  int status;
  waitpid(child, &status, 0);
  EXPECT_TRUE(ClaimPort("127.0.0.1", port).ok());
}

TEST(PortsTest, BadAddressesAreRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(ClaimPort("127.0.0.1", 70000).status()));
  ListenerOptions options;
  options.host = "localhost";
  EXPECT_TRUE(absl::IsInvalidArgument(CreateListener(options).status()));
}

}  // namespace
}  // namespace base
