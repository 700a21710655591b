#pragma once

#include <memory>

#include "devstack/stack.h"
#include "server/redis/redis_options.h"

// TestRedis: a private Redis Cluster (3 masters, a replica each) for the tests of one program. A
// master that dies is replaced within about a second (node timeout 500 ms).

namespace server {

class TestRedis {
 public:
  // Started on first use; ends the program with a message when that fails.
  static TestRedis& Get();

  RedisOptions options() const;
  devstack::Stack& stack() { return *stack_; }

 private:
  TestRedis();
  std::unique_ptr<devstack::Stack> stack_;
};

}  // namespace server
