#include "devstack/redis_node.h"

#include <hiredis/hiredis.h>
#include <sys/time.h>

#include <memory>

#include "absl/strings/str_cat.h"

namespace devstack {

std::string AskRedis(int port, const std::string& password, const char* command) {
  const timeval limit = {0, 200'000};
  const std::unique_ptr<redisContext, decltype(&redisFree)> context(
      redisConnectWithTimeout("127.0.0.1", port, limit), redisFree);
  if (!context || context->err != 0) return "";
  redisSetTimeout(context.get(), limit);
  if (!password.empty()) {
    freeReplyObject(redisCommand(context.get(), "AUTH %s", password.c_str()));
  }
  const std::unique_ptr<void, decltype(&freeReplyObject)> answer(
      redisCommand(context.get(), command), freeReplyObject);
  const auto* reply = static_cast<const redisReply*>(answer.get());
  if (reply == nullptr || reply->str == nullptr) return "";
  return std::string(reply->str, reply->len);
}

std::string RedisNodeConfig(const RedisClusterOptions& options, int port) {
  std::string text = absl::StrCat(
      "bind 127.0.0.1\n"
      "port ",
      port,
      "\n"
      "daemonize no\n"
      "cluster-enabled yes\n"
      "cluster-config-file nodes.conf\n"
      "cluster-node-timeout ",
      options.node_timeout_milliseconds, "\nappendonly ", options.append_only ? "yes" : "no",
      "\n"
      "appendfsync everysec\n"
      "save \"\"\n"
      "repl-diskless-sync yes\n"
      "repl-diskless-sync-delay 0\n"
      "shutdown-timeout 1\n");
  if (!options.password.empty()) {
    absl::StrAppend(&text, "requirepass ", options.password, "\nmasterauth ", options.password,
                    "\n");
  }
  for (const std::string& setting : options.settings) absl::StrAppend(&text, setting, "\n");
  return text;
}

}  // namespace devstack
