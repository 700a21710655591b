#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Where the load goes and from which addresses.
namespace loadgen {

struct Target {
  std::string url;          // as given
  std::string host;         // as given, without port
  std::string host_header;  // host[:port]
  std::string path;         // "/" when the URL has none; with query
  sockaddr_in address = {};
};

// http://HOST[:PORT][/PATH]. HOST is an IPv4 address or a name that resolves to one. https and
// other schemes are refused with a line that says so.
absl::StatusOr<Target> ParseTarget(std::string_view url);

// The same of one or more, separated by commas; at most 64.
absl::StatusOr<std::vector<Target>> ParseTargets(std::string_view urls);

// A load generator pointed at somebody else's machine is an attack: only loopback addresses are
// served unless `allowed` (comma-separated host names or addresses) names the URL's host.
absl::Status CheckTargetAllowed(const Target& target, std::string_view allowed);

// "127.0.0.1-127.0.0.16", "127.0.0.1" or a comma-separated list of such; empty: no binding, the
// system chooses. One source address has about 28,000 (default) to 64,000 ports to one target, so a
// million connections need some twenty.
absl::StatusOr<std::vector<in_addr>> ParseSourceAddresses(std::string_view text);

// Starts a non-blocking connection (TCP_NODELAY; bound to `source` when given, without reserving a
// port early). Returns the descriptor or a negative errno value; -EINPROGRESS is not an error here.
int OpenConnection(const Target& target, const in_addr* source);

// Opens and closes one connection, waiting at most two seconds: the early, clear error for a server
// that is not there.
absl::Status ProbeTarget(const Target& target);

}  // namespace loadgen
