#include "devstack/redis_cluster.h"

#include <unistd.h>

#include <csignal>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/listener.h"
#include "base/paths.h"
#include "base/subprocess.h"
#include "devstack/stack.h"
#include "gtest/gtest.h"

namespace devstack {
namespace {

StackOptions OnlyRedis() {
  StackOptions options;
  options.with_postgres = false;
  return options;
}

// redis-cli in cluster mode: follows redirections.
std::string Cli(int port, std::vector<std::string> words, const std::string& password = "") {
  base::SubprocessOptions options;
  options.argv = {"/usr/bin/redis-cli", "-c", "-p", absl::StrCat(port)};
  options.argv.insert(options.argv.end(), words.begin(), words.end());
  if (!password.empty()) options.environment = {"REDISCLI_AUTH=" + password};
  const auto output = base::RunCommand(options, absl::Seconds(5));
  if (!output.ok()) return std::string(output.status().message());
  return output->out.substr(0, output->out.find('\n'));
}

TEST(RedisClusterTest, ServesAllSlotsWithPasswordAndAttachedReplicas) {
  StackOptions options = OnlyRedis();
  options.redis.password = "secret";
  options.redis.wait_for_replicas = true;
  auto stack = Stack::Start(options);
  ASSERT_TRUE(stack.ok()) << stack.status();
  const std::vector<int>& ports = (*stack)->redis()->ports();
  ASSERT_EQ(ports.size(), 6u);
  EXPECT_EQ((*stack)->redis_pids().size(), 6u);
  for (int i = 0; i < 4; ++i) {
    const std::string key = absl::StrCat("key", i);
    EXPECT_EQ(Cli(ports[i], {"SET", key, absl::StrCat(i)}, "secret"), "OK");
    EXPECT_EQ(Cli(ports[5 - i], {"GET", key}, "secret"), absl::StrCat(i));
  }
  EXPECT_NE(Cli(ports[0], {"GET", "key0"}).find("NOAUTH"), std::string::npos);
  const auto masters = (*stack)->RedisMasterPids();
  ASSERT_TRUE(masters.ok()) << masters.status();
  EXPECT_EQ(masters->size(), 3u);

  kill(masters->front(), SIGKILL);
  absl::Status alive;
  for (int i = 0; i < 200 && alive.ok(); ++i) {
    absl::SleepFor(absl::Milliseconds(5));
    alive = (*stack)->CheckAlive();
  }
  EXPECT_TRUE(absl::IsUnavailable(alive)) << alive;
}

TEST(RedisClusterTest, KeptDataComesBackAlsoOnOtherPorts) {
  const base::FolderRemover folder(*base::MakeTemporaryFolder("praxis-redis-"));
  StackOptions options = OnlyRedis();
  options.data_dir = folder.path();
  std::vector<int> first_ports;
  {
    auto stack = Stack::Start(options);
    ASSERT_TRUE(stack.ok()) << stack.status();
    first_ports = (*stack)->redis()->ports();
    EXPECT_EQ(Cli(first_ports[0], {"SET", "kept", "42"}), "OK");
  }
  {
    auto stack = Stack::Start(options);
    ASSERT_TRUE(stack.ok()) << stack.status();
    EXPECT_EQ((*stack)->redis()->ports(), first_ports);
    EXPECT_EQ(Cli(first_ports[1], {"GET", "kept"}), "42");
  }
  base::ListenerOptions taken;
  taken.port = first_ports[2];
  const auto listener = base::CreateListener(taken);
  ASSERT_TRUE(listener.ok());
  auto stack = Stack::Start(options);
  ASSERT_TRUE(stack.ok()) << stack.status();
  const std::vector<int>& ports = (*stack)->redis()->ports();
  EXPECT_NE(ports, first_ports);
  EXPECT_EQ(Cli(ports[1], {"GET", "kept"}), "42");
}

TEST(RedisClusterTest, TooFewMastersAreRefused) {
  StackOptions options = OnlyRedis();
  options.redis.masters = 2;
  EXPECT_TRUE(absl::IsInvalidArgument(Stack::Start(options).status()));
}

}  // namespace
}  // namespace devstack
