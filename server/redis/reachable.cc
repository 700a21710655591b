#include "server/redis/reachable.h"

#include <hiredis/hiredis.h>
#include <sys/time.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/redis/slot_map.h"

namespace server {
namespace {

absl::Status Ask(const Endpoint& node, absl::Duration patience) {
  const timeval limit = absl::ToTimeval(patience);
  const std::unique_ptr<redisContext, decltype(&redisFree)> context(
      redisConnectWithTimeout(node.host.c_str(), node.port, limit), redisFree);
  if (context == nullptr) return absl::ResourceExhaustedError("no memory");
  if (context->err != 0) return absl::UnavailableError(context->errstr);
  redisSetTimeout(context.get(), limit);
  const std::unique_ptr<void, decltype(&freeReplyObject)> answer(
      redisCommand(context.get(), "CLUSTER INFO"), freeReplyObject);
  if (answer == nullptr) return absl::UnavailableError(context->errstr);
  const auto* reply = static_cast<const redisReply*>(answer.get());
  if (reply->type != REDIS_REPLY_ERROR) return absl::OkStatus();
  return absl::FailedPreconditionError(std::string(reply->str, reply->len));
}

}  // namespace

absl::Status CheckRedisReachable(const std::vector<std::string>& seeds, absl::Duration patience) {
  const absl::Time until = absl::Now() + 3 * patience;
  absl::Status status = absl::InvalidArgumentError("no node is named");
  for (const std::string& seed : seeds) {
    const absl::StatusOr<Endpoint> node = ParseEndpoint(seed);
    if (!node.ok()) return node.status();
    const absl::Status answer = Ask(*node, patience);
    if (answer.ok()) return answer;
    status = absl::Status(answer.code(), absl::StrCat(seed, ": ", answer.message()));
    if (absl::Now() >= until) break;
  }
  return status;
}

}  // namespace server
