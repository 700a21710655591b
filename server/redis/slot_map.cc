#include "server/redis/slot_map.h"

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/redis/key_slot.h"

namespace server {

std::string Endpoint::Text() const { return absl::StrCat(host, ":", port); }

absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text) {
  const size_t colon = text.rfind(':');
  Endpoint endpoint;
  if (colon == std::string_view::npos ||
      !absl::SimpleAtoi(std::string(text.substr(colon + 1)), &endpoint.port) || endpoint.port < 1 ||
      endpoint.port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("Redis address '", std::string(text), "': expected host:port"));
  }
  endpoint.host = std::string(text.substr(0, colon));
  if (endpoint.host.size() > 2 && endpoint.host.front() == '[' && endpoint.host.back() == ']') {
    endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
  }
  return endpoint;
}

absl::StatusOr<std::vector<SlotRange>> ParseSlots(const RedisReply& reply,
                                                  const std::string& asked) {
  using Kind = RedisReply::Kind;
  std::vector<SlotRange> ranges;
  if (reply.kind != Kind::kArray) return absl::InternalError("CLUSTER SLOTS: not a list");
  for (const RedisReply& entry : reply.elements) {
    if (entry.elements.size() < 3 || entry.elements[2].elements.size() < 2) {
      return absl::InternalError("CLUSTER SLOTS: range without master");
    }
    const RedisReply& master = entry.elements[2];
    SlotRange range{static_cast<int>(entry.elements[0].integer),
                    static_cast<int>(entry.elements[1].integer),
                    {master.elements[0].text, static_cast<int>(master.elements[1].integer)}};
    if (range.first < 0 || range.last >= kSlots || range.first > range.last) {
      return absl::InternalError("CLUSTER SLOTS: range out of bounds");
    }
    if (range.master.host.empty()) range.master.host = asked;
    ranges.push_back(std::move(range));
  }
  return ranges;
}

absl::StatusOr<Endpoint> ParseRedirect(std::string_view error, const std::string& asked) {
  const size_t space = error.rfind(' ');
  if (space == std::string_view::npos) return absl::InternalError("Redis: redirection to nowhere");
  absl::StatusOr<Endpoint> endpoint = ParseEndpoint(error.substr(space + 1));
  if (endpoint.ok() && endpoint->host.empty()) endpoint->host = asked;
  return endpoint;
}

}  // namespace server
