#pragma once

#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <utility>

// PlainStream: a non-blocking TCP socket as Connection uses it. A TLS stream has the same members.
//
// Read and Write return bytes, 0 at the peer's end (Read), or -1 with errno (EAGAIN: not now).

namespace server {

class PlainStream {
 public:
  explicit PlainStream(int fd) : fd_(fd) {}
  PlainStream(PlainStream&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  PlainStream& operator=(PlainStream&&) = delete;
  ~PlainStream() {
    if (fd_ >= 0) close(fd_);
  }

  int fd() const { return fd_; }
  ssize_t Read(char* data, size_t size) { return recv(fd_, data, size, 0); }
  ssize_t Write(const char* data, size_t size) { return send(fd_, data, size, MSG_NOSIGNAL); }
  // No more will be written; the peer sees the end after what was written.
  void ShutDownWriting() { shutdown(fd_, SHUT_WR); }

 private:
  int fd_;
};

}  // namespace server
