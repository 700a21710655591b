#include "server/redis/redis_cluster.h"

#include <gtest/gtest.h>
#include <hiredis/hiredis.h>
#include <signal.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/redis/key_slot.h"
#include "server/redis/slot_map.h"
#include "server/testing/run_task.h"
#include "server/testing/test_redis.h"

namespace server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Result = absl::StatusOr<RedisReply>;

class RedisClusterTest : public ::testing::Test {
 protected:
  RedisClusterTest() : redis_(loop_, TestRedis::Get().options()) {
    redis_.Start();
    const absl::Status ready = RunTask(loop_, redis_.Ready(In(seconds(10))));
    EXPECT_TRUE(ready.ok()) << ready;
  }
  Result Run(std::vector<std::string> command, milliseconds time = seconds(2),
             RequestCost* cost = nullptr) {
    const std::string key = command[1];
    return RunTask(loop_, redis_.Run(key, std::move(command), In(time), cost));
  }

  // An administrator's own connection to one node.
  static std::string Admin(const std::string& node, const std::vector<std::string>& arguments) {
    const Endpoint endpoint = *ParseEndpoint(node);
    redisContext* context = redisConnect(endpoint.host.c_str(), endpoint.port);
    std::vector<const char*> texts;
    for (const std::string& argument : arguments) texts.push_back(argument.c_str());
    auto* reply = static_cast<redisReply*>(
        redisCommandArgv(context, static_cast<int>(texts.size()), texts.data(), nullptr));
    std::string text = reply == nullptr        ? "no reply"
                       : reply->str == nullptr ? absl::StrCat(reply->integer)
                                               : reply->str;
    if (reply != nullptr) freeReplyObject(reply);
    redisFree(context);
    return text;
  }
  // Two masters: the one that owns `key`, and another.
  std::pair<std::string, std::string> TwoMasters(const std::string& key) {
    const std::string from = redis_.MasterOf(key);
    for (int i = 0;; ++i) {
      const std::string to = redis_.MasterOf(absl::StrCat("k", i));
      if (to != from) return {from, to};
    }
  }

  boost::asio::io_context loop_{1};
  RedisCluster redis_;
};

TEST_F(RedisClusterTest, ManyCommandsGoToTheRightNodes) {
  std::vector<base::Task<Result>> tasks;
  RequestCost cost;
  for (int i = 0; i < 1000; ++i) {
    const std::string key = absl::StrCat("many", i);
    std::vector<std::string> command = {"SET", key, absl::StrCat("value", i)};
    tasks.push_back(redis_.Run(key, std::move(command), In(seconds(5)), &cost));
  }
  for (const Result& result : RunAll(loop_, std::move(tasks))) {
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->text, "OK");
  }
  EXPECT_EQ(cost.redis_commands, 1000);  // none was redirected
  for (int i = 0; i < 1000; i += 100) {
    EXPECT_EQ(Run({"GET", absl::StrCat("many", i)})->text, absl::StrCat("value", i));
  }
}

TEST_F(RedisClusterTest, BinaryValuesNilsAndErrors) {
  const std::string binary("\0\r\n\xff", 4);
  EXPECT_TRUE(Run({"SET", "binary", binary}).ok());
  EXPECT_EQ(Run({"GET", "binary"})->text, binary);
  EXPECT_EQ(Run({"GET", "absent"})->kind, RedisReply::Kind::kNil);
  EXPECT_EQ(Run({"INCR", "binary"}).status().code(), absl::StatusCode::kInternal);
}

TEST_F(RedisClusterTest, DeadlineAnswersWhileRedisSleeps) {
  EXPECT_TRUE(Run({"SET", "slow", "x"}).ok());
  Admin(redis_.MasterOf("slow"), {"CLIENT", "PAUSE", "300"});
  const auto started = std::chrono::steady_clock::now();
  EXPECT_EQ(Run({"GET", "slow"}, milliseconds(50)).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(std::chrono::steady_clock::now() - started, milliseconds(200));
  RunFor(loop_, milliseconds(400));
  EXPECT_EQ(Run({"GET", "slow"})->text, "x");
}

TEST_F(RedisClusterTest, FollowsASlotThatMoves) {
  const std::string key = "mover";
  const std::string slot = absl::StrCat(KeySlot(key));
  EXPECT_TRUE(Run({"SET", key, "here"}).ok());
  const auto [from, to] = TwoMasters(key);
  const std::string from_id = Admin(from, {"CLUSTER", "MYID"});
  const std::string to_id = Admin(to, {"CLUSTER", "MYID"});
  EXPECT_EQ(Admin(to, {"CLUSTER", "SETSLOT", slot, "IMPORTING", from_id}), "OK");
  EXPECT_EQ(Admin(from, {"CLUSTER", "SETSLOT", slot, "MIGRATING", to_id}), "OK");
  // While it moves: what is still there is answered there, the rest by ASK at the new place.
  RequestCost cost;
  EXPECT_EQ(Run({"GET", key}, seconds(2), &cost)->text, "here");
  EXPECT_EQ(cost.redis_commands, 1);
  const std::string fresh = absl::StrCat("{", key, "}fresh");
  EXPECT_EQ(Run({"SET", fresh, "there"}, seconds(2), &cost)->text, "OK");
  EXPECT_EQ(cost.redis_commands, 3);
  EXPECT_EQ(redis_.MasterOf(key), from);  // ASK leaves the map alone
  const Endpoint target = *ParseEndpoint(to);
  EXPECT_EQ(Admin(from, {"MIGRATE", target.host, absl::StrCat(target.port), key, "0", "1000"}),
            "OK");
  EXPECT_EQ(Admin(to, {"CLUSTER", "SETSLOT", slot, "NODE", to_id}), "OK");
  EXPECT_EQ(Admin(from, {"CLUSTER", "SETSLOT", slot, "NODE", to_id}), "OK");
  // After it: MOVED once, then straight to the new master.
  cost = {};
  EXPECT_EQ(Run({"GET", key}, seconds(2), &cost)->text, "here");
  EXPECT_EQ(cost.redis_commands, 2);
  EXPECT_EQ(Run({"GET", fresh}, seconds(2), &cost)->text, "there");
  EXPECT_EQ(cost.redis_commands, 3);
  EXPECT_EQ(redis_.MasterOf(key), to);
}

TEST_F(RedisClusterTest, AbsentClusterFailsAtOnce) {
  RedisOptions options;
  options.seeds = {"127.0.0.1:1"};
  RedisCluster away(loop_, options);
  away.Start();
  EXPECT_FALSE(RunTask(loop_, away.Ready(In(milliseconds(100)))).ok());
  const auto started = std::chrono::steady_clock::now();
  const Result result = RunTask(loop_, away.Run("k", {"GET", "k"}, In(seconds(5)), nullptr));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - started, milliseconds(50));
}

TEST(ParseSeedsTest, SaysWhatIsWrong) {
  EXPECT_EQ(RedisCluster::ParseSeeds("a:1,b:2")->size(), 2u);
  EXPECT_FALSE(RedisCluster::ParseSeeds("").ok());
  const auto wrong = RedisCluster::ParseSeeds("a:1,b");
  EXPECT_NE(std::string(wrong.status().message()).find("'b': expected host:port"),
            std::string::npos);
}

// Last: the cluster is a master short afterwards.
TEST_F(RedisClusterTest, GoesOnWithTheReplicaOfADeadMaster) {
  const std::string key = "survivor";
  EXPECT_TRUE(Run({"SET", key, "kept"}).ok());
  EXPECT_GE(
      RunTask(loop_, redis_.Run(key, {"WAIT", "1", "1000"}, In(seconds(5)), nullptr))->integer, 1);
  const Endpoint master = *ParseEndpoint(redis_.MasterOf(key));
  const std::string info = Admin(master.Text(), {"INFO", "server"});
  const size_t at = info.find("process_id:");
  ASSERT_NE(at, std::string::npos);
  kill(std::stoi(info.substr(at + 11)), SIGKILL);
  RunFor(loop_, milliseconds(50));
  EXPECT_EQ(Run({"GET", key}).status().code(), absl::StatusCode::kUnavailable);
  Result result = absl::UnknownError("");
  const auto patience = In(seconds(15));
  while (std::chrono::steady_clock::now() < patience && !result.ok()) {
    RunFor(loop_, milliseconds(100));
    result = Run({"GET", key});
  }
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->text, "kept");
  EXPECT_NE(redis_.MasterOf(key), master.Text());
}

}  // namespace
}  // namespace server
