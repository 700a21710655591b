#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

// A blocking GET for tools and tests that look at a server of ours (metrics, readiness). Not a
// general HTTP client: no TLS, no redirects, no chunked bodies, answers up to 16 MiB.

namespace base {

struct HttpAnswer {
  int status = 0;
  std::string body;
};

// Asks host:port (numeric host) with HTTP/1.0 and Connection: close. Unavailable when nothing
// listens or the answer breaks off, DeadlineExceeded after `timeout`; messages name host and port.
absl::StatusOr<HttpAnswer> HttpGet(const std::string& host, uint16_t port, std::string_view path,
                                   absl::Duration timeout);

}  // namespace base
