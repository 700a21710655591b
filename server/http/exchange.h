#pragma once

#include <cstdint>
#include <string_view>

#include "server/http/request.h"
#include "server/http/response.h"

// Exchange: one request and the duty to answer it. The seam between the session (bytes) and the
// dispatcher (meaning).

namespace server {

class Exchange {
 public:
  virtual const Request& request() const = 0;
  // Monotonic nanoseconds (base::Clock) at which the first bytes of the request were readable.
  virtual int64_t started() const = 0;
  // Answers. Exactly once, on the loop's thread; request() is invalid afterwards. `request_id` must
  // be safe to send.
  virtual void Finish(const Response& response, std::string_view request_id) = 0;

 protected:
  ~Exchange() = default;
};

// Who answers requests. One per worker.
class RequestSink {
 public:
  virtual ~RequestSink() = default;
  // May finish the exchange at once or later.
  virtual void Handle(Exchange& exchange) = 0;
  // The session itself answered `status` (400, 408, 413, 431, 503): nothing parsed to show.
  virtual void OnProtocolError(int status) = 0;
};

}  // namespace server
