#include "server/cache/record_cache.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <boost/asio/steady_timer.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/testing/run_task.h"
#include "server/testing/test_redis.h"

namespace server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Value = absl::StatusOr<std::string>;

const std::string kSecret(32, 's');

// A loader that takes a little and reads `stored` at its start, as a database's snapshot does.
struct Store {
  boost::asio::io_context& loop;
  std::string stored = "v0";
  int loads = 0;
  milliseconds takes{2};

  base::Task<Value> Load() {
    ++loads;
    const std::string snapshot = stored;
    boost::asio::steady_timer timer(loop, takes);
    co_await base::Callback<bool>(
        [&](auto done) { timer.async_wait([done](const auto&) mutable { done(true); }); });
    co_return snapshot;
  }
};

class RecordCacheTest : public ::testing::Test {
 protected:
  RecordCacheTest() : redis_(loop_, TestRedis::Get().options()), cache_(&redis_, kSecret) {
    static int tests = 0;
    key_ = {"clinic", "record", absl::StrCat("patient", tests++)};
    redis_.Start();
    EXPECT_TRUE(RunTask(loop_, redis_.Ready(In(seconds(5)))).ok());
  }

  Value Get(RecordCache& cache, CacheKey key) {
    return RunTask(loop_, cache.Get(std::move(key), seconds(30), In(seconds(5)), &cost_,
                                    [this] { return store_.Load(); }));
  }
  Value Get() {
    Value value = Get(cache_, key_);
    RunFor(loop_, milliseconds(10));  // the refill is not waited for
    return value;
  }
  void Write(RecordCache& cache, const std::string& value) {
    RunTask(loop_, WriteTask(cache, value));
  }
  base::Task<bool> WriteTask(RecordCache& cache, std::string value) {
    co_await cache.Invalidate(key_, In(seconds(5)), &cost_);
    store_.stored = value;
    co_await cache.Committed(key_, In(seconds(5)), &cost_);
    co_return true;
  }
  std::string Raw() {
    const std::string place = absl::StrCat("praxis:record:clinic:", key_.id);
    auto reply = RunTask(loop_, redis_.Run(place, {"GET", place}, In(seconds(5)), nullptr));
    return reply.ok() ? reply->text : reply.status().ToString();
  }

  boost::asio::io_context loop_{1};
  RedisCluster redis_;
  RecordCache cache_;
  Store store_{loop_};
  CacheKey key_;
  RequestCost cost_;
};

TEST_F(RecordCacheTest, SecondReaderIsServedFromTheCache) {
  EXPECT_EQ(*Get(), "v0");
  EXPECT_EQ(*Get(), "v0");
  EXPECT_EQ(store_.loads, 1);
  EXPECT_EQ(cost_.cache_hits, 1);
  EXPECT_EQ(cost_.cache_misses, 1);
}

TEST_F(RecordCacheTest, NothingReadableRestsInRedis) {
  store_.stored = "allergic to penicillin";
  ASSERT_TRUE(Get().ok());
  EXPECT_GT(Raw().size(), store_.stored.size());
  EXPECT_EQ(Raw().find("penicillin"), std::string::npos);
}

TEST_F(RecordCacheTest, AnotherClinicsValueIsNotServedEvenWhenCopied) {
  ASSERT_TRUE(Get().ok());
  const std::string stolen = Raw();
  const std::string place = absl::StrCat("praxis:record:other:", key_.id);
  ASSERT_TRUE(
      RunTask(loop_, redis_.Run(place, {"SET", place, stolen}, In(seconds(5)), nullptr)).ok());
  store_.stored = "other's own";
  EXPECT_EQ(*Get(cache_, {"other", "record", key_.id}), "other's own");
}

TEST_F(RecordCacheTest, AWriteIsSeenByEveryReaderAfterIt) {
  RecordCache other_worker(&redis_, kSecret);
  for (int i = 1; i <= 20; ++i) {
    ASSERT_TRUE(Get().ok());
    Write(i % 2 == 0 ? cache_ : other_worker, absl::StrCat("v", i));
    EXPECT_EQ(*Get(cache_, key_), store_.stored);
    EXPECT_EQ(*Get(other_worker, key_), store_.stored);
  }
}

TEST_F(RecordCacheTest, ASlowReaderCannotPutTheOldValueBack) {
  store_.takes = milliseconds(100);
  Value old = absl::UnknownError("not answered");
  base::Spawn(
      cache_.Get(key_, seconds(30), In(seconds(5)), nullptr, [this] { return store_.Load(); }),
      [&](Value value) { old = std::move(value); });
  RunFor(loop_, milliseconds(30));  // loads v0
  RecordCache other_worker(&redis_, kSecret);
  Write(other_worker, "v1");
  RunFor(loop_, milliseconds(200));
  EXPECT_EQ(*old, "v0");  // it asked before the write
  EXPECT_EQ(Raw(), "-");
  EXPECT_EQ(*Get(), "v1");
}

TEST_F(RecordCacheTest, ReadersShareALoadButNeverAnOlderOne) {
  store_.takes = milliseconds(50);
  const auto read = [&] {
    return cache_.Get(key_, seconds(30), In(seconds(5)), nullptr, [this] { return store_.Load(); });
  };
  std::vector<Value> early;
  std::vector<Value> late;
  for (int i = 0; i < 10; ++i) {
    base::Spawn(read(), [&](Value value) { early.push_back(std::move(value)); });
  }
  RunFor(loop_, milliseconds(20));
  store_.stored = "v1";  // by a writer that has answered: whoever comes now must see it
  for (int i = 0; i < 10; ++i) {
    base::Spawn(read(), [&](Value value) { late.push_back(std::move(value)); });
  }
  RunFor(loop_, milliseconds(300));
  ASSERT_EQ(early.size(), 10u);
  ASSERT_EQ(late.size(), 10u);
  for (const Value& value : late) EXPECT_EQ(*value, "v1");
  EXPECT_LE(store_.loads, 3);
}

TEST_F(RecordCacheTest, WithoutRedisItIsSlowerNotWrong) {
  RedisOptions options;
  options.seeds = {"127.0.0.1:1"};
  RedisCluster away(loop_, options);
  away.Start();
  RecordCache cache(&away, kSecret);
  EXPECT_EQ(*Get(cache, key_), "v0");
  Write(cache, "v1");
  EXPECT_EQ(*Get(cache, key_), "v1");
  RecordCache none(nullptr, kSecret);
  EXPECT_EQ(*Get(none, key_), "v1");
  EXPECT_EQ(cost_.cache_hits, 0);
}

TEST_F(RecordCacheTest, ErrorsAreNotCached) {
  const Value failed =
      RunTask(loop_, cache_.Get(key_, seconds(30), In(seconds(5)), nullptr,
                                []() -> base::Task<Value> { co_return absl::NotFoundError("x"); }));
  EXPECT_EQ(failed.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(*Get(), "v0");
}

// Another worker wrote while the master was dead, and could not say so in the cache; the replica
// that took over still has the old value.
TEST_F(RecordCacheTest, AValueFromBeforeAFailoverIsNotServed) {
  RedisCluster other_redis(loop_, TestRedis::Get().options());
  RecordCache other(&other_redis, kSecret);
  other_redis.Start();
  ASSERT_TRUE(RunTask(loop_, other_redis.Ready(In(seconds(5)))).ok());
  EXPECT_EQ(*Get(), "v0");
  EXPECT_EQ(*Get(other, key_), "v0");
  EXPECT_EQ(store_.loads, 1);
  RunFor(loop_, milliseconds(200));  // until the replica has it

  const std::string place = absl::StrCat("praxis:record:clinic:", key_.id);
  const std::string dead = redis_.MasterOf(place);
  devstack::PrivateRedisCluster& nodes = *TestRedis::Get().stack().redis();
  for (size_t i = 0; i < nodes.ports().size(); ++i) {
    if (absl::EndsWith(dead, absl::StrCat(":", nodes.ports()[i]))) kill(nodes.pids()[i], SIGKILL);
  }
  RunFor(loop_, milliseconds(50));
  Write(other, "v1");
  const auto until = std::chrono::steady_clock::now() + seconds(10);
  while (std::chrono::steady_clock::now() < until &&
         (redis_.MasterOf(place) == dead || !redis_.ready())) {
    RunFor(loop_, milliseconds(5));
    ASSERT_EQ(*Get(), "v1");
  }
  ASSERT_NE(redis_.MasterOf(place), dead);
  for (int i = 0; i < 20; ++i) ASSERT_EQ(*Get(), "v1");
}

}  // namespace
}  // namespace server
