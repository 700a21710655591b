#pragma once

#include <cstdint>
#include <string>
#include <vector>

struct redisReply;

namespace server {

// An answer of Redis, copied out of hiredis. Errors of Redis (kError) are turned into Status by
// RedisCluster and never reach its callers.
struct RedisReply {
  enum class Kind { kNil, kString, kStatus, kInteger, kArray, kError };
  Kind kind = Kind::kNil;
  std::string text;     // kString, kStatus, kError
  int64_t integer = 0;  // kInteger
  std::vector<RedisReply> elements;
};

RedisReply CopyReply(const redisReply& reply);

}  // namespace server
