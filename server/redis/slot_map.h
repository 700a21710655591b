#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/redis/redis_reply.h"

// What CLUSTER SLOTS and redirections say, as values.

namespace server {

struct Endpoint {
  std::string host;
  int port = 0;
  std::string Text() const;
};

struct SlotRange {
  int first;  // inclusive
  int last;   // inclusive
  Endpoint master;
};

// "host:port", the last colon separates (IPv6 hosts may be in brackets).
absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text);

// A node that does not know its own address leaves it empty: it is `asked`'s then.
absl::StatusOr<std::vector<SlotRange>> ParseSlots(const RedisReply& reply,
                                                  const std::string& asked);

// "MOVED 3999 127.0.0.1:6381" and "ASK ..." -> the endpoint.
absl::StatusOr<Endpoint> ParseRedirect(std::string_view error, const std::string& asked);

}  // namespace server
