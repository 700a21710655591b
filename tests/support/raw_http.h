#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

// Bytes to a server and back, for requests that no decent client would make.

namespace tests {

// A connected socket to 127.0.0.1; closed with the object.
class RawConnection {
 public:
  explicit RawConnection(uint16_t port);
  ~RawConnection();
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  // False when the peer has gone.
  bool Send(const std::string& bytes);
  // What arrives until one whole answer (header and Content-Length bytes) is there, the peer closes
  // or `timeout` is over.
  std::string ReadAnswer(absl::Duration timeout = absl::Seconds(10));

 private:
  int fd_;
};

// The status of a raw answer; 0 when it is none.
int StatusOf(const std::string& answer);

// One answer on a connection of its own.
std::string RawExchange(uint16_t port, const std::string& bytes);

}  // namespace tests
