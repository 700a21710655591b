#include "devstack/redis_ports.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/paths.h"

namespace devstack {

std::vector<int> KeptPorts(const std::string& path) {
  std::vector<int> ports;
  const absl::StatusOr<std::string> text = base::ReadFile(path);
  if (!text.ok()) return ports;
  for (const absl::string_view word : absl::StrSplit(*text, ' ', absl::SkipWhitespace())) {
    int port = 0;
    if (absl::SimpleAtoi(word, &port)) ports.push_back(port);
  }
  return ports;
}

std::vector<base::PortClaim> ClaimAgain(const std::vector<int>& ports) {
  std::vector<base::PortClaim> claims;
  for (const int port : ports) {
    absl::StatusOr<base::PortClaim> claim = base::ClaimPort("127.0.0.1", port);
    if (!claim.ok() || !base::ClaimPort("127.0.0.1", port + kRedisBusOffset).ok()) return {};
    claims.push_back(*std::move(claim));
  }
  return claims;
}

absl::Status MoveNodes(const std::string& path, const std::vector<int>& from,
                       const std::vector<int>& to) {
  absl::StatusOr<std::string> text = base::ReadFile(path);
  if (!text.ok()) return text.status();
  std::vector<std::pair<std::string, std::string>> moves;
  for (size_t i = 0; i < from.size() && i < to.size(); ++i) {
    moves.emplace_back(absl::StrCat(":", from[i], "@", from[i] + kRedisBusOffset),
                       absl::StrCat(":", to[i], "@", to[i] + kRedisBusOffset));
  }
  return base::WriteFile(path, absl::StrReplaceAll(*text, moves), 0600);
}

}  // namespace devstack
