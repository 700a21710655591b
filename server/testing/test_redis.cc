#include "server/testing/test_redis.h"

#include <glog/logging.h>

#include <utility>

#include "server/redis/redis_cluster.h"

namespace server {

TestRedis::TestRedis() {
  devstack::StackOptions options;
  options.with_postgres = false;
  options.redis.node_timeout_milliseconds = 500;
  options.redis.append_only = false;
  options.redis.wait_for_replicas = true;
  auto stack = devstack::Stack::Start(options);
  CHECK(stack.ok()) << stack.status();
  stack_ = std::move(*stack);
}

TestRedis& TestRedis::Get() {
  static TestRedis redis;
  return redis;
}

RedisOptions TestRedis::options() const {
  RedisOptions options;
  auto seeds = RedisCluster::ParseSeeds(stack_->redis_url());
  CHECK(seeds.ok()) << seeds.status();
  options.seeds = *seeds;
  return options;
}

}  // namespace server
