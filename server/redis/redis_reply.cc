#include "server/redis/redis_reply.h"

#include <hiredis/hiredis.h>

namespace server {

RedisReply CopyReply(const redisReply& reply) {
  RedisReply copy;
  switch (reply.type) {
    case REDIS_REPLY_STRING:
      copy.kind = RedisReply::Kind::kString;
      break;
    case REDIS_REPLY_STATUS:
      copy.kind = RedisReply::Kind::kStatus;
      break;
    case REDIS_REPLY_ERROR:
      copy.kind = RedisReply::Kind::kError;
      break;
    case REDIS_REPLY_INTEGER:
      copy.kind = RedisReply::Kind::kInteger;
      copy.integer = reply.integer;
      return copy;
    case REDIS_REPLY_ARRAY:
      copy.kind = RedisReply::Kind::kArray;
      for (size_t i = 0; i < reply.elements; ++i) {
        copy.elements.push_back(CopyReply(*reply.element[i]));
      }
      return copy;
    default:
      return copy;
  }
  copy.text.assign(reply.str, reply.len);
  return copy;
}

}  // namespace server
