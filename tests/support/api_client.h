#pragma once

#include <boost/asio.hpp>
#include <boost/json.hpp>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

// A blocking keep-alive client of the API for tests: real sockets, one request at a time, every
// wait bounded. Reconnects on the next request after a connection broke.

namespace tests {

struct ApiAnswer {
  int status = 0;
  std::string headers;  // raw, with the status line
  std::string body;
  boost::json::value json;  // null when the body is not JSON
};

class ApiClient {
 public:
  explicit ApiClient(uint16_t port, absl::Duration timeout = absl::Seconds(10))
      : port_(port), timeout_(timeout) {}

  void SetToken(std::string token) { token_ = std::move(token); }

  // Unavailable when the connection breaks before the whole answer is there: whether the server did
  // the work is then unknown.
  absl::StatusOr<ApiAnswer> Send(const std::string& method, const std::string& path,
                                 const std::string& json_body = "",
                                 const std::string& extra_headers = "");
  absl::StatusOr<ApiAnswer> Get(const std::string& path) { return Send("GET", path); }
  absl::StatusOr<ApiAnswer> Post(const std::string& path, const boost::json::value& body) {
    return Send("POST", path, boost::json::serialize(body));
  }

 private:
  boost::system::error_code Run();
  boost::system::error_code Connect();
  absl::StatusOr<ApiAnswer> Exchange(const std::string& request);

  const uint16_t port_;
  const absl::Duration timeout_;
  std::string token_;
  boost::asio::io_context loop_;
  boost::asio::ip::tcp::socket socket_{loop_};
  boost::asio::streambuf buffer_;
  boost::system::error_code result_;
  bool done_ = false;
};

}  // namespace tests
